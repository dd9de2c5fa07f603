"""What carriers say: each word once, never backwards, and trouble before a person."""

from datetime import UTC, datetime, timedelta

import pytest

from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.carriers import CarrierEvent
from fulfillment.errors import EventOfAnother
from fulfillment.models import Shipment, TrackingEvent
from orders.models import OrderException

from .helpers import TOM, packed, read, shipped

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def say(shipment, status, *, at=NOON, event_id=None):
    event = CarrierEvent(event_id=event_id or f"{status}-{at:%H%M}", status=status, at=at)
    fulfillment.record_tracking_event(shipment.pk, event=event, actor=TOM)
    return Shipment.objects.get(pk=shipment.pk)


def test_a_parcel_follows_its_events(shop):
    parcel = shipped()

    assert say(parcel, "in_transit").status == "in_transit"
    assert say(parcel, "out_for_delivery", at=NOON + timedelta(hours=1)).status == "out_for_delivery"
    there = say(parcel, "delivered", at=NOON + timedelta(hours=2))

    assert (there.status, there.delivered_at, there.last_event_at) == (
        "delivered",
        NOON + timedelta(hours=2),
        NOON + timedelta(hours=2),
    )
    assert read(parcel.order).fulfillment_status == "delivered"
    assert read(parcel.order).delivered_at == NOON + timedelta(hours=2)


def test_the_same_event_twice_is_one(shop):
    parcel = shipped()

    for _ in range(3):
        say(parcel, "delivered", event_id="E-1")

    assert TrackingEvent.objects.count() == 1
    assert EventRecord.objects.filter(name="orders.goods_delivered").count() == 1
    assert list(read(parcel.order).lines.values_list("delivered", flat=True)) == [2]


def test_a_late_event_is_written_down_and_moves_nothing(shop):
    parcel = shipped()
    say(parcel, "out_for_delivery", at=NOON)
    say(parcel, "delivery_failed", at=NOON + timedelta(hours=3))

    late = say(parcel, "out_for_delivery", at=NOON + timedelta(hours=1))

    assert (late.status, late.last_event_at) == ("delivery_failed", NOON + timedelta(hours=3))
    assert TrackingEvent.objects.filter(status="out_for_delivery").count() == 2


def test_what_is_delivered_stays_delivered(shop):
    parcel = shipped()
    say(parcel, "delivered", at=NOON)

    assert say(parcel, "out_for_delivery", at=NOON + timedelta(hours=1)).status == "delivered"
    assert say(parcel, "lost", at=NOON + timedelta(hours=2)).status == "delivered"
    assert OrderException.objects.count() == 0


def test_a_delivery_counts_even_when_it_is_told_late(shop):
    parcel = shipped()
    say(parcel, "delivery_failed", at=NOON + timedelta(hours=1))

    there = say(parcel, "delivered", at=NOON)

    assert (there.status, there.delivered_at, there.last_event_at) == ("delivered", NOON, NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("status", "category", "severity"),
    [
        ("delivery_failed", "parcel_delivery_failed", "warning"),
        ("returned_to_sender", "parcel_returned_to_sender", "warning"),
        ("lost", "parcel_lost", "critical"),
    ],
)
def test_trouble_is_put_before_a_person(shop, status, category, severity):
    parcel = shipped()

    assert say(parcel, status).status == status

    exception = OrderException.objects.get()
    assert (exception.category, exception.severity, exception.order_id) == (category, severity, parcel.order_id)
    assert EventRecord.objects.get(name="fulfillment.shipment_failed").payload["status"] == status
    # What is lost stays shipped: a replacement is another order.
    assert list(read(parcel.order).lines.values_list("shipped", "delivered")) == [(2, 0)]


def test_a_second_attempt_that_succeeds_closes_the_exception(shop):
    parcel = shipped()
    say(parcel, "delivery_failed", at=NOON)
    say(parcel, "out_for_delivery", at=NOON + timedelta(hours=20))
    say(parcel, "delivered", at=NOON + timedelta(hours=22))

    assert (OrderException.objects.get().status, read(parcel.order).open_exceptions) == ("resolved", 0)


def test_other_remarks_of_a_carrier_are_kept(shop):
    parcel = say(shipped(), "customs_cleared")

    assert (parcel.status, parcel.tracking_events.get().status) == ("in_transit", "customs_cleared")


def test_an_event_of_a_parcel_that_never_left_makes_somebody_look(shop):
    parcel = Shipment.objects.get(fulfillment_order=packed())

    assert say(parcel, "delivered").status == "ready"

    assert OrderException.objects.get().category == "parcel_not_shipped"
    assert read(parcel.order).fulfillment_status == "unfulfilled"


def test_one_event_id_belongs_to_one_parcel(shop):
    first, second = shipped(), shipped()
    say(first, "out_for_delivery", event_id="E-1")

    with pytest.raises(EventOfAnother):
        say(second, "out_for_delivery", event_id="E-1")

    assert TrackingEvent.objects.count() == 1


def test_staff_may_say_what_carriers_did_not(shop):
    parcel = shipped()

    fulfillment.lose_shipment(parcel.pk, note="Six weeks silent", actor=TOM)
    fulfillment.deliver_shipment(parcel.pk, note="The neighbour had it", actor=TOM)

    assert Shipment.objects.get().status == "delivered"
    assert OrderException.objects.get().status == "resolved"
    told = EventRecord.objects.get(name="fulfillment.shipment.deliver")
    assert (told.note, told.actor) == ("The neighbour had it", "staff:tom")
