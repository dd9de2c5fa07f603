"""Two orders that look alike: decided from the order held, by mouse and by keyboard alone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from core.actors import SYSTEM
from core.models import User
from orders import services as orders
from orders.models import Order
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop
from tests.scenarios import placed_order


@pytest.fixture
def window(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return the page of an order that is held because it looks like another."""
    make_shop()
    make_seller()
    maya = User.objects.create_superuser("maya", password="x", first_name="Maya")
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    placed_order(payment_terms="net14")
    page.twin = placed_order(payment_terms="net14")
    orders.recheck_order(page.twin.pk, actor=SYSTEM)
    page.goto(f"/admin/orders/order/{page.twin.pk}/change/")
    return page


def status_of(order: Order) -> tuple[str, int]:
    return Order.objects.values_list("status", "active_holds").get(pk=order.pk)


def test_two_clicks_and_the_order_that_was_meant_goes_on(window):
    window.locator(".in-the-way").get_by_role("link", name="Compare them side by side").click()
    expect(window.get_by_role("heading", name="Are they the same?")).to_be_visible()
    window.get_by_role("button", name="Different: keep both").click()
    expect(window.get_by_text("are both meant")).to_be_visible()

    assert status_of(window.twin) == ("confirmed", 0)


def test_by_keyboard_alone_the_second_one_is_cancelled(window):
    window.locator(".in-the-way").get_by_role("link", name="Compare them side by side").focus()
    window.keyboard.press("Enter")
    expect(window.get_by_role("heading", name="Are they the same?")).to_be_visible()
    cancel = window.get_by_role("button", name=f"Same: cancel {window.twin.number}")
    for _press in range(60):
        window.keyboard.press("Tab")
        if cancel.evaluate("button => button === document.activeElement"):
            break
    window.keyboard.press("Enter")
    expect(window.get_by_text(f"{window.twin.number} is cancelled")).to_be_visible()

    assert status_of(window.twin) == ("cancelled", 0)
