"""All steps in one go: the same rows as step by step, with the dates of when it happened."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import EventRecord, OutgoingMail
from fulfillment import services as fulfillment
from fulfillment.errors import OrderBlocked
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from inventory.errors import NotReserved
from inventory.models import StockItem, StockMovement
from orders.models import Order
from tests.factories.shop import make_priced_product

from .helpers import (
    TOM,
    allocations,
    anew,
    confirmed,
    left_the_shelf,
    packed,
    passages,
    planned,
    read,
    stock,
    works_of,
)

pytestmark = pytest.mark.django_db
LEFT = datetime(2011, 3, 1, 10, tzinfo=UTC)
ARRIVED = datetime(2011, 3, 3, 16, tzinfo=UTC)
GOODS = [
    ("release", "planned", "released"),
    ("start", "released", "picking"),
    ("pick", "picking", "picked"),
    ("pack", "picked", "packed"),
    ("ship", "packed", "shipped"),
]
PARCEL = [
    ("make_ready", "label_pending", "ready"),
    ("hand_over", "ready", "in_transit"),
    ("deliver", "in_transit", "delivered"),
]


def go(order, **given):
    given = {"through": "delivered", "shipped_at": LEFT, "delivered_at": ARRIVED, "actor": TOM} | given
    return fulfillment.fulfil_through(order.pk, **given)


def test_an_order_is_there_at_once_with_its_whole_history_and_real_dates(shop, run_debts):
    order = confirmed({"MUG-RED": 2, "TEA-1": 1})

    (parcel,) = go(order)

    (work,) = works_of(order)
    assert (passages(work), passages(parcel)) == (GOODS, PARCEL)
    assert (work.released_at, work.picked_at, work.packed_at, work.shipped_at) == (LEFT, LEFT, LEFT, LEFT)
    parcel = Shipment.objects.get()
    assert (parcel.status, parcel.shipped_at, parcel.delivered_at) == ("delivered", LEFT, ARRIVED)
    done = read(order)
    assert (done.status, done.fulfillment_status) == ("fulfilled", "delivered")
    assert (done.released_at, done.shipped_at, done.delivered_at) == (LEFT, LEFT, ARRIVED)
    assert (stock("MUG-RED"), stock("TEA-1"), allocations(order)) == ((98, 0), (99, 0), [(2, 2, 0), (1, 1, 0)])
    assert left_the_shelf(work.number) == [("MUG-RED", -2), ("TEA-1", -1)]
    assert set(StockMovement.objects.filter(kind="shipment").values_list("at", flat=True)) == {LEFT}
    told = EventRecord.objects.filter(name__in=("orders.goods_shipped", "orders.goods_delivered")).order_by("pk")
    assert [(event.name, event.at) for event in told] == [
        ("orders.goods_shipped", LEFT),
        ("orders.goods_delivered", ARRIVED),
    ]
    # The debt of planning, paid afterwards, finds nothing left to plan.
    run_debts()
    assert FulfillmentOrder.objects.count() == 1


def test_it_takes_few_statements(shop):
    order = confirmed({"MUG-RED": 2, "TEA-1": 1})

    with CaptureQueriesContext(connection) as statements:
        go(order)

    spent = [
        one["sql"] for one in statements if not one["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))
    ]
    assert len(spent) <= 25, "\n".join(sql[:120] for sql in spent)


def test_work_that_was_begun_is_carried_on(shop):
    work = packed({"MUG-RED": 2})

    (parcel,) = go(work.order)

    assert (passages(work), passages(parcel)) == (GOODS, PARCEL)
    assert (Shipment.objects.count(), anew(work).status, stock("MUG-RED")) == (1, "shipped", (98, 0))
    assert anew(work).packed_at != LEFT


def test_planned_work_is_not_planned_again(shop):
    (work,) = planned({"MUG-RED": 2})

    go(work.order)

    assert (FulfillmentOrder.objects.count(), passages(work)) == (1, GOODS)


def test_two_houses_and_a_service_go_in_one_call(shop):
    make_priced_product("WRAP", "3.00", kind="service", name="Gift wrap")
    order = confirmed({"MUG-RED": 150, "WRAP": 1})

    parcels = go(order)

    assert [parcel.fulfillment_order.warehouse.code for parcel in parcels] == ["HAM", "MUC"]
    assert [work.status for work in works_of(order)] == ["shipped", "shipped", "rendered"]
    assert (stock("MUG-RED", "HAM"), stock("MUG-RED", "MUC")) == ((0, 0), (50, 0))
    assert list(read(order).lines.values_list("shipped", "delivered")) == [(150, 150), (1, 1)]


def test_it_may_end_on_the_way(shop):
    order = confirmed()

    (parcel,) = go(order, through="shipped")

    assert Shipment.objects.get(pk=parcel.pk).status == "in_transit"
    assert (read(order).status, read(order).fulfillment_status) == ("fulfilled", "shipped")


def test_over_the_counter_everything_happens_at_the_same_moment(shop):
    order = confirmed(channel="walk_in", shipping_method="pickup")

    (parcel,) = fulfillment.fulfil_through(order.pk, actor=TOM)

    assert (parcel.carrier, parcel.tracking_number, passages(parcel)) == ("manual", "", PARCEL)
    assert read(order).fulfillment_status == "delivered"


def test_quiet_orders_write_to_nobody(shop, run_debts):
    order = confirmed(notify=False)

    go(order)
    run_debts()

    assert OutgoingMail.objects.count() == 0


def test_what_is_not_there_stays_open(shop, run_debts):
    make_priced_product("POT", "30.00", stock={"HAM": 3}, backorder=True)
    order = confirmed({"POT": 5})

    go(order)

    assert (read(order).status, read(order).fulfillment_status) == ("fulfilling", "partially_shipped")
    assert list(read(order).lines.values_list("shipped", "backordered")) == [(3, 2)]
    with pytest.raises(OrderBlocked):
        go(order)


def test_a_stop_in_the_middle_leaves_no_half_state(shop, monkeypatch):
    order = confirmed({"MUG-RED": 2})
    rows = EventRecord.objects.count()

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    # Consuming stock is the very last step: everything else is written by then.
    monkeypatch.setattr(inventory, "consume_everywhere", stop)
    with pytest.raises(KeyboardInterrupt):
        go(order)

    assert (FulfillmentOrder.objects.count(), Shipment.objects.count()) == (0, 0)
    assert (read(order).status, read(order).fulfillment_status) == ("confirmed", "unfulfilled")
    assert (stock("MUG-RED"), EventRecord.objects.count()) == ((100, 2), rows)
    monkeypatch.undo()
    go(order)
    assert stock("MUG-RED") == (98, 0)


def test_units_that_are_not_tied_there_never_leave(shop):
    work = packed({"MUG-RED": 2})
    item = StockItem.objects.get(product__sku="MUG-RED", warehouse__code="HAM")
    inventory.adjust_stock(stock_item_id=item.pk, change=-100, reason="Fire", actor=TOM)

    with pytest.raises(NotReserved):
        fulfillment.ship_fulfillment_order(work.pk, actor=TOM)

    assert (anew(work).status, Shipment.objects.get().status) == ("packed", "ready")
    assert Order.objects.get().fulfillment_status == "unfulfilled"


def test_what_is_known_of_the_stations_is_written_with_its_own_time(shop):
    order = confirmed({"MUG-RED": 1})
    picked, packed = datetime(2011, 2, 28, 9, tzinfo=UTC), datetime(2011, 2, 28, 11, tzinfo=UTC)

    go(order, stations=fulfillment.Stations(picked=picked, packed=packed))

    (work,) = works_of(order)
    assert (work.released_at, work.picked_at, work.packed_at, work.shipped_at) == (LEFT, picked, packed, LEFT)
    told = EventRecord.objects.filter(subject_id=work.pk, subject_type="fulfillment.fulfillmentorder")
    times = dict(told.exclude(transition="").values_list("transition", "at"))
    assert times == {"release": LEFT, "start": LEFT, "pick": picked, "pack": packed, "ship": LEFT}
