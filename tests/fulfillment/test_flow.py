"""From a confirmed order to a parcel in the customer's hands, with every figure."""

import pytest

from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.carriers.house import is_tracking_number
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine

from .helpers import (
    TOM,
    allocations,
    anew,
    confirmed,
    left_the_shelf,
    line_of,
    passages,
    placed,
    planned,
    read,
    stock,
    works_of,
)

pytestmark = pytest.mark.django_db


def test_an_order_goes_through_every_step(shop, run_debts):
    order = confirmed({"MUG-RED": 2, "TEA-1": 1})
    run_debts()

    (work,) = works_of(order)
    assert (work.status, work.kind, work.warehouse.code) == ("planned", "goods", "HAM")
    assert [(line.order_line.sku, line.quantity, line.picked) for line in work.lines.order_by("pk")] == [
        ("MUG-RED", 2, 0),
        ("TEA-1", 1, 0),
    ]
    assert (stock("MUG-RED"), stock("TEA-1")) == ((100, 2), (100, 1))
    assert read(order).status == "confirmed"

    fulfillment.release_fulfillment(work.pk, actor=TOM)
    assert (anew(work).status, read(order).status) == ("released", "fulfilling")
    fulfillment.start_picking(work.pk, actor=TOM)
    fulfillment.pick(work.pk, actor=TOM)
    (parcel,) = fulfillment.pack(work.pk, actor=TOM)
    assert stock("MUG-RED") == (100, 2)
    assert (parcel.status, parcel.number) == ("ready", f"SH-{parcel.pk:06d}")
    assert is_tracking_number(parcel.tracking_number)

    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)
    assert anew(work).status == "shipped"
    assert (stock("MUG-RED"), stock("TEA-1")) == ((98, 0), (99, 0))
    assert allocations(order) == [(2, 2, 0), (1, 1, 0)]
    assert left_the_shelf(work.number) == [("MUG-RED", -2), ("TEA-1", -1)]
    sent = read(order)
    assert (sent.status, sent.fulfillment_status, sent.allocation_status) == ("fulfilled", "shipped", "allocated")
    lines = list(sent.lines.values_list("sku", "quantity", "allocated", "shipped", "delivered"))
    assert lines == [("MUG-RED", 2, 0, 2, 0), ("TEA-1", 1, 0, 1, 0)]

    fulfillment.deliver_shipment(parcel.pk, actor=TOM)
    there = read(order)
    assert (there.fulfillment_status, there.delivered_at is not None) == ("delivered", True)
    assert list(there.lines.values_list("delivered", flat=True)) == [2, 1]
    assert passages(work) == [
        ("release", "planned", "released"),
        ("start", "released", "picking"),
        ("pick", "picking", "picked"),
        ("pack", "picked", "packed"),
        ("ship", "packed", "shipped"),
    ]
    assert passages(parcel) == [
        ("make_ready", "label_pending", "ready"),
        ("hand_over", "ready", "in_transit"),
        ("deliver", "in_transit", "delivered"),
    ]
    movements = there.lines.get(sku="MUG-RED").movements.order_by("pk").values_list("kind", "quantity", "reference")
    assert list(movements)[-2:] == [("shipped", 2, parcel.number), ("delivered", 2, parcel.number)]


def test_planning_twice_plans_nothing_more(shop, run_debts):
    order = confirmed()
    run_debts()

    assert fulfillment.plan_fulfillment(order.pk, actor=TOM) == []
    assert FulfillmentOrder.objects.count() == 1
    assert FulfillmentLine.objects.count() == 1


def test_an_order_that_waits_for_money_is_not_planned(shop):
    order = placed()

    assert order.status == "verified"
    assert fulfillment.plan_fulfillment(order.pk, actor=TOM) == []
    assert works_of(order) == []


def test_goods_in_two_houses_are_two_pieces_of_work_and_two_parcels(shop, run_debts):
    order = confirmed({"MUG-RED": 150})
    run_debts()

    works = works_of(order)
    assert [(work.warehouse.code, sum(line.quantity for line in work.lines.all())) for work in works] == [
        ("HAM", 100),
        ("MUC", 50),
    ]
    for work in works:
        fulfillment.release_fulfillment(work.pk, actor=TOM)
        fulfillment.pick(work.pk, actor=TOM)
        fulfillment.pack(work.pk, actor=TOM)
    fulfillment.ship_fulfillment_order(works[0].pk, actor=TOM)

    half = read(order)
    assert (half.status, half.fulfillment_status) == ("fulfilling", "partially_shipped")
    assert (stock("MUG-RED", "HAM"), stock("MUG-RED", "MUC")) == ((0, 0), (100, 50))
    fulfillment.ship_fulfillment_order(works[1].pk, actor=TOM)
    assert (read(order).status, read(order).fulfillment_status) == ("fulfilled", "shipped")
    assert stock("MUG-RED", "MUC") == (50, 0)
    first, second = Shipment.objects.order_by("pk")
    assert first.tracking_number != second.tracking_number
    fulfillment.deliver_shipment(first.pk, actor=TOM)
    assert read(order).fulfillment_status == "partially_delivered"


def test_picked_goods_may_go_in_several_parcels(shop):
    (work,) = planned({"MUG-RED": 3, "TEA-1": 1})
    mug, tea = line_of(work.order, "MUG-RED"), line_of(work.order, "TEA-1")
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.pick(work.pk, actor=TOM)
    fulfillment.pack(
        work.pk,
        parcels=[
            fulfillment.ParcelInput(quantities={mug: 2}, weight_grams=700),
            fulfillment.ParcelInput(quantities={mug: 1, tea: 1}),
        ],
        actor=TOM,
    )
    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)

    parcels = list(Shipment.objects.order_by("position"))
    assert [(parcel.position, parcel.weight_grams) for parcel in parcels] == [(1, 700), (2, 0)]
    contents = ShipmentLine.objects.order_by("shipment__position", "order_line__position")
    assert list(contents.values_list("shipment__position", "order_line__sku", "quantity")) == [
        (1, "MUG-RED", 2),
        (2, "MUG-RED", 1),
        (2, "TEA-1", 1),
    ]
    shipped = EventRecord.objects.filter(name="orders.goods_shipped").order_by("pk")
    assert [event.payload["reference"] for event in shipped] == [parcel.number for parcel in parcels]
    assert stock("MUG-RED") == (97, 0)
