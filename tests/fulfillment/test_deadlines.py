"""When work is late: its day is over, or the carriers of its warehouse have gone, by the clock of that warehouse."""

from datetime import UTC, date, datetime, time

import pytest

from core.actors import SYSTEM
from fulfillment import deadlines, selectors
from fulfillment import services as fulfillment
from fulfillment.admin import printing
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from orders import services as orders
from tests.fulfillment.helpers import packed, planned, shipped

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 30)


def at(hour: int, minute: int = 0, *, day: int = 30) -> datetime:
    """Return a moment by the clock of Greenwich; Berlin is an hour ahead."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def due_on(day: date = DAY) -> FulfillmentOrder:
    work = planned()[0]
    FulfillmentOrder.objects.filter(pk=work.pk).update(ship_by_on=day)
    return selectors.work_queue().get(pk=work.pk)


def late_at(now: datetime) -> list[FulfillmentOrder]:
    return list(FulfillmentOrder.objects.filter(deadlines.late(now=now)))


def both(work: FulfillmentOrder, now: datetime) -> tuple[bool, bool]:
    """Return what is said of the row, and what the database finds: they never differ."""
    again = selectors.work_queue().get(pk=work.pk)
    return deadlines.is_late(again, now=now), late_at(now) == [work]


def test_without_a_pick_up_the_whole_day_is_left(shop, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    work = due_on()
    assert both(work, at(22, 59)) == (False, False)
    assert both(work, at(23, 1)) == (True, True)


def test_after_the_last_pick_up_it_is_late(shop):
    inventory.update_warehouse(
        shop.hamburg.pk, {"last_pickup_at": time(16, 30), "time_zone": "Europe/Berlin"}, actor=SYSTEM
    )
    work = due_on()
    assert work.warehouse_id == shop.hamburg.pk
    assert deadlines.leaves_by(work) == at(15, 30)
    assert both(work, at(15, 29)) == (False, False)
    assert both(work, at(15, 30)) == (True, True)


def test_each_warehouse_has_its_own_clock(shop):
    inventory.update_warehouse(
        shop.hamburg.pk, {"last_pickup_at": time(16, 0), "time_zone": "America/New_York"}, actor=SYSTEM
    )
    work = due_on()
    assert both(work, at(20, 59)) == (False, False)
    assert both(work, at(21, 0)) == (True, True)


def test_what_has_left_or_has_no_day_is_never_late(shop):
    parcel = shipped()
    FulfillmentOrder.objects.update(ship_by_on=DAY)
    assert both(parcel.fulfillment_order, at(12, day=30).replace(year=2027)) == (False, False)
    FulfillmentOrder.objects.update(ship_by_on=None)
    other = packed({"TEA-1": 1})
    FulfillmentOrder.objects.filter(pk=other.pk).update(ship_by_on=None)
    assert both(other, at(12).replace(year=2027)) == (False, False)


def test_the_api_shows_and_filters_what_is_late(shop, api):
    work, other = due_on(date(2026, 1, 5)), planned({"TEA-1": 1})[0]
    FulfillmentOrder.objects.filter(pk=other.pk).update(ship_by_on=date(2100, 1, 5))

    def numbers(query: str) -> list[str]:
        return [row["number"] for row in api.get(f"/api/v1/fulfillment-orders/?{query}").json()["results"]]

    assert numbers("late=true") == [work.number]
    assert numbers("late=false") == [other.number]
    assert api.get("/api/v1/fulfillment-orders/?late=maybe").status_code == 400
    row = api.get(f"/api/v1/fulfillment-orders/{work.number}/").json()
    assert (row["is_late"], row["ship_by_on"]) == (True, "2026-01-05")
    assert "2026-01-05T12:00:00Z" < row["ship_by_at"] < "2026-01-06T12:00:00Z"


def test_the_queue_says_why_something_stands_first_and_what_is_late(shop, staff):
    usual, quick = due_on(date(2026, 1, 5)), planned({"TEA-1": 1}, shipping_method="express")[0]

    page = staff.get("/admin/fulfillment/fulfillmentorder/?stage=open").content.decode()
    late = staff.get("/admin/fulfillment/fulfillmentorder/?stage=late").content.decode()

    assert page.index(quick.number) < page.index(usual.number)
    assert "Express delivery +30" in page
    assert usual.number in late
    assert quick.number not in late


def test_papers_come_in_the_order_of_the_queue(shop):
    first, second = packed(), packed({"TEA-1": 1})
    orders.bump_order(second.order_id, points=40, reason="fair", actor=SYSTEM)
    fulfillment.follow_ranks([second.order_id])
    both_works = FulfillmentOrder.objects.filter(pk__in=[first.pk, second.pk])

    assert [work.pk for work in printing._whole_works(both_works)] == [second.pk, first.pk]
    parcels = printing._parcels_of(both_works)
    assert [parcel.fulfillment_order_id for parcel in parcels] == [second.pk, first.pk]
    assert Shipment.objects.count() == 2


def test_orders_that_should_have_left_are_a_list(shop, api):
    work = due_on()
    order = work.order
    type(order).objects.filter(pk=order.pk).update(ship_by_on=date(2026, 1, 5))

    found = api.get("/api/v1/orders/?needs=leaving").json()["results"]

    assert [(row["number"], row["ship_by_on"]) for row in found] == [(order.number, "2026-01-05")]
