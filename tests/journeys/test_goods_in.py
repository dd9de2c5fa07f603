"""A delivery at the door: scan the paper, scan what is here, book it. On a phone, by scanner alone."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from core.actors import SYSTEM
from core.models import User
from inventory import services as inventory
from inventory.models import ExpectedReceipt, Product, StockItem, Warehouse
from tests.factories.shop import make_shop
from tests.journeys.test_open_to_all import INSPECT

ALARM_WITHIN = 200


@pytest.fixture
def door(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return the phone of somebody who may receive goods; PO-2041 brings mugs and tea to Hamburg."""
    make_shop()
    tom = User.objects.create_user("tom", password="x", first_name="Tom", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["change_expectedreceipt", "view_product"]))
    goods = Product.objects.filter(sku__in=["MUG-RED", "TEA-1"]).order_by("sku")
    units = {one.pk: count for one, count in zip(goods, (6, 5), strict=True)}
    ham = Warehouse.objects.get(code="HAM")
    StockItem.objects.filter(product__sku="MUG-RED").update(bin="A-01")
    inventory.expect_receipts(
        warehouse_id=ham.pk, units=units, expected_on=date(2026, 12, 1), reference="PO-2041", actor=SYSTEM
    )
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 390, "height": 844})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto("/admin/goods-in/")
    return page


def scan(page: Any, code: str) -> None:
    """Do what a scanner does: it types, and ends with Enter. The field has the focus already."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_a_delivery_is_taken_in_by_scanner_and_keyboard_alone(door):
    door.locator("#scan:focus").wait_for()
    scan(door, "po-2041")
    # A field may have the focus before the script of its page listens.
    door.wait_for_url("**paper=PO-2041**")
    door.locator("#scan:focus").wait_for()

    for code in ("MUG-RED", "6", "A-01", "2*TEA-1", "tea-1"):
        scan(door, code)
    assert door.get_by_text("complete").count() == 1
    assert door.get_by_text("2 missing").is_visible()
    assert door.locator("#scan-total").inner_text() == "9 of 11 units are here"
    assert door.evaluate(INSPECT) == []
    door.keyboard.press("Enter")
    # Tea lies nowhere yet: its bin is asked for, then the button has the focus.
    scan(door, "b-07")
    door.locator("#scan-book:focus").wait_for()
    door.keyboard.press("Enter")

    door.get_by_text("9 units are on the shelf").wait_for()
    assert dict(StockItem.objects.filter(warehouse__code="HAM").values_list("product__sku", "bin")) == {
        "MUG-RED": "A-01",
        "TEA-1": "B-07",
    }
    rows = ExpectedReceipt.objects.order_by("product__sku").values_list("product__sku", "received", "closed")
    assert list(rows) == [("MUG-RED", 6, True), ("TEA-1", 3, False)]


def test_a_wrong_item_or_bin_is_an_alarm_at_once(door):
    door.goto("/admin/goods-in/paper/?paper=PO-2041&at=HAM")
    door.locator("#scan:focus").wait_for()
    scan(door, "MUG-RED")
    door.evaluate(
        """() => {
            const [scan, said] = ['scan', 'scan-said'].map((id) => document.getElementById(id));
            window.took = [];
            let asked = 0;
            scan.addEventListener('keydown', (event) => event.key === 'Enter' && (asked = performance.now()), true);
            new MutationObserver(() => said.textContent && window.took.push(performance.now() - asked))
                .observe(said, { childList: true });
        }"""
    )
    for code in ("4711471147114", "CUP-1"):
        scan(door, code)
        door.get_by_text(f"{code} is not on this paper: put it aside").wait_for()
    assert min(door.evaluate("window.took")) <= ALARM_WITHIN
    assert door.locator("#scan:focus").get_attribute("aria-invalid") == "true"

    scan(door, "A-01")
    door.get_by_text("A-01 is the right bin").wait_for()
    StockItem.objects.filter(product__sku="TEA-1").update(bin="B-07")
    door.reload()
    door.locator("#scan:focus").wait_for()
    scan(door, "A-01")
    door.get_by_text("Scan an article first").wait_for()
    scan(door, "TEA-1")
    scan(door, "A-01")
    door.get_by_text("Not A-01: it belongs into B-07").wait_for()


def test_a_bin_that_is_scanned_becomes_the_place_of_what_lies_nowhere_yet(door):
    door.goto("/admin/goods-in/paper/?paper=PO-2041&at=HAM")
    door.locator("#scan:focus").wait_for()
    scan(door, "TEA-1")
    scan(door, "a-01")
    door.get_by_text("lies in A-01 from now on").wait_for()

    door.keyboard.press("Control+Enter")
    door.get_by_text("1 unit is on the shelf").wait_for()
    assert StockItem.objects.get(product__sku="TEA-1", warehouse__code="HAM").bin == "A-01"


def test_two_fast_clicks_are_one_booking(door):
    door.goto("/admin/goods-in/paper/?paper=PO-2041&at=HAM")
    door.locator("#scan:focus").wait_for()
    before = StockItem.objects.get(product__sku="MUG-RED", warehouse__code="HAM").on_hand
    scan(door, "MUG-RED")

    door.get_by_role("button", name="Book goods in").dblclick()

    door.get_by_text("1 unit is on the shelf").wait_for()
    assert StockItem.objects.get(product__sku="MUG-RED", warehouse__code="HAM").on_hand == before + 1
