"""What changed about an order, in the language and the locale of who reads its history."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from core.actors import SYSTEM
from core.admin.differences import changes_of
from core.models import EventRecord, User
from customers.addresses import PostalAddress
from orders import services
from orders.models import Order, OrderChange
from orders.wishes import LineWish, Wish
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db
WIEN = PostalAddress(name="Ada", line1="2 Side St", city="Wien", postal_code="1010", country="AT")


def edited(order: Order, wish: Wish) -> OrderChange:
    return services.amend_order(order.pk, wish, expected_version=anew(order).version, actor=SYSTEM)


def told(name: str, language: str = "de") -> list[tuple[str, str, str]]:
    with translation.override(language):
        return changes_of(EventRecord.objects.filter(name=name).latest("pk"))


def test_amounts_of_an_edit_are_money_and_its_lines_are_told_in_words(shop):
    edited(confirmed_order(), Wish(lines=(LineWish(position=1, quantity=5),)))

    assert told("orders.amended") == [
        ("1 MUG-RED", "2 × MUG-RED zu je 5,00\xa0€", "5 × MUG-RED zu je 5,00\xa0€"),
        ("Offener Betrag", "22,06\xa0€", "39,99\xa0€"),
        ("Ware", "14,20\xa0€", "29,20\xa0€"),
        ("Steuer", "2,96\xa0€", "5,89\xa0€"),
        ("Gesamt", "22,06\xa0€", "39,99\xa0€"),
    ]
    assert told("orders.amended", "en")[0] == ("1 MUG-RED", "2 × MUG-RED @ €5.00", "5 × MUG-RED @ €5.00")


def test_a_changed_address_is_told_by_the_parts_that_changed(shop):
    order = confirmed_order()
    edited(order, Wish(shipping_address=WIEN))
    edited(order, Wish(shipping_address=PostalAddress(**{**WIEN.as_dict(), "line1": "3 Side St", "country": "DE"})))

    assert [one for one in told("orders.amended") if "Lieferanschrift" in one[0]] == [
        ("Lieferanschrift · Straße und Hausnummer", "2 Side St", "3 Side St"),
        ("Lieferanschrift · Land", "Österreich", "Deutschland"),
    ]


def test_days_and_what_is_no_column_have_their_names(shop):
    order = confirmed_order()
    services.update_preferences(order.pk, {"requested_delivery_on": date(2030, 3, 1)}, actor=SYSTEM)
    services.set_follow_up(order.pk, on=date(2030, 2, 1), note="Ask her", actor=SYSTEM)

    assert told("orders.preferences_changed") == [("Gewünscht am", "", "1. März 2030")]
    assert told("orders.follow_up_set") == [
        ("Wiedervorlage", "", "1. Februar 2030"),
        ("Notiz", "", "Ask her"),
    ]


def test_another_way_of_delivery_goes_by_its_name(shop, staff):
    order = confirmed_order()
    change = edited(order, Wish(shipping_method="express"))

    assert ("Versandart", "Standardversand", "Expressversand") in told("orders.amended")
    User.objects.update(language="de")
    page = staff.get(reverse("admin:orders_orderchange_change", args=[change.pk])).content.decode()
    assert page.count("Expressversand") == 2  # what it changes, and the history


def test_what_a_type_of_hold_stops_is_told_in_words_now_and_as_it_was_kept_before(shop):
    values = {"code": "recall", "name": "Recall", "blocks": ["confirm", "release"]}
    services.create_hold_type(values, actor=SYSTEM)
    long_ago = EventRecord(subject_type="orders.holdtype", payload={"after": {"blocks": "confirm, release"}})

    with translation.override("de"):
        before = changes_of(long_ago)

    assert before == [("Hält an", "", "Bestätigung, Freigabe an das Lager")]
    assert before[0] in told("orders.holdtype.created")


def said(before: dict[str, Any], after: dict[str, Any], **more: str) -> list[tuple[str, str, str]]:
    record = EventRecord(subject_type="orders.order", payload={"before": before, "after": after, **more})
    with translation.override("de"):
        return changes_of(record)


def test_what_was_noted_without_its_currency_is_told_as_a_figure():
    assert said({"total": "1297.860"}, {"total": "4.205", "1 MUG": "2 × MUG @ 1250.5"}) == [
        ("1 MUG", "", "2 × MUG zu je 1.250,50"),
        ("Gesamt", "1.297,86", "4,205"),
    ]


def test_a_price_keeps_the_decimals_that_its_currency_has_not():
    assert said({"1 MUG": "2 × MUG @ 0.0125"}, {"1 MUG": ""}, currency="EUR") == [
        ("1 MUG", "2 × MUG zu je 0,0125\xa0€", "")
    ]


@pytest.mark.parametrize("typed", ["2026-11-02", "12.50", "12.50 EUR", "None", "2026-11"])
def test_what_people_typed_is_no_day_and_no_amount_whatever_it_looks_like(typed):
    was = {"purchase_order_number": typed, "billing_address": {"line1": typed, "country": "DE"}}
    now = {"purchase_order_number": "", "billing_address": {"line1": "2 Main St", "country": "DE"}}

    assert said(was, now, currency="EUR") == [
        ("Rechnungsanschrift · Straße und Hausnummer", typed, "2 Main St"),
        ("Bestellnummer des Kunden", typed, ""),
    ]


def test_an_address_that_came_is_read_in_the_order_of_an_address():
    home = {
        "postal_code": "10115",
        "country": "DE",
        "name": "Ada",
        "company": "",
        "city": "Berlin",
        "line1": "1 Main St",
    }

    assert said({"shipping_address": ""}, {"shipping_address": home}) == [
        ("Lieferanschrift", "", "Ada, 1 Main St, 10115, Berlin, Deutschland")
    ]


def test_the_page_of_an_order_and_of_an_edit_tell_it_so_and_ask_no_more(shop, staff, django_assert_num_queries):
    order = confirmed_order()
    change = edited(order, Wish(lines=(LineWish(position=1, quantity=5),), shipping_address=WIEN))
    User.objects.update(language="de")

    of_order = staff.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    of_change = staff.get(reverse("admin:orders_orderchange_change", args=[change.pk])).content.decode()

    for page in (of_order, of_change):
        assert "5 × MUG-RED zu je 5,00\xa0€" in page
        assert "Österreich" in page
    record = EventRecord.objects.get(name="orders.amended")
    with django_assert_num_queries(0):
        changes_of(record)
