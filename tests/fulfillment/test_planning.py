"""What is planned when: backorders that come in, counts that go wrong, holds, orders that ship complete."""

import pytest
from django.utils import timezone

from core.actors import SYSTEM
from fulfillment import services as fulfillment
from fulfillment.errors import OrderBlocked, ShipsComplete
from inventory import services as inventory
from inventory.models import StockItem
from orders import services as orders
from tests.factories.shop import make_priced_product

from .helpers import TOM, anew, confirmed, planned, read, stock, works_of

pytestmark = pytest.mark.django_db


def units(work):
    return {line.order_line.sku: line.quantity for line in work.lines.select_related("order_line")}


@pytest.fixture
def pot(shop):
    """Return a product with three pieces on the shelf, of which more may be sold."""
    return make_priced_product("POT", "30.00", stock={"HAM": 3}, backorder=True)


def receive(shop, product, count):
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={product.pk: count}, reference="PO-1", actor=SYSTEM)


def test_units_that_come_in_later_are_work_of_their_own(shop, pot, run_debts):
    order = confirmed({"POT": 5})
    run_debts()
    (first,) = works_of(order)
    assert units(first) == {"POT": 3}

    receive(shop, pot, 10)
    run_debts()

    first, second = works_of(order)
    assert (units(first), units(second), second.status) == ({"POT": 3}, {"POT": 2}, "planned")
    assert stock("POT") == (13, 5)


def test_an_order_that_ships_complete_waits_for_the_rest(shop, pot, run_debts):
    order = confirmed({"POT": 5}, ship_complete=True)
    run_debts()
    (first,) = works_of(order)
    with pytest.raises(Exception, match="Ships complete only"):
        fulfillment.release_fulfillment(first.pk, actor=TOM)
    assert (anew(first).status, read(order).status) == ("planned", "confirmed")

    receive(shop, pot, 10)
    run_debts()
    first, second = works_of(order)
    for work in (first, second):
        fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.pick(first.pk, actor=TOM)
    fulfillment.pack(first.pk, actor=TOM)
    with pytest.raises(ShipsComplete, match=second.number):
        fulfillment.ship_fulfillment_order(first.pk, actor=TOM)

    fulfillment.pick(second.pk, actor=TOM)
    fulfillment.pack(second.pk, actor=TOM)
    for work in (first, second):
        fulfillment.ship_fulfillment_order(work.pk, actor=TOM)
    assert (read(order).status, stock("POT")) == ("fulfilled", (8, 0))


def test_what_ships_complete_is_not_shipped_from_one_of_two_warehouses(shop, pot, run_debts):
    make_priced_product("FAR", "3.00", stock={"MUC": 2})
    order = confirmed({"POT": 2, "FAR": 1}, ship_complete=True)
    run_debts()

    with pytest.raises(ShipsComplete, match="another warehouse"):
        fulfillment.ship_order(order.pk, places=["HAM"], actor=TOM)
    far = next(work for work in works_of(order) if work.warehouse.code == "MUC")
    fulfillment.release_fulfillment(far.pk, actor=TOM)
    fulfillment.pick(far.pk, actor=TOM)
    fulfillment.pack(far.pk, actor=TOM)

    assert len(fulfillment.ship_order(order.pk, places=["HAM"], actor=TOM)) == 1


def test_what_ships_complete_begins_no_further_work_once_units_are_lost(shop, pot, run_debts):
    receive(shop, pot, 10)
    run_debts()
    order = confirmed({"POT": 5, "TEA-1": 1}, ship_complete=True)
    run_debts()
    work = works_of(order)[0]
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.pull_back(work.pk, actor=TOM)
    item = StockItem.objects.get(product=pot, warehouse=work.warehouse)
    inventory.adjust_stock(stock_item_id=item.pk, change=-item.on_hand, reason="fire", actor=TOM)
    run_debts()
    assert (read(order).status, read(order).allocation_status) == ("fulfilling", "partial")

    for release in (fulfillment.release_fulfillment, fulfillment.release_order):
        with pytest.raises(OrderBlocked, match="Ships complete only"):
            release(work.pk if release is fulfillment.release_fulfillment else order.pk, actor=TOM)

    for through in ("shipped", "delivered"):
        with pytest.raises(ShipsComplete, match="waiting for the rest"):
            fulfillment.fulfil_through(order.pk, through=through, actor=TOM)

    assert anew(work).status == "planned"
    # What is told afterwards has left, whatever was agreed.
    fulfillment.fulfil_through(order.pk, shipped_at=timezone.now(), actor=TOM)
    assert read(order).fulfillment_status == "partially_shipped"


def test_units_that_a_count_does_not_find_leave_the_work(shop, run_debts):
    (work,) = planned({"MUG-RED": 2, "TEA-1": 1})
    (other,) = planned({"MUG-RED": 98})

    item = StockItem.objects.get(product__sku="MUG-RED", warehouse__code="HAM")
    inventory.adjust_stock(stock_item_id=item.pk, change=-99, reason="Count", actor=TOM)
    run_debts()

    assert stock("MUG-RED") == (1, 1)
    assert sum(found.get("MUG-RED", 0) for found in (units(work), units(other))) == 1
    assert units(work)["TEA-1"] == 1


def test_work_that_has_nothing_left_is_cancelled(shop, run_debts):
    (work,) = planned({"MUG-RED": 2})

    item = StockItem.objects.get(product__sku="MUG-RED", warehouse__code="HAM")
    inventory.adjust_stock(stock_item_id=item.pk, change=-100, reason="Fire", actor=TOM)
    run_debts()

    assert (anew(work).status, anew(work).needs_put_back, work.lines.count()) == ("cancelled", False, 0)


def test_a_hold_keeps_goods_in_the_house(shop):
    (work,) = planned()
    orders.place_hold(work.order_id, kind="manual", reason="Call first", blocks=["release"], actor=TOM)

    with pytest.raises(OrderBlocked, match="Call first"):
        fulfillment.release_fulfillment(work.pk, actor=TOM)

    assert (anew(work).status, read(work.order).status) == ("planned", "confirmed")


def test_a_hold_after_the_release_stops_the_parcel_at_the_door(shop):
    (work,) = planned()
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.pick(work.pk, actor=TOM)
    fulfillment.pack(work.pk, actor=TOM)
    orders.place_hold(work.order_id, kind="fraud", reason="Stolen card", blocks=["release"], actor=TOM)

    with pytest.raises(OrderBlocked, match="Stolen card"):
        fulfillment.ship_fulfillment_order(work.pk, actor=TOM)

    assert (anew(work).status, stock("MUG-RED")) == ("packed", (100, 2))


def test_releasing_an_order_plans_and_releases_everything(shop):
    order = confirmed({"MUG-RED": 150})

    released = fulfillment.release_order(order.pk, actor=TOM)

    assert [work.status for work in released] == ["released", "released"]
    assert read(order).status == "fulfilling"
    with pytest.raises(OrderBlocked):
        fulfillment.release_order(order.pk, actor=TOM)
