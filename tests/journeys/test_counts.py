"""Somebody walks along a corridor and counts, by scanner alone; the books stay hidden until a figure stands."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from core.actors import SYSTEM
from core.models import User
from inventory import services as inventory
from inventory.models import StockCountLine, StockItem, Warehouse
from tests.factories.shop import make_shop
from tests.journeys.test_goods_in import scan
from tests.journeys.test_open_to_all import INSPECT


@pytest.fixture
def corridor(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return the phone of Tom before a sheet of two shelves: mugs in A-01, tea in A-02, 100 of each."""
    make_shop()
    tom = User.objects.create_user("tom", password="x", first_name="Tom", is_staff=True)
    may = ["view_stockcount", "change_stockcount", "view_product"]
    tom.user_permissions.set(Permission.objects.filter(codename__in=may))
    ham = Warehouse.objects.get(code="HAM")
    for sku, code in (("MUG-RED", "A-01"), ("TEA-1", "A-02")):
        StockItem.objects.filter(product__sku=sku, warehouse=ham).update(bin=code)
    shelves = inventory.Shelves(first_bin="A-01", last_bin="A-99")
    inventory.start_count(warehouse_id=ham.pk, shelves=shelves, actor=SYSTEM)
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 390, "height": 844})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto("/admin/counts/CC-000001/")
    return page


def test_a_corridor_is_counted_blind_and_by_scanner_alone(corridor):
    assert "100" not in corridor.locator("#scanning").inner_text()

    corridor.locator("#scan:focus").wait_for()
    scan(corridor, "A-01")
    corridor.get_by_text("how many lie there?").wait_for()
    scan(corridor, "98")
    corridor.get_by_text("−2", exact=True).wait_for()
    scan(corridor, "tea-1")
    # As long as somebody counts piece by piece, nothing tells where to stop.
    corridor.get_by_text("kept", exact=True).wait_for()
    assert "−99" not in corridor.locator("#scanning").inner_text()
    scan(corridor, "CUP-9")
    corridor.get_by_text("CUP-9 is not on this sheet").wait_for()
    scan(corridor, "100")
    corridor.get_by_text("as in the books").wait_for()
    corridor.get_by_text("Shelves left: 0").wait_for()
    assert corridor.evaluate(INSPECT) == []

    corridor.keyboard.press("Enter")
    corridor.locator("#scan-book:focus").wait_for()
    corridor.keyboard.press("Enter")
    corridor.get_by_text("The figures are kept.").wait_for()
    corridor.wait_for_load_state()
    found = StockCountLine.objects.order_by("stock_item__bin").values_list("counted", "book")
    assert list(found) == [(98, 100), (100, 100)]
    assert corridor.evaluate(INSPECT) == []
