"""What the back office says about an order: no codes, and everything in the language of its reader."""

from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from core.actors import SYSTEM
from core.models import User
from customers.addresses import PostalAddress
from orders import services
from orders.models import Hold, OrderException
from orders.sentences import CHECK_FAILED
from tests.scenarios import anew, placed_order

pytestmark = pytest.mark.django_db
BERLIN = PostalAddress(name="Lena Fischer", line1="Am Markt 1", city="Berlin", postal_code="1", country="DE")


@pytest.fixture
def german(staff):
    User.objects.update(language="de")
    return staff


def page(client, obj):
    url = reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
    return client.get(url).content.decode()


def late(order):
    return services.open_exception(
        category="late",
        title="2 × MUG-RED missing, promised for 2026-11-02",
        dedupe_key="late",
        order_id=order.pk,
        actor=SYSTEM,
    )


def test_the_address_names_the_country(shop, staff, german):
    order = placed_order(shipping_address=BERLIN)

    assert "1 Berlin<br>Deutschland<br>" in page(german, order)
    User.objects.update(language="en")
    assert "1 Berlin<br>Germany<br>" in page(staff, order)


def test_a_failed_check_is_told_in_the_language_of_the_reader(shop, german):
    order = placed_order(shipping_address=BERLIN)
    said = "Die Postleitzahl 1 passt nicht zum Land (Deutschland)"

    shown = page(german, order)
    assert shown.count(said) >= 3, "headline, hold and check"
    assert "does not fit" not in shown
    assert said in page(german, Hold.objects.get())
    assert said in german.get(reverse("admin:orders_hold_changelist")).content.decode()
    assert said in german.get(reverse("admin:orders_order_do", args=[order.pk, "waive"])).content.decode()
    assert anew(order).hold_reason == "Postcode 1 does not fit Germany"


def test_an_exception_is_told_with_a_day_as_people_write_it(shop, staff):
    found = late(placed_order())
    said = "2 × MUG-RED missing, promised for 2 November 2026"

    assert f"<h1>{said}</h1>" in page(staff, found)
    assert said in page(staff, found.order)
    assert said in staff.get(reverse("admin:orders_orderexception_changelist")).content.decode()


def test_kinds_of_exceptions_have_names_in_list_and_filter(shop, german):
    late(placed_order())
    listed = reverse("admin:orders_orderexception_changelist")

    everything = german.get(listed)
    assert "Verspätet" in everything.content.decode()
    assert "Paket verloren" in everything.content.decode()
    assert german.get(listed, {"category": "late"}).context_data["cl"].result_count == 1
    assert german.get(listed, {"category": "mail"}).context_data["cl"].result_count == 0


def test_an_unknown_kind_is_shown_as_words(shop, staff):
    found = late(placed_order())
    OrderException.objects.filter(pk=found.pk).update(category="of_tomorrow")

    assert "Of tomorrow" in page(staff, found)


def test_what_went_wrong_and_why_an_order_is_held_are_german_on_every_page_about_them(shop, german):
    order = placed_order(payment_terms="prepaid", expected_total=Decimal("1.00"))
    hold = Hold.objects.get(order=order)
    found = services.open_exception(
        category="check", title=CHECK_FAILED(order=order, reason=hold.reason), dedupe_key="c", order_id=order.pk
    )
    said = "Der Absender erwartet 1,00\xa0€, wir kommen auf "
    pages = {
        "list of holds": reverse("admin:orders_hold_changelist"),
        "history of a hold": reverse("admin:orders_hold_history", args=[hold.pk]),
        "step of a hold": reverse("admin:orders_hold_do", args=[hold.pk, "lift"]),
        "step of the order": reverse("admin:orders_order_do", args=[order.pk, "release-hold"]),
        "list of exceptions": reverse("admin:orders_orderexception_changelist"),
        "history of an exception": reverse("admin:orders_orderexception_history", args=[found.pk]),
        "step of an exception": reverse("admin:orders_orderexception_do", args=[found.pk, "close"]),
    }

    shown = {name: unescape(german.get(url).content.decode()) for name, url in pages.items()}

    assert [name for name, text in shown.items() if said not in text] == []
    assert [name for name, text in shown.items() if "sender expects" in text or "is stopped" in text] == []


def test_a_step_that_was_taken_is_answered_in_german(shop, german):
    order = placed_order(payment_terms="prepaid", expected_total=Decimal("1.00"))
    hold = Hold.objects.get(order=order)

    done = german.post(reverse("admin:orders_hold_do", args=[hold.pk, "lift"]), {"note": "so agreed"}, follow=True)

    assert [str(one) for one in done.context["messages"]] == [
        "Der Absender erwartet 1,00\xa0€, wir kommen auf 22,06\xa0€: Sperre aufheben – erledigt"
    ]
