"""Somebody counts while others pick: what is on a trolley is not missing from its bin."""

import pytest

from core import invariants
from core.actors import SYSTEM
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from inventory.models import Product, StockCount, StockCountLine, StockMovement
from inventory.out_of_bins import out_of_bins
from orders import services as orders
from orders.models import Order
from tests.factories.catalog import stock_of
from tests.factories.kits import make_priced_kit
from tests.factories.shop import make_priced_product
from tests.scenarios import confirmed_order, run_debts

pytestmark = pytest.mark.django_db


def test_picked_units_are_out_of_their_bin_until_they_leave_or_are_put_back(shop):
    order = confirmed_order({"MUG-RED": 2})
    run_debts()
    work = FulfillmentOrder.objects.get(order=order)
    mug = Product.objects.get(sku="MUG-RED")

    def away():
        return out_of_bins(work.warehouse_id, [mug.pk]).get(mug.pk, 0)

    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.start_picking(work.pk, actor=SYSTEM)
    assert away() == 0
    fulfillment.pick(work.pk, actor=SYSTEM)
    assert away() == 2
    orders.cancel_order(order.pk, reason="Changed my mind", actor=SYSTEM)
    run_debts()
    assert away() == 2
    fulfillment.complete_put_back(work.pk, actor=SYSTEM)
    assert away() == 0


def test_a_shelf_counted_beside_a_trolley_agrees_with_the_books(shop):
    order = confirmed_order({"MUG-RED": 2})
    run_debts()
    work = FulfillmentOrder.objects.get(order=order)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.start_picking(work.pk, actor=SYSTEM)
    fulfillment.pick(work.pk, actor=SYSTEM)
    mug = Product.objects.get(sku="MUG-RED")
    item = stock_of(mug, work.warehouse.code)

    inventory.take_count(warehouse_id=work.warehouse_id, counted={mug.pk: item.on_hand - 2}, actor=SYSTEM)

    assert StockCountLine.objects.get().difference == 0
    assert stock_of(mug, work.warehouse.code).on_hand == item.on_hand


def picked_and_waiting() -> tuple[FulfillmentOrder, Order]:
    """Return work of the last in line that is on a trolley, and an order before it that nobody has begun."""
    last = confirmed_order({"MUG-RED": 2})
    first = confirmed_order({"MUG-RED": 3}, email="first@example.com", shipping_method="express")
    run_debts()
    work = FulfillmentOrder.objects.get(order=last)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.pick(work.pk, actor=SYSTEM)
    return work, first


def still_tied(order: Order) -> int:
    return sum(one.quantity for one in inventory.open_allocations(order.reservation_id))


def test_who_has_the_goods_on_a_trolley_loses_nothing_by_an_empty_bin(shop):
    """The units in the bin are gone, not those on the trolley, though their order is the last in line.

    Fails without `_fetched` in adjustments.py: what is packed could never leave.
    """
    work, first = picked_and_waiting()
    mug = Product.objects.get(sku="MUG-RED")

    inventory.take_count(warehouse_id=work.warehouse_id, counted={mug.pk: 1}, actor=SYSTEM)
    run_debts()

    item = stock_of(mug, work.warehouse.code)
    assert (item.on_hand, item.reserved) == (3, 3)
    assert (still_tied(work.order), still_tied(first)) == (2, 1 + 2)
    fulfillment.pack(work.pk, actor=SYSTEM)
    fulfillment.ship_fulfillment_order(work.pk, actor=SYSTEM)
    assert stock_of(mug, work.warehouse.code).on_hand == 1


def test_what_is_on_a_trolley_is_lost_where_nothing_else_is_left(shop):
    work, first = picked_and_waiting()
    item = stock_of(Product.objects.get(sku="MUG-RED"), work.warehouse.code)

    inventory.adjust_stock(stock_item_id=item.pk, change=1 - item.on_hand, reason="fire", actor=SYSTEM)

    assert (still_tied(work.order), still_tied(first)) == (1, 0)


def test_one_click_from_the_pick_list_has_an_empty_bin_counted(shop, staff):
    order = confirmed_order({"MUG-RED": 2})
    run_debts()
    work = FulfillmentOrder.objects.get(order=order)
    page = f"/admin/fulfillment/fulfillmentorder/{work.pk}/change/"
    assert "Bin is empty" not in staff.get(page).content.decode()
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)

    shown = staff.get(page).content.decode()
    body = {"product": order.lines.get().product_id, "warehouse": work.warehouse_id, "next": page}
    back = staff.post("/admin/counts/empty/", body)

    assert "Bin is empty: MUG-RED" in shown
    assert back["Location"] == page
    assert StockCount.objects.get().warehouse_id == work.warehouse_id


def not_found(units, *, found, parts=None, where="HAM"):
    """Return planned work for goods that were looked for and not found there, and which lie in Munich, too."""
    order = confirmed_order(units, email=f"buyer{Order.objects.count()}@example.com")
    run_debts()
    work = FulfillmentOrder.objects.get(order=order)
    assert work.warehouse.code == where
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    (line,) = order.lines.values_list("pk", flat=True)
    if parts:
        fulfillment.pick(work.pk, parts={line: parts}, actor=SYSTEM)
    else:
        fulfillment.pick(work.pk, picked={line: found}, actor=SYSTEM)
    return FulfillmentOrder.objects.get(order=order, status="planned")


def figures(product, code="HAM"):
    """Return what is on hand, in quarantine and promised."""
    shelf = stock_of(product, code)
    return shelf.on_hand, shelf.quarantined, shelf.reserved


def sheet_line(product):
    return StockCountLine.objects.select_related("count").get(stock_item__product=product, is_open=True)


def test_what_was_not_found_is_sold_to_nobody_until_somebody_counts(shop):
    rare = make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 4, "MUC": 2})
    rest = not_found({"RARE": 4}, found=2)

    fulfillment.reroute_fulfillment(rest.pk, warehouse_id=shop.munich.pk, reason="empty", actor=SYSTEM)
    waiting = confirmed_order({"RARE": 3}, email="other@example.com")
    run_debts()

    # Of four on hand two are on a trolley, and two were not found: nobody gets these.
    assert (figures(rare), figures(rare, "MUC"), still_tied(waiting)) == ((4, 2, 2), (2, 0, 2), 0)
    line = sheet_line(rare)
    assert (line.withheld, line.count.note) == (2, "Bin is empty")
    inventory.enter_counts(line.count_id, {line.pk: 1}, actor=SYSTEM)
    line.refresh_from_db()
    assert (line.book, line.difference) == (2, -1)
    inventory.finish_count(line.count_id, actor=SYSTEM)
    run_debts()

    # One of them lay elsewhere in the bin: it is for who waits. The other is gone.
    assert (figures(rare), still_tied(waiting)) == ((3, 0, 3), 1)
    moved = StockMovement.objects.filter(reference=line.count.number).order_by("pk")
    assert list(moved.values_list("quantity", "quarantine_quantity")) == [(0, 2), (0, -2), (-1, 0)]
    assert [name for code, name, check in invariants.questions() if code.startswith("I") and check().breaches] == []


def test_who_gives_the_count_up_lets_go_of_what_was_set_apart_for_it(shop):
    rare = make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 4, "MUC": 9})
    sheet = inventory.count_empty_bin(stock_of(rare).pk, actor=SYSTEM)
    for _time in range(2):
        rest = not_found({"RARE": 2}, found=0)
        fulfillment.reroute_fulfillment(rest.pk, warehouse_id=shop.munich.pk, reason="empty", actor=SYSTEM)

    # It was being counted already: the same sheet knows of both.
    assert (figures(rare), sheet_line(rare).withheld, sheet_line(rare).count) == ((4, 4, 0), 4, sheet)
    inventory.settle_quarantine(stock_item_id=stock_of(rare).pk, units=3, scrap=True, reason="mould", actor=SYSTEM)
    inventory.cancel_count(sheet.pk, reason="no time", actor=SYSTEM)

    assert figures(rare) == (1, 0, 0)


def test_of_a_kit_only_the_parts_that_were_missing_are_set_apart(shop):
    make_priced_kit("SET", "20.00", {"MUG-RED": 2, "TEA-1": 1})
    for product in (shop.mug, shop.tea):
        inventory.receive_stock(warehouse_id=shop.munich.pk, units={product.pk: 9}, actor=SYSTEM)
    rest = not_found({"SET": 3}, found=None, parts={shop.mug.pk: 5})
    mugs, teas = figures(shop.mug), figures(shop.tea)

    fulfillment.reroute_fulfillment(rest.pk, warehouse_id=shop.munich.pk, reason="empty", actor=SYSTEM)

    assert figures(shop.mug) == (mugs[0], mugs[1] + 1, mugs[2] - 2)
    assert figures(shop.tea) == (teas[0], teas[1], teas[2] - 1)
    assert StockCountLine.objects.get().stock_item == stock_of(shop.mug)
