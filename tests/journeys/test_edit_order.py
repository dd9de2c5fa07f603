"""An address is corrected before shipping: two clicks and what is changed (U13)."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from core.models import User
from orders.models import Order
from tests.factories.shop import make_shop
from tests.scenarios import anew, confirmed_order


@pytest.fixture
def order(transactional_db: None) -> Order:
    """Return an order that is confirmed."""
    make_shop()
    return confirmed_order()


@pytest.fixture
def desk(order: Order, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window of somebody who may edit orders."""
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    wanted = ["view_order", "operate_order", "change_order"]
    maya.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    return page


def test_an_address_is_corrected_with_two_clicks_and_by_keyboard_alone(desk, order):
    desk.get_by_role("link", name="Edit order").click()
    desk.get_by_label("Street").first.fill("2 Main St")
    desk.get_by_role("button", name="Apply the change").click()

    desk.wait_for_url(f"**/order/{order.pk}/change/")
    assert anew(order).shipping_address["line1"] == "2 Main St"

    desk.get_by_role("link", name="Edit order").focus()
    desk.keyboard.press("Enter")
    quantity = desk.get_by_label("Quantity of Red mug")
    quantity.focus()
    expect(desk.locator("#q-1:focus")).to_be_visible()
    desk.keyboard.press("ControlOrMeta+a")
    desk.keyboard.type("5")
    expect(desk.locator("#edit-preview .grand-total")).to_contain_text("€39.99")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(f"**/order/{order.pk}/change/")
    now = anew(order)
    assert (f"{now.total:.2f}", now.shipping_address["line1"]) == ("39.99", "2 Main St")
