"""The script of the demo, where no other journey walks it: a delivery fills who waits, a slow step is replayed.

The late order is mended in test_today.py, the order by phone and the credit note are in test_the_money.py, the
counter in test_walk_in.py, the same call twice in tests/demo/test_the_call.py.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from core import outbox
from core.actors import SYSTEM
from core.models import User
from fulfillment import services as fulfillment
from inventory import services as inventory
from inventory.models import Product, StockItem, Warehouse
from orders.models import RoutingReplay
from reports import pace
from tests.factories.shop import make_shop
from tests.orders.rulesets import draft, rule
from tests.scenarios import anew, confirmed_order


@pytest.fixture
def window(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a maker of windows in which somebody is signed in who may do everything."""
    make_shop()
    ada = User.objects.create_superuser("ada", "ada@example.com", "secret")
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")

    def open_window() -> Any:
        page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return open_window


def test_a_delivery_fills_who_waits_before_the_eyes_of_the_desk(window):
    mug = Product.objects.get(sku="MUG-RED")
    Product.objects.filter(pk=mug.pk).update(backorder=True)
    StockItem.objects.filter(product=mug, warehouse__code="HAM").update(bin="B-01")
    ham = Warehouse.objects.get(code="HAM")
    for shelf in StockItem.objects.filter(product=mug):
        inventory.adjust_stock(stock_item_id=shelf.pk, change=-shelf.on_hand, reason="Sold out", actor=SYSTEM)
    inventory.expect_receipt(
        product_id=mug.pk,
        warehouse_id=ham.pk,
        quantity=6,
        expected_on=date.today() + timedelta(days=2),  # noqa: DTZ011 - any day to come
        reference="PO-2041",
        actor=SYSTEM,
    )
    first = confirmed_order({"MUG-RED": 4}, email="first@example.com", customer_name="First")
    second = confirmed_order({"MUG-RED": 4}, email="second@example.com", customer_name="Second")
    outbox.drain()
    maya, tom = window(), window()
    maya.goto(f"/admin/orders/order/{first.pk}/change/")
    expect(maya.get_by_text("Waiting for stock").first).to_be_visible()

    tom.goto("/admin/goods-in/")
    expect(tom.locator("#scan:focus")).to_be_visible()
    tom.keyboard.type("PO-2041")
    tom.keyboard.press("Enter")
    tom.wait_for_url("**paper=PO-2041**")
    expect(tom.locator("#scan:focus")).to_be_visible()
    tom.keyboard.type("6*MUG-RED")
    tom.keyboard.press("Enter")
    tom.get_by_role("button", name="Book goods in").click()
    expect(tom.get_by_text("6 units are on the shelf")).to_be_visible()
    outbox.drain()

    expect(maya.get_by_text("Waiting for stock")).to_have_count(0)
    waits = {one.customer_name: sum(one.lines.values_list("backordered", flat=True)) for one in (first, second)}
    assert waits == {"First": 0, "Second": 2}
    assert anew(second).allocation_status != anew(first).allocation_status


def test_the_slow_step_is_opened_and_the_rules_that_may_help_are_replayed(window, monkeypatch):
    monkeypatch.setattr(pace, "FEWEST", 1)
    for number, (days, hours) in enumerate(((40, 2), (5, 19))):
        left = timezone.now() - timedelta(days=days)
        picked = left - timedelta(hours=hours)
        order = confirmed_order(
            {"MUG-RED": 1}, email=f"buyer-{number}@example.com", placed_at=picked - timedelta(hours=1), historic=True
        )
        stations = fulfillment.Stations(released=picked, picked=picked, packed=left)
        fulfillment.fulfil_through(order.pk, shipped_at=left, delivered_at=left, stations=stations, actor=SYSTEM)
    rules = draft(rule("prefer", "MUC"), name="The south from Munich")
    cache.clear()
    ada = window()
    ada.goto("/reports/pace/")

    ada.get_by_role("link", name="Picked → Packed: 19 h, 9.5 times as long").press("Enter")
    expect(ada.get_by_role("heading", name="What might help")).to_be_visible()
    ada.get_by_role("link", name="Replay the past by it").press("Enter")
    ada.get_by_role("button", name="Replay").press("Enter")
    expect(ada.get_by_text("The past is being replayed")).to_be_visible()
    outbox.drain()

    run = RoutingReplay.objects.get()
    assert (run.rule_set_id, run.status, run.result["orders"]) == (rules.pk, "succeeded", 2)
    ada.reload()
    expect(ada.locator("main")).to_contain_text("2 orders")
