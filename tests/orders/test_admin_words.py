"""What the back office says about an order: no codes, and everything in the language of its reader."""

import pytest
from django.urls import reverse

from core.actors import SYSTEM
from core.models import User
from customers.addresses import PostalAddress
from orders import services
from orders.models import Hold, OrderException
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
