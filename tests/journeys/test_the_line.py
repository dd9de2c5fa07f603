"""The whole line in a real browser: ordered, paid, picked, packed, shipped, invoiced, returned, refunded."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from billing.models import Invoice, Refund
from core import outbox
from core.actors import SYSTEM
from customers import services as customers
from fulfillment.models import FulfillmentOrder, Shipment
from inventory.models import StockItem
from orders.models import Order
from pricing import services as pricing
from pricing.models import Channel
from returns.models import ReturnRequest
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop

PASSWORD = "a-long-secret"
ADDRESS = {
    "Name": "Lena Fischer",
    "Street and number": "Hafenstraße 3",
    "Postcode (optional)": "20457",
    "City": "Hamburg",
}


def sign_in(page: Any, name: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail address or user name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).first.click()
    page.wait_for_url(re.compile("/orders/$|/desk/first-start/$"))


def take(page: Any, thing: Any, step: str, **said: str) -> None:
    """Take a step of a thing in the back office: its page, what will happen beside it, yes."""
    at = f"/admin/{thing._meta.app_label}/{thing._meta.model_name}/{thing.pk}/change/"
    page.goto(at)
    page.get_by_role("main").get_by_role("link", name=step, exact=True).first.click()
    asked = page.locator(".confirm")
    asked.wait_for()
    for label, value in said.items():
        page.get_by_label(label).fill(value)
    asked.get_by_role("button", name=step, exact=True).click()
    page.locator("#said:not(:empty), .messages").first.wait_for()
    outbox.drain()


def order_two_mugs(page: Any) -> Order:
    """Order two red mugs, paid in advance."""
    page.goto("/shop/")
    page.get_by_label("Pieces of Red mug").fill("2")
    page.get_by_role("button", name="Put into the cart").click()
    page.get_by_role("link", name="To the cart").click()
    page.get_by_role("button", name="Check out").click()
    for label, value in ADDRESS.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Place order with obligation to pay").click()
    page.get_by_text("Thank you for your order.").wait_for()
    expect(page.get_by_text("How to pay")).to_be_visible()
    outbox.drain()
    return Order.objects.get()


@pytest.fixture
def _world(transactional_db: None, django_user_model: Any) -> None:
    make_shop()
    make_seller()
    Channel.objects.filter(code="portal").update(auto_release=False)
    pricing.forget()
    django_user_model.objects.create_superuser("maya", "maya@example.com", PASSWORD)
    lena = customers.find_or_create(email="lena@example.com", name="Lena Fischer", actor=SYSTEM)
    lena.user = django_user_model.objects.create_user("lena", "lena@example.com", PASSWORD)
    lena.save(update_fields=["user"])


@pytest.mark.usefixtures("_world")
def test_an_order_goes_down_the_whole_line_and_half_of_it_comes_back(open_browser):
    lena, maya = open_browser(locale="en-GB"), open_browser(locale="en-GB")
    sign_in(lena, "lena@example.com")
    sign_in(maya, "maya")

    order = order_two_mugs(lena)
    assert order.status == "verified"

    take(maya, order, "Record a payment")
    assert Order.objects.get().status == "confirmed"

    work = FulfillmentOrder.objects.get()
    for step in ("Release", "Start picking", "Finish picking", "Pack", "Ship"):
        take(maya, work, step)
    parcel = Shipment.objects.get()
    lena.goto(f"/orders/{order.number}/")
    expect(lena.get_by_text(parcel.tracking_number)).to_be_visible()

    take(maya, parcel, "Delivered")
    assert Order.objects.get().status == "completed"
    invoice = Invoice.objects.get()
    maya.goto(f"/admin/billing/invoice/{invoice.pk}/change/")
    expect(maya.get_by_text(invoice.number).first).to_be_visible()
    for page, path in (
        (maya, f"/admin/billing/invoice/{invoice.pk}/pdf/"),
        (lena, f"/orders/{order.number}/documents/{invoice.number}/"),
    ):
        assert page.request.get(path).body().startswith(b"%PDF-")

    lena.goto(f"/orders/{order.number}/")
    lena.get_by_role("link", name="Return something").click()
    lena.get_by_label("Red mug").fill("1")
    lena.get_by_label("Why?").select_option(label="I changed my mind")
    lena.get_by_role("button", name="Register the return").click()
    lena.get_by_text("is registered").wait_for()
    outbox.drain()

    wanted = ReturnRequest.objects.get()
    for step in ("Authorize", "Receive", "Inspect", "Settle"):
        take(maya, wanted, step)

    assert {
        "order": Order.objects.get().status,
        "work": FulfillmentOrder.objects.get().status,
        "parcel": Shipment.objects.get().status,
        "invoice": Invoice.objects.get().status,
        "return": ReturnRequest.objects.get().status,
        "refund": Refund.objects.get().status,
    } == {
        "order": "completed",
        "work": "shipped",
        "parcel": "delivered",
        "invoice": "paid",
        "return": "closed",
        "refund": "succeeded",
    }
    assert Refund.objects.get().amount == ReturnRequest.objects.get().refund_total
    assert StockItem.objects.get(product__sku="MUG-RED", warehouse__code="HAM").on_hand == 99
    lena.goto(f"/orders/{order.number}/")
    expect(lena.get_by_text("Refunded")).to_be_visible()
    expect(lena.get_by_role("cell", name="1 returned", exact=True)).to_be_visible()
