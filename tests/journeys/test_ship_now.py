"""Mark paid and ship with tracking: three clicks and one number, on the page of the order; and by keyboard alone."""

from decimal import Decimal
from typing import Any

import pytest

from billing.models import Payment
from core import roles
from core.models import User
from fulfillment.models import Shipment
from orders.models import Order
from pricing import services as pricing
from pricing.models import ShippingMethod
from tests.factories.shop import make_shop
from tests.scenarios import placed_order

NUMBER = "JD014600003889"


@pytest.fixture
def desk(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window on an order that waits for its money, whose parcel goes to the post office."""
    make_shop()
    ShippingMethod.objects.filter(code="standard").update(carrier="manual")
    pricing.forget()
    order = placed_order()
    ada = User.objects.create_user("ada", password="x", first_name="Ada", is_staff=True)
    ada.groups.add(roles.group_of("manager"))
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.clicks, page.pages = 0, []
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    page.on("framenavigated", lambda frame: page.pages.append(frame.url))
    return page


def click(page: Any, target: Any) -> None:
    target.click()
    page.clicks += 1


def is_done(page: Any) -> None:
    page.get_by_text("1 parcel left. €22.06 recorded.").wait_for()
    order, payment, parcel = Order.objects.get(), Payment.objects.get(), Shipment.objects.get()
    assert (order.status, order.balance_due) == ("fulfilled", Decimal(0))
    assert (payment.amount, payment.method) == (Decimal("22.06"), "bank_transfer")
    assert (parcel.tracking_number, parcel.status) == (NUMBER, "in_transit")


def test_paid_and_shipped_in_three_clicks_and_one_number(desk):
    panel = desk.locator("#ship")
    assert panel.get_by_label("Amount in EUR").input_value() == "22.06"

    click(desk, panel.get_by_label("Tracking number"))
    desk.keyboard.type(NUMBER)
    click(desk, panel.get_by_label("Money came in"))
    click(desk, panel.get_by_role("button", name="Ship now"))

    is_done(desk)
    assert desk.clicks == 3
    assert len(desk.pages) == 1


def test_by_keyboard_alone(desk):
    desk.keyboard.press("t")
    desk.locator("#ship").get_by_label("Tracking number").and_(desk.locator(":focus")).wait_for()

    desk.keyboard.type(NUMBER)
    desk.keyboard.press("Tab")
    desk.keyboard.press("Space")
    desk.keyboard.press("Enter")

    is_done(desk)
    assert desk.clicks == 0


def test_what_is_typed_stays_when_something_else_is_done_on_the_page(desk):
    panel = desk.locator("#ship")
    panel.get_by_label("Tracking number").fill(NUMBER)
    panel.get_by_label("Money came in").check()

    desk.keyboard.press("Escape")
    desk.get_by_label("Comment", exact=True).fill("The driver is late")
    desk.get_by_label("Comment", exact=True).press("Control+Enter")
    desk.locator(".timeline").get_by_text("The driver is late").wait_for()

    assert panel.get_by_label("Tracking number").input_value() == NUMBER
    assert panel.get_by_label("Money came in").is_checked()
    assert desk.get_by_label("Comment", exact=True).input_value() == ""
