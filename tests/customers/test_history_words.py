"""What changed about a customer, in the words of the reader."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from core.actors import SYSTEM
from core.admin.differences import changes_of
from core.models import EventRecord, User
from customers import services as customers
from customers.addresses import PostalAddress
from customers.services import CustomerInput

pytestmark = pytest.mark.django_db


def test_the_history_of_a_customer_says_how_they_pay_in_words(shop, staff):
    given = CustomerInput(name="Ada Byron", email="ada@example.com", payment_terms="net14")
    ada = customers.create_customer(given, actor=SYSTEM)
    customers.update_customer(ada.pk, {"payment_terms": "prepaid"}, actor=SYSTEM)
    User.objects.update(language="de")

    shown = staff.get(reverse("admin:customers_customer_change", args=[ada.pk])).content.decode()
    with translation.override("de"):
        said = changes_of(EventRecord.objects.get(name="customers.customer.changed"))

    assert said == [("Zahlungsbedingungen", "auf Rechnung, innerhalb von 14 Tagen", "Vorkasse")]
    assert "net14" not in shown
    assert "prepaid" not in re.sub(r"<[^>]+>", " ", shown)


def test_a_site_is_told_by_the_parts_that_changed_and_called_by_what_stayed():
    ada = customers.create_customer(CustomerInput(name="Ada Byron", email="ada@example.com"), actor=SYSTEM)
    home = PostalAddress(name="Ada", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")
    site = customers.add_address(ada.pk, home, label="Werk", is_bill_to=True, actor=SYSTEM)
    customers.update_address(site.pk, {"line1": "2 Main St", "is_bill_to": False, "country": "AT"}, actor=SYSTEM)
    customers.remove_address(site.pk, actor=SYSTEM)
    records = list(EventRecord.objects.filter(name="customers.customer.changed").order_by("pk"))

    with translation.override("de"):
        said = [changes_of(record) for record in records]

    whole = "Werk, Ada, 1 Main St, 10115, Berlin, Deutschland, Rechnung an, Lieferung an"
    assert said == [
        [("Standort", "", whole)],
        [
            ("Standort (Werk) · Straße und Hausnummer", "1 Main St", "2 Main St"),
            ("Standort (Werk) · Land", "Deutschland", "Österreich"),
            ("Standort (Werk) · Rechnung an", "ja", "nein"),
        ],
        [("Standort", "Werk, Ada, 2 Main St, 10115, Berlin, Österreich, Lieferung an", "")],
    ]


def test_a_contact_is_told_by_the_parts_that_changed():
    ada = customers.create_customer(CustomerInput(name="Ada Byron", email="ada@example.com"), actor=SYSTEM)
    charles = customers.add_contact(ada.pk, name="Charles", role="Buyer", phone="030 1", actor=SYSTEM)
    customers.update_contact(charles.pk, {"phone": "030 2"}, actor=SYSTEM)

    with translation.override("de"):
        said = changes_of(EventRecord.objects.filter(name="customers.customer.changed").latest("pk"))

    assert said == [("Ansprechpartner (Charles) · Telefon", "030 1", "030 2")]


def test_a_limit_is_money_in_the_currency_it_had(django_assert_num_queries):
    given = CustomerInput(name="Ada", email="ada@example.com", currency="EUR", credit_limit=Decimal("1500"))
    ada = customers.create_customer(given, actor=SYSTEM)
    customers.update_customer(ada.pk, {"credit_limit": Decimal("2000.50")}, actor=SYSTEM)
    customers.update_customer(ada.pk, {"credit_limit": Decimal("900"), "currency": "USD"}, actor=SYSTEM)
    records = list(EventRecord.objects.filter(name="customers.customer.changed").order_by("pk"))

    with translation.override("de"), django_assert_num_queries(0):
        said = [changes_of(record) for record in records]

    assert said == [
        [("Kreditlimit", "1.500,00\xa0€", "2.000,50\xa0€")],
        [("Kreditlimit", "2.000,50\xa0€", "900,00\xa0$"), ("Währung", "EUR", "USD")],
    ]


def test_a_history_says_choices_switches_days_and_countries_in_words():
    was = {"kind": "person", "vat_checked_on": "2026-11-02", "address": {"country": "DE"}}
    now = {"kind": "company", "vat_checked_on": "2026-11-03", "address": {"country": "FR"}}
    record = EventRecord(subject_type="customers.customer", payload={"before": was, "after": now})
    of_person = EventRecord(
        subject_type="core.user", payload={"before": {"is_staff": "False"}, "after": {"is_staff": "True"}}
    )

    with translation.override("de"):
        said = [change[1:] for one in (record, of_person) for change in changes_of(one)]

    assert said == [
        ("Deutschland", "Frankreich"),
        ("Person", "Firma"),
        ("2. November 2026", "3. November 2026"),
        ("nein", "ja"),
    ]
