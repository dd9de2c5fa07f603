"""Refunds at the desk: all of an order in two clicks (U10), one of five lines, damaged, in five and a reason (U11)."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from billing import services as billing
from billing.models import CreditNote, Invoice, Refund
from core import roles
from core.actors import SYSTEM
from core.models import User
from inventory.models import StockItem
from orders.models import Order
from tests.factories.billing import make_seller, place, ship_all
from tests.factories.shop import make_priced_product, make_shop
from tests.scenarios import run_debts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window on an order of five lines that was delivered and paid."""
    make_shop()
    make_seller()
    for sku in ("POT-1", "CUP-1", "TRAY-1"):
        make_priced_product(sku, "10.00", stock={"HAM": 5}, name=sku.title())
    order = place({"MUG-RED": 2, "TEA-1": 1, "POT-1": 1, "CUP-1": 1, "TRAY-1": 1})
    ship_all(order)
    run_debts()
    total = Order.objects.get(pk=order.pk).total
    billing.record_payment(order.pk, method="cash", amount=total, reference="till", actor=SYSTEM)
    run_debts()
    roles.ensure_roles()
    ada = User.objects.create_user("ada", password="x", first_name="Ada", is_staff=True)
    ada.groups.add(roles.group_of("manager"))
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.clicks = 0
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    return page


def click(page: Any, target: Any) -> None:
    target.click()
    page.clicks += 1


def on_hand(sku: str) -> int:
    return sum(StockItem.objects.filter(product__sku=sku).values_list("on_hand", flat=True))


def test_all_is_refunded_and_put_back_in_two_clicks_and_shown_before(desk):
    order, before = Order.objects.get(), on_hand("POT-1")
    click(desk, desk.locator("#returns").get_by_role("link", name="Take back and refund"))
    drawer = desk.locator("#aside")
    told = drawer.locator(".consequences")
    for said in (
        "2 × Red mug: back to stock",
        "1 × Tray-1",
        "A credit note over",
        "goes back",
        "ada@example.com gets",
    ):
        expect(told).to_contain_text(said)
    expect(told).to_contain_text("€57.87 goes back to the customer.")
    assert not CreditNote.objects.exists()
    click(desk, drawer.get_by_role("button", name="Take back and refund"))
    desk.get_by_text("The goods are taken back").wait_for()
    run_debts()

    assert desk.clicks <= 3
    assert (Refund.objects.get().amount, Refund.objects.get().status) == (order.total, "succeeded")
    assert (Invoice.objects.get().status, on_hand("POT-1")) == ("cancelled", before + 1)


def test_one_of_five_lines_comes_back_damaged_in_five_clicks_and_a_reason(desk):
    before = on_hand("POT-1")
    click(desk, desk.locator("#returns").get_by_role("link", name="Take back and refund"))
    drawer = desk.locator("#aside")
    click(desk, drawer.get_by_role("link", name="Only POT-1"))
    told = drawer.locator(".consequences")
    expect(told).to_contain_text("1 × Pot-1: back to stock")
    expect(told).not_to_contain_text("Red mug")
    drawer.get_by_label("Goods go").select_option("scrap")
    desk.clicks += 1
    drawer.get_by_label("Reason").fill("Arrived damaged")
    click(desk, drawer.get_by_role("button", name="Take back and refund"))
    expect(told).to_contain_text("1 × Pot-1: scrap")
    assert not CreditNote.objects.exists()
    click(desk, drawer.get_by_role("button", name="Take back and refund"))
    desk.get_by_text("The goods are taken back").wait_for()
    run_debts()

    assert desk.clicks <= 5
    note = CreditNote.objects.get()
    assert (note.total, note.reason, [row.sku for row in note.lines.all()]) == (
        Decimal("11.90"),
        "Arrived damaged",
        ["POT-1"],
    )
    assert (Refund.objects.get().amount, on_hand("POT-1")) == (note.total, before)


def test_by_keyboard_alone(desk):
    desk.locator("#returns").get_by_role("link", name="Take back and refund").focus()
    desk.keyboard.press("Enter")
    desk.locator("#aside .consequences").wait_for()
    for _ in range(40):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.matches('#aside button[type=submit].danger')"):
            break
    desk.keyboard.press("Enter")
    desk.get_by_text("The goods are taken back").wait_for()
    run_debts()
    assert Refund.objects.get().amount == Order.objects.get().total
