"""Two people at one order: each sees the other, and what is done within two seconds; nobody wins unseen (U17)."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.servers.basehttp import WSGIRequestHandler
from django.test import Client
from playwright.sync_api import expect

from core import streams
from core.models import User
from orders.models import Order
from tests.factories.shop import make_shop
from tests.scenarios import anew, confirmed_order

SOON = 2.0
# Of each button that is seen, whether a click in its middle meets it.
UNCOVERED = """nodes => nodes.filter(one => one.checkVisibility()).map(one => {
    const {x, y, width, height} = one.getBoundingClientRect();
    return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
})"""


@pytest.fixture
def keeps_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the server of the tests hand connections over, as gunicorn does, and end with nobody listening."""
    environ = WSGIRequestHandler.get_environ

    def get_environ(handler: Any) -> Any:
        return {**environ(handler), "gunicorn.socket": handler.connection}

    one_request = WSGIRequestHandler.handle_one_request

    def handle_one_request(handler: Any) -> None:
        one_request(handler)
        handler.close_connection = handler.close_connection or handler.connection.fileno() == -1

    monkeypatch.setattr(WSGIRequestHandler, "get_environ", get_environ)
    monkeypatch.setattr(WSGIRequestHandler, "handle_one_request", handle_one_request)
    yield
    end = time.monotonic() + 10
    while streams.hub.process and time.monotonic() < end:
        time.sleep(0.05)
    assert not streams.hub.process


@pytest.fixture
def order(transactional_db: None, keeps_connections: None) -> Order:
    """Return an order that is confirmed."""
    make_shop()
    return confirmed_order()


@pytest.fixture
def desk_of(order: Order, open_browser: Any, live_server: Any) -> Any:
    """Return a maker of windows of people who may edit orders."""

    def sit_down(first: str, last: str) -> Any:
        user = User.objects.create_user(first, password="x", first_name=first, last_name=last, is_staff=True)
        wanted = ["view_order", "operate_order", "change_order"]
        user.user_permissions.set(Permission.objects.filter(codename__in=wanted))
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return sit_down


def test_two_people_at_one_order_see_each_other_and_what_is_done(order: Order, desk_of: Any) -> None:
    maya, tom = desk_of("Maya", "Lindner"), desk_of("Tom", "Berg")
    asked: list[str] = []
    maya.on("request", lambda request: "/live/" in request.url and asked.append(request.url))
    maya.goto(f"/admin/orders/order/{order.pk}/change/")
    shelf = maya.context.new_page()
    shelf.goto("/admin/orders/order/")

    tom.goto(f"/admin/orders/order/{order.pk}/change/")
    expect(maya.locator(".onlookers")).to_have_text("TBTom Berg is looking")
    expect(tom.locator(".onlookers")).to_have_text("MLMaya Lindner is looking")
    tom.get_by_role("link", name="Edit order").click()
    expect(maya.locator(".onlookers")).to_have_text("TBTom Berg is editing")

    # What Maya is writing stays, and where she is in it.
    remark = maya.locator("#timeline textarea, textarea").first
    remark.fill("half a sent")
    expect(tom.locator(".onlookers")).to_have_text("MLMaya Lindner is editing")

    tom.get_by_label("Street").first.fill("2 Main St")
    tom.get_by_role("button", name="Apply the change").click()
    tom.wait_for_url(f"**/order/{order.pk}/change/")
    done = time.monotonic()
    maya.locator("main", has_text="2 Main St").wait_for()
    assert time.monotonic() - done < SOON
    assert anew(order).shipping_address["line1"] == "2 Main St"
    assert remark.input_value() == "half a sent"
    assert remark.evaluate("node => node === document.activeElement")
    assert maya.locator(".live-voice").inner_text() == f"Changed just now: {order.number}, Confirmed"
    assert [url for url in asked if "/stream/" not in url] == []

    # The list says so, and shows it when it is asked to.
    button = shelf.get_by_role("button", name="1 changed: show")
    button.wait_for()
    assert shelf.locator("#result_list tr.live-stale").count() == 1
    shelf.locator("input.action-select").first.check()
    assert all(shelf.locator(".actions button").evaluate_all(UNCOVERED))
    shelf.locator("input.action-select").first.uncheck()
    button.click()
    button.wait_for(state="detached")
    expect(shelf.locator("#result_list tr.live-stale")).to_have_count(0)

    # Both edit it (U17): she is told at once, sees both versions, and nothing she typed is lost.
    remark.fill("")
    for page in (maya, tom):
        page.goto(f"/admin/orders/order/{order.pk}/change/")
        page.get_by_role("link", name="Edit order").click()
    expect(maya.locator(".onlookers")).to_have_text("TBTom Berg is editing")
    maya.get_by_label("Street").first.fill("3 Hers St")
    maya.get_by_label("Gift note").fill("For Ada")
    tom.get_by_label("Street").first.fill("4 His St")
    tom.get_by_label("Town").first.fill("Potsdam")
    tom.get_by_role("button", name="Apply the change").click()
    tom.wait_for_url(f"**/order/{order.pk}/change/")
    expect(maya.locator(".live-note")).to_be_visible(timeout=SOON * 1000)
    assert maya.get_by_label("Gift note").input_value() == "For Ada"
    maya.get_by_role("button", name="Apply the change").click()
    both = maya.locator("#overtaken")
    expect(both).to_contain_text("4 His St")
    assert anew(order).shipping_address["line1"] == "4 His St"
    street = both.locator("tbody tr", has_text="3 Hers St").locator("td").all_inner_texts()
    assert street == ["2 Main St", "4 His St", "3 Hers St"]
    assert maya.get_by_label("Street").first.input_value() == "3 Hers St"
    assert maya.get_by_label("Town").first.input_value() == "Potsdam"
    assert maya.get_by_label("Gift note").input_value() == "For Ada"
    maya.get_by_role("button", name="Apply the change").click()
    maya.wait_for_url(f"**/order/{order.pk}/change/")
    now = anew(order)
    assert (now.shipping_address["line1"], now.shipping_address["city"], now.gift_note) == (
        *("3 Hers St", "Potsdam"),
        "For Ada",
    )

    tom.goto("/admin/")
    expect(maya.locator(".onlookers")).to_have_text("")
