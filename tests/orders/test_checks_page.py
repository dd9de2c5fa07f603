"""The checks on the page of an order, on the page of a channel, and what each is worth."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from customers.addresses import PostalAddress
from orders.models import Order
from tests.scenarios import ADA, anew, placed_order

pytestmark = pytest.mark.django_db
WRONG = PostalAddress(**{**ADA.as_dict(), "postal_code": "1"})


def page_of(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def step(order: Order, name: str) -> str:
    return reverse("admin:orders_order_do", args=[order.pk, name])


def test_a_check_is_waived_beside_its_reason_and_the_rest_is_looked_at_again(shop, staff):
    order = placed_order(shipping_address=WRONG, email="ada@gmial.com")
    shown = staff.get(page_of(order)).content.decode()
    assert "Postcode 1 does not fit Germany" in shown
    assert "ada@gmial.com looks misspelled" in shown
    assert step(order, "waive") in shown

    said = {"name": "address", "reason": "a locker", "next": f"{page_of(order)}#checks"}
    answer = staff.post(step(order, "waive"), said)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{page_of(order)}#checks")
    shown = staff.get(page_of(order)).content.decode()
    assert "<q>a locker</q>" in shown
    assert step(order, "waive") not in shown

    Order.objects.filter(pk=order.pk).update(email="ada@gmail.com")
    staff.post(step(order, "check-again"), {"next": page_of(order)})
    results = {check["name"]: check["result"] for check in anew(order).checks}
    assert (results["address"], results["contact"]) == ("waived", "pass")


def test_waiving_needs_a_reason(shop, staff):
    order = placed_order(shipping_address=WRONG)
    answer = staff.post(step(order, "waive"), {"name": "address", "reason": ""})
    assert (answer.status_code, anew(order).active_holds) == (200, 1)


def test_who_may_not_waive_is_not_offered_it(shop, client, django_user_model):
    tom = django_user_model.objects.create_user("tom", password="secret", is_staff=True)
    tom.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    order = placed_order(shipping_address=WRONG)

    shown = client.get(page_of(order)).content.decode()
    assert "Postcode 1 does not fit Germany" in shown
    assert step(order, "waive") not in shown
    assert step(order, "check-again") not in shown
    assert client.post(step(order, "waive"), {"name": "address", "reason": "x"}).status_code == 403
    assert client.post(step(order, "check-again")).status_code == 403


def test_the_api_checks_again_and_tells_what_was_measured(shop, api):
    order = placed_order(shipping_address=WRONG, discounts=())
    Order.objects.filter(pk=order.pk).update(shipping_address=ADA.as_dict())

    answer = api.post(f"/api/v1/orders/{order.number}/check-again/", {}, format="json", HTTP_IDEMPOTENCY_KEY="k")

    told = {check["name"]: check for check in answer.json()["checks"]}
    assert (answer.status_code, told["address"]["result"], told["quantity"]["limit"]) == (200, "pass", "1000")


def test_what_was_typed_is_shown_as_it_was_typed(shop, staff):
    order = placed_order(email="", phone="1 ABC")
    bare = placed_order(email="", phone="000123", external_reference="B-1")

    assert 'num">1 ABC<' in staff.get(page_of(order)).content.decode()
    assert 'num">000123<' in staff.get(page_of(bare)).content.decode()
