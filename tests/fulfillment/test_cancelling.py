"""Orders cancelled while a warehouse is at work."""

import pytest

from core.errors import Conflict, TransitionRefused
from fulfillment import services as fulfillment
from fulfillment.errors import NothingToPutBack, OrderBlocked
from fulfillment.models import FulfillmentOrder, Shipment
from inventory.models import StockMovement
from orders import services as orders

from .helpers import TOM, allocations, anew, packed, passages, planned, read, stock

pytestmark = pytest.mark.django_db


def cancel(order, run_debts):
    orders.cancel_order(order.pk, reason="Changed her mind", actor=TOM)
    run_debts()


def test_planned_work_is_cancelled_and_its_units_are_free_at_once(shop, run_debts):
    (work,) = planned({"MUG-RED": 2})

    cancel(work.order, run_debts)

    assert (anew(work).status, anew(work).needs_put_back) == ("cancelled", False)
    assert stock("MUG-RED") == (100, 0)


def test_work_nobody_finished_picking_frees_its_units_at_once(shop, run_debts):
    (work,) = planned({"MUG-RED": 2})
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.start_picking(work.pk, actor=TOM)

    cancel(work.order, run_debts)

    assert (anew(work).status, anew(work).needs_put_back) == ("cancelled", False)
    assert (stock("MUG-RED"), allocations(work.order)) == ((100, 0), [(2, 0, 2)])


def test_packed_goods_are_free_only_when_they_are_put_back(shop, run_debts):
    work = packed({"MUG-RED": 2, "TEA-1": 1})

    cancel(work.order, run_debts)

    parcel = Shipment.objects.get()
    assert (anew(work).status, anew(work).needs_put_back, parcel.status) == ("cancelled", True, "cancelled")
    assert (stock("MUG-RED"), stock("TEA-1")) == ((100, 2), (100, 1))

    fulfillment.complete_put_back(work.pk, actor=TOM)
    assert anew(work).needs_put_back is False
    assert (stock("MUG-RED"), stock("TEA-1")) == ((100, 0), (100, 0))
    assert allocations(work.order) == [(2, 0, 2), (1, 0, 1)]
    assert StockMovement.objects.filter(kind="shipment").count() == 0
    assert passages(parcel)[-1] == ("cancel", "ready", "cancelled")
    with pytest.raises(NothingToPutBack):
        fulfillment.complete_put_back(work.pk, actor=TOM)


def test_what_one_house_picked_waits_while_the_other_house_is_free(shop, run_debts):
    ham, muc = planned({"MUG-RED": 150})
    fulfillment.release_fulfillment(ham.pk, actor=TOM)
    fulfillment.pick(ham.pk, actor=TOM)

    cancel(ham.order, run_debts)

    assert (anew(ham).needs_put_back, anew(muc).needs_put_back) == (True, False)
    assert (stock("MUG-RED", "HAM"), stock("MUG-RED", "MUC")) == ((100, 100), (100, 0))


def test_cancelling_twice_changes_nothing_more(shop, run_debts):
    work = packed()
    cancel(work.order, run_debts)

    assert fulfillment.cancel_open_fulfillment(work.order_id, actor=TOM) == []
    assert (stock("MUG-RED"), anew(work).needs_put_back) == ((100, 2), True)


def test_the_work_of_a_live_order_is_not_cancelled(shop):
    (work,) = planned()

    with pytest.raises(OrderBlocked):
        fulfillment.cancel_open_fulfillment(work.order_id, actor=TOM)

    assert anew(work).status == "planned"


def test_nothing_of_a_cancelled_order_leaves_even_before_the_warehouse_hears_of_it(shop):
    work = packed()
    orders.cancel_order(work.order_id, reason="Changed her mind", actor=TOM)

    with pytest.raises(OrderBlocked):
        fulfillment.ship_fulfillment_order(work.pk, actor=TOM)

    assert (anew(work).status, stock("MUG-RED")) == ("packed", (100, 2))


def test_goods_that_left_cannot_be_cancelled(shop):
    work = packed()
    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)

    with pytest.raises((Conflict, TransitionRefused)):
        orders.cancel_order(work.order_id, reason="Too late", actor=TOM)

    assert (read(work.order).status, stock("MUG-RED")) == ("fulfilled", (98, 0))


def test_pulled_back_work_can_be_released_again(shop):
    (work,) = planned()
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.start_picking(work.pk, actor=TOM)

    fulfillment.pull_back(work.pk, reason="Truck is early", actor=TOM)
    assert (anew(work).status, anew(work).released_at, stock("MUG-RED")) == ("planned", None, (100, 2))
    fulfillment.release_fulfillment(work.pk, actor=TOM)

    assert FulfillmentOrder.objects.get().status == "released"
    assert [name for name, _source, _target in passages(work)] == ["release", "start", "pull_back", "release"]
