"""Parcels on their way: what carriers and staff say about them, each word taken once, never backwards."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django_fsm import can_proceed

from core.actors import SYSTEM, Actor
from core.inserting import insert_once
from core.outbox import emit
from core.service import service
from core.transitions import advance
from fulfillment.carriers import CarrierEvent
from fulfillment.errors import EventOfAnother
from fulfillment.events import ShipmentDelivered, ShipmentFailed
from fulfillment.models import Shipment, TrackingEvent
from fulfillment.selectors import TROUBLE
from fulfillment.sentences import CAME_BACK, DELIVERED_AFTER_ALL, LOST, NEVER_SHIPPED, UNDELIVERED
from orders import services as orders
from orders.models import OrderException

from .work import contents_of

Status = Shipment.Status
STEPS = {
    Status.OUT_FOR_DELIVERY: "go_out",
    Status.DELIVERED: "deliver",
    Status.DELIVERY_FAILED: "fail",
    Status.RETURNED_TO_SENDER: "come_back",
    Status.LOST: "lose",
}
HERE = (Status.LABEL_PENDING, Status.READY, Status.CANCELLED)
OPEN = (OrderException.Status.OPEN, OrderException.Status.ACKNOWLEDGED, OrderException.Status.IN_PROGRESS)


@service
def record_tracking_event(shipment_id: int, *, event: CarrierEvent, actor: Actor) -> TrackingEvent:
    """Write down what a carrier said about a parcel, and move the parcel if that is news.

    The same event twice is one event. What happened before the last thing we know is written down and
    moves nothing, except a delivery: that is final whenever it is told.
    """
    shipment = _lock_shipment(shipment_id)
    told = TrackingEvent(
        shipment=shipment,
        carrier=shipment.carrier,
        event_id=event.event_id,
        status=event.status,
        description=event.description[:300],
        location=event.location[:200],
        at=event.at,
    )
    if not insert_once(told):
        known = TrackingEvent.objects.get(carrier=shipment.carrier, event_id=event.event_id)
        if known.shipment_id != shipment.pk:
            raise EventOfAnother(_("This event was told about another parcel"), event_id=event.event_id)
        return known
    if shipment.status in HERE:
        _wonder(shipment, event)
        return told
    late = shipment.last_event_at is not None and event.at < shipment.last_event_at
    if not late:
        shipment.last_event_at = event.at
    step = STEPS.get(Status(event.status)) if event.status in Status.values else None
    moves = step is not None and _can(shipment, step) and (not late or event.status == Status.DELIVERED)
    if moves:
        _move(shipment, Status(event.status), note=event.description, actor=actor, at=event.at)
    elif not late:
        shipment.save(update_fields=["last_event_at"])
    return told


@service
def deliver_shipment(shipment_id: int, *, note: str = "", actor: Actor, at: datetime | None = None) -> Shipment:
    """Say that the customer has the parcel."""
    return _say(shipment_id, Status.DELIVERED, note=note, actor=actor, at=at)


@service
def fail_delivery(shipment_id: int, *, note: str = "", actor: Actor, at: datetime | None = None) -> Shipment:
    """Say that nobody took the parcel; an exception asks somebody to look after it."""
    return _say(shipment_id, Status.DELIVERY_FAILED, note=note, actor=actor, at=at)


@service
def lose_shipment(shipment_id: int, *, note: str = "", actor: Actor, at: datetime | None = None) -> Shipment:
    """Say that nobody knows where the parcel is; an exception asks somebody to look after it."""
    return _say(shipment_id, Status.LOST, note=note, actor=actor, at=at)


@service
def take_back_shipment(shipment_id: int, *, note: str = "", actor: Actor, at: datetime | None = None) -> Shipment:
    """Say that the carrier brought the parcel back; an exception asks somebody to look after it."""
    return _say(shipment_id, Status.RETURNED_TO_SENDER, note=note, actor=actor, at=at)


def _lock_shipment(shipment_id: int) -> Shipment:
    parcels = Shipment.objects.locked().select_related("order__channel").prefetch_related("lines")
    return parcels.get(pk=shipment_id)


def _say(shipment_id: int, status: Status, *, note: str, actor: Actor, at: datetime | None) -> Shipment:
    shipment = _lock_shipment(shipment_id)
    when = at or timezone.now()
    shipment.last_event_at = max(when, shipment.last_event_at or when)
    _move(shipment, status, note=note, actor=actor, at=when)
    return shipment


def _can(shipment: Shipment, step: str) -> bool:
    return can_proceed(getattr(shipment, step))


def _move(shipment: Shipment, status: Status, *, note: str, actor: Actor, at: datetime) -> None:
    """Move a locked parcel, tell the order, and see to what follows from it."""
    if status == Status.DELIVERED:
        shipment.delivered_at = at
    advance(shipment, STEPS[status], actor=actor, note=note, at=at)
    if status == Status.DELIVERED:
        _arrive(shipment, actor=actor, at=at)
    elif status in TROUBLE:
        _fail(shipment, actor=actor, at=at)


def _arrive(shipment: Shipment, *, actor: Actor, at: datetime) -> None:
    quiet = shipment.order.quiet
    emit(ShipmentDelivered(order_id=shipment.order_id, shipment_id=shipment.pk, quiet=quiet), actor=actor, at=at)
    orders.record_delivery(
        shipment.order_id, reference=str(shipment.number), quantities=contents_of(shipment), actor=actor, at=at
    )
    _settle_trouble(shipment)


def _settle_trouble(shipment: Shipment) -> None:
    """A parcel that arrived after all needs nobody to look for it."""
    keys = [_trouble_key(shipment, status) for status in TROUBLE]
    open_ones = OrderException.objects.filter(dedupe_key__in=keys, status__in=OPEN)
    for pk in open_ones.values_list("pk", flat=True):
        orders.close_exception(pk, resolution=DELIVERED_AFTER_ALL(), actor=SYSTEM)


def _trouble_key(shipment: Shipment, status: str) -> str:
    return f"shipment:{shipment.number}:{status}"


def _fail(shipment: Shipment, *, actor: Actor, at: datetime) -> None:
    status = Status(shipment.status)
    event = ShipmentFailed(
        order_id=shipment.order_id, shipment_id=shipment.pk, status=status.value, quiet=shipment.order.quiet
    )
    emit(event, actor=actor, at=at)
    words = {
        Status.DELIVERY_FAILED: UNDELIVERED,
        Status.RETURNED_TO_SENDER: CAME_BACK,
        Status.LOST: LOST,
    }
    orders.open_exception(
        category=f"parcel_{status.value}",
        title=words[status](parcel=shipment.number),
        dedupe_key=_trouble_key(shipment, status),
        order_id=shipment.order_id,
        severity=OrderException.Severity.CRITICAL if status == Status.LOST else OrderException.Severity.WARNING,
        payload={"shipment": shipment.number, "tracking_number": shipment.tracking_number},
        at=at,
    )


def _wonder(shipment: Shipment, event: CarrierEvent) -> None:
    """The carrier speaks of a parcel that, as far as we know, never left: somebody has to look."""
    if event.status not in STEPS and event.status != Status.IN_TRANSIT:
        return
    orders.open_exception(
        category="parcel_not_shipped",
        title=NEVER_SHIPPED(parcel=shipment.number),
        dedupe_key=f"shipment:{shipment.number}:not-shipped",
        order_id=shipment.order_id,
        payload={"shipment": shipment.number, "status": event.status},
        at=event.at,
    )
