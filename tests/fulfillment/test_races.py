"""Two people at the same work, at the same moment.

Seen on PostgreSQL with guards removed: without `.locked()` in `work.lock_work` and without the status in the
conditional update of `core.transitions._save`, the same list is picked twice; without `.locked()` in
`planning._lock_order` the same units are planned twice. Shipping twice is refused even then, by the third
guard: the units are not tied any more (`inventory.NotReserved`).
"""

from datetime import UTC, datetime
from functools import partial

import pytest

from core.errors import Conflict, TransitionRefused
from core.invariants import INVARIANTS, ask
from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.carriers import CarrierEvent
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, TrackingEvent
from fulfillment.services import planning
from inventory.models import StockMovement
from orders import services as orders
from tests.factories.shop import make_shop

from .helpers import TOM, anew, confirmed, packed, planned, read, shipped, stock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def shop(transactional_db):
    """Open the shop in a database that really commits."""
    return make_shop()


def won(outcomes):
    return [outcome.error is None for outcome in outcomes].count(True)


def test_two_people_ship_the_same_work_and_one_wins(shop, concurrently):
    work = packed({"MUG-RED": 2})
    ship = partial(fulfillment.ship_fulfillment_order, work.pk, actor=TOM)

    outcomes = concurrently(ship, ship, ship, raising=False)

    assert won(outcomes) == 1
    assert all(isinstance(one.error, TransitionRefused | Conflict) for one in outcomes if one.error)
    assert (anew(work).status, stock("MUG-RED")) == ("shipped", (98, 0))
    assert StockMovement.objects.filter(kind="shipment").count() == 1
    assert EventRecord.objects.filter(name="orders.goods_shipped").count() == 1
    assert list(read(work.order).lines.values_list("shipped", flat=True)) == [2]


def test_two_planners_plan_each_unit_once(shop, concurrently):
    order = confirmed({"MUG-RED": 150})
    plan = partial(fulfillment.plan_fulfillment, order.pk, actor=TOM)

    concurrently(plan, plan, plan)

    assert sorted(FulfillmentLine.objects.values_list("quantity", flat=True)) == [50, 100]
    assert FulfillmentOrder.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["fulfil_through", "release_order"])
def test_who_is_overtaken_by_the_planner_carries_on_with_his_plan(shop, concurrently, monkeypatch, way):
    """Fails with OrderBlocked or PlannedMeanwhile when `core.service.attempt` does not try again for Overtaken."""
    order = confirmed({"MUG-RED": 2})
    module = "through" if way == "fulfil_through" else "planning"
    lock, looks = planning._lock_order, []

    def lock_after_the_planner(order_id):
        looks.append(order_id)
        if len(looks) == 1:
            monkeypatch.setattr(f"fulfillment.services.{module}._lock_order", lock)
            concurrently(partial(fulfillment.plan_fulfillment, order_id, actor=TOM))
        return lock(order_id)

    monkeypatch.setattr(f"fulfillment.services.{module}._lock_order", lock_after_the_planner)
    getattr(fulfillment, way)(order.pk, actor=TOM)

    assert looks == [order.pk]
    (work,) = FulfillmentOrder.objects.all()
    assert work.status == ("shipped" if way == "fulfil_through" else "released")
    assert list(work.lines.values_list("quantity", flat=True)) == [2]


def test_cancelling_and_shipping_at_once_ends_one_way_or_the_other(shop, concurrently, run_debts):
    works = [packed({"MUG-RED": 1}) for _ in range(4)]
    jobs = []
    for work in works:
        jobs += [
            partial(fulfillment.ship_fulfillment_order, work.pk, actor=TOM),
            partial(orders.cancel_order, work.order_id, reason="Changed her mind", actor=TOM),
        ]

    concurrently(*jobs, raising=False)
    run_debts()

    ends = {(read(work.order).status, anew(work).status) for work in works}
    assert ends <= {("fulfilled", "shipped"), ("cancelled", "cancelled")}
    gone = sum(anew(work).status == "shipped" for work in works)
    assert stock("MUG-RED") == (100 - gone, 4 - gone)
    for work in works:
        if anew(work).status == "cancelled":
            fulfillment.complete_put_back(work.pk, actor=TOM)
    assert stock("MUG-RED") == (100 - gone, 0)


def test_an_event_told_twice_at_once_is_one(shop, concurrently):
    parcel = shipped()
    event = CarrierEvent(event_id="E-1", status="delivered", at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    tell = partial(fulfillment.record_tracking_event, parcel.pk, event=event, actor=TOM)

    concurrently(tell, tell, tell)

    assert (TrackingEvent.objects.count(), Shipment.objects.get().status) == (1, "delivered")
    assert EventRecord.objects.filter(name="orders.goods_delivered").count() == 1


def test_two_houses_ship_parts_of_one_order_at_once(shop, concurrently):
    works = planned({"MUG-RED": 150})
    for work in works:
        fulfillment.release_fulfillment(work.pk, actor=TOM)
        fulfillment.pick(work.pk, actor=TOM)
        fulfillment.pack(work.pk, actor=TOM)

    concurrently(*(partial(fulfillment.ship_fulfillment_order, work.pk, actor=TOM) for work in works))

    assert (read(works[0].order).status, list(read(works[0].order).lines.values_list("shipped", flat=True))) == (
        "fulfilled",
        [150],
    )
    assert (stock("MUG-RED", "HAM"), stock("MUG-RED", "MUC")) == ((0, 0), (50, 0))


def test_picking_twice_at_once_reports_what_is_missing_once(shop, concurrently):
    (work,) = planned({"MUG-RED": 5})
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    short = {work.lines.get().order_line_id: 3}
    pick = partial(fulfillment.pick, work.pk, picked=short, actor=TOM)

    outcomes = concurrently(pick, pick, raising=False)

    assert won(outcomes) == 1
    assert sorted(FulfillmentLine.objects.values_list("quantity", "picked")) == [(2, 0), (3, 3)]


def test_the_books_balance_afterwards(shop, concurrently, run_debts):
    works = [packed({"MUG-RED": 1, "TEA-1": 2}) for _ in range(3)]
    concurrently(*(partial(fulfillment.ship_fulfillment_order, work.pk, actor=TOM) for work in works))
    for parcel in Shipment.objects.all():
        fulfillment.deliver_shipment(parcel.pk, actor=TOM)
    run_debts()

    ours = [one for one in INVARIANTS if one.code in ("I1", "I2")]
    assert len(ours) >= 5
    assert {one.name: ask(one).breaches for one in ours if ask(one).breaches} == {}
