"""Out of the building: stock is consumed, the order told, the parcel handed over; services are rendered."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import service
from core.transitions import advance
from fulfillment.carriers import carrier_for
from fulfillment.errors import LabelMissing, OrderBlocked, ShipsComplete
from fulfillment.events import ServiceRendered, ShipmentShipped
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from inventory import services as inventory
from orders import services as orders
from orders.models import Order, OrderLine

from .work import Status, contents_of, lines_of, stamp, take_work

UNPACKED = (Status.PLANNED, Status.RELEASED, Status.PICKING, Status.PICKED)
LEAVING = (Shipment.Status.LABEL_PENDING, Shipment.Status.READY)


@service
def ship_fulfillment_order(
    fulfillment_order_id: int,
    *,
    tracking_number: str = "",
    tracking_numbers: Sequence[str] = (),
    actor: Actor,
    at: datetime | None = None,
) -> FulfillmentOrder:
    """Hand packed parcels over: stock leaves, the order is told per parcel, the customer can track them.

    For carriers whose numbers staff type: one number per parcel, or a single one for the only parcel.
    """
    work = take_work(fulfillment_order_id, FulfillmentOrder.Kind.GOODS)
    _refuse_half_an_order(work)
    when = at or timezone.now()
    _refuse_over_limit(work, actor=actor, at=when)
    stamp(work, when, "shipped_at")
    advance(work, "ship", actor=actor, at=when)
    shipments = list(
        Shipment.objects.locked().filter(fulfillment_order=work, status__in=LEAVING).prefetch_related("lines")
    )
    _type_numbers(shipments, [tracking_number] if tracking_number else list(tracking_numbers))
    for shipment in shipments:
        _hand_over(shipment, actor=actor, at=when)
        orders.record_shipment(
            work.order_id, reference=str(shipment.number), quantities=contents_of(shipment), actor=actor, at=when
        )
    _announce_parcels(work.order, shipments, actor=actor, at=when)
    _consume(work, lines_of(work), actor=actor, at=when)
    return work


@service
def render_service(
    fulfillment_order_id: int, *, note: str = "", actor: Actor, at: datetime | None = None
) -> FulfillmentOrder:
    """Say that a service was done: it is shipped and delivered in one, and can be invoiced."""
    work = take_work(fulfillment_order_id, FulfillmentOrder.Kind.SERVICE)
    when = at or timezone.now()
    _refuse_over_limit(work, actor=actor, at=when)
    stamp(work, when, "shipped_at")
    advance(work, "render", actor=actor, note=note, at=when)
    lines = lines_of(work)
    units = {line.order_line_id: line.quantity for line in lines}
    _mark_done(lines)
    emit(_rendered(work), actor=actor, at=when)
    orders.record_shipment(work.order_id, reference=str(work.number), quantities=units, actor=actor, at=when)
    orders.record_delivery(work.order_id, reference=str(work.number), quantities=units, actor=actor, at=when)
    return work


def _refuse_over_limit(work: FulfillmentOrder, *, actor: Actor, at: datetime) -> None:
    """Raise OrderBlocked when the customer would owe more than they may."""
    if waits := orders.look_at_credit(work.order, actor=actor, at=at):
        raise OrderBlocked(waits, order=work.order.number)


def _refuse_half_an_order(work: FulfillmentOrder) -> None:
    """Raise ShipsComplete when the customer wants all in one go and something is not packed yet."""
    if not work.order.ship_complete:
        return
    others = FulfillmentOrder.objects.filter(
        order_id=work.order_id, kind=FulfillmentOrder.Kind.GOODS, status__in=UNPACKED
    )
    if (other := others.exclude(pk=work.pk).first()) is not None:
        raise ShipsComplete(_("Ships complete only; %(work)s is not packed yet") % {"work": other})
    if OrderLine.objects.filter(order_id=work.order_id, backordered__gt=0).exists():
        raise ShipsComplete(_("Ships complete only; waiting for the rest of the stock"))


def _type_numbers(shipments: Sequence[Shipment], numbers: Sequence[str]) -> None:
    """Put typed numbers on the parcels of carriers that have none of their own."""
    typed = [shipment for shipment in shipments if carrier_for(shipment.carrier).types_number]
    for shipment, number in zip(typed, numbers, strict=False):
        shipment.tracking_number = number.strip() or shipment.tracking_number


def _hand_over(shipment: Shipment, *, actor: Actor, at: datetime) -> None:
    """Let one parcel go. A label that staff write themselves is on it by now; any other must be there."""
    steps = ["hand_over"]
    if shipment.status == Shipment.Status.LABEL_PENDING:
        if not carrier_for(shipment.carrier).types_number:
            raise LabelMissing(_("%(parcel)s waits for its label") % {"parcel": shipment}, shipment=shipment.number)
        steps = ["make_ready", "hand_over"]
    shipment.shipped_at = at
    advance(shipment, *steps, actor=actor, at=at)


def _announce_parcels(order: Order, shipments: Iterable[Shipment], *, actor: Actor, at: datetime) -> None:
    quiet = order.quiet
    events = (ShipmentShipped(order_id=order.pk, shipment_id=shipment.pk, quiet=quiet) for shipment in shipments)
    emit(*events, actor=actor, at=at)


def _consume(work: FulfillmentOrder, lines: Sequence[FulfillmentLine], *, actor: Actor, at: datetime) -> None:
    """Take the picked units off the shelf. Last, because it locks the stock rows."""
    if work.order.reservation_id is None or work.warehouse_id is None:
        return
    units: dict[int, int] = defaultdict(int)
    for line in lines:
        units[line.order_line.position] += line.picked
    inventory.consume(
        work.order.reservation_id,
        warehouse_id=work.warehouse_id,
        quantities=units,
        reference=str(work.number),
        actor=actor,
        at=at,
    )


def _mark_done(lines: Sequence[FulfillmentLine]) -> None:
    for line in lines:
        line.picked = line.quantity
    FulfillmentLine.objects.bulk_update(lines, ["picked"])


def _rendered(work: FulfillmentOrder) -> ServiceRendered:
    return ServiceRendered(order_id=work.order_id, fulfillment_order_id=work.pk, quiet=work.order.quiet)
