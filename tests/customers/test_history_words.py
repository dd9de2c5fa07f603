"""What changed about a customer, in the words of the reader."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from core.actors import SYSTEM
from core.admin.history import changes_of
from core.models import EventRecord, User
from customers import services as customers
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
