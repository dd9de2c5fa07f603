"""From the trolley into parcels with labels."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.files import keep_file
from core.outbox import emit
from core.service import service
from core.transitions import advance
from fulfillment.carriers import Carrier, Label, carrier_for
from fulfillment.errors import NothingPicked, WrongQuantity
from fulfillment.events import LabelRequested
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine
from orders.models import Order

from .work import check_quantities, lines_of, stamp, take_work

MANUAL = "manual"


@dataclass(frozen=True, kw_only=True)
class ParcelInput:
    """One box: units per order line. Without a weight the products' own weights count."""

    quantities: Mapping[int, int] = field(default_factory=dict)
    weight_grams: int = 0
    tracking_number: str = ""


@service
def pack(
    fulfillment_order_id: int,
    *,
    parcels: Sequence[ParcelInput] | None = None,
    actor: Actor,
    at: datetime | None = None,
) -> list[Shipment]:
    """Put what was picked into parcels, all of it into one unless said otherwise, with a label on each.

    Carriers outside the house are asked for their labels after the commit; until then a parcel waits.
    """
    work = take_work(fulfillment_order_id, FulfillmentOrder.Kind.GOODS)
    when = at or timezone.now()
    lines = lines_of(work)
    boxes = list(parcels or [ParcelInput(quantities={line.order_line_id: line.picked for line in lines})])
    _check_contents(lines, boxes)
    stamp(work, when, "packed_at")
    advance(work, "pack", actor=actor, at=when)
    shipments = [_wrap(work, box, lines, position, at=when) for position, box in enumerate(boxes, start=1)]
    _label(shipments, actor=actor, at=when)
    _fill(shipments, boxes)
    return shipments


@service
def attach_label(shipment_id: int, *, label: Label, actor: Actor) -> Shipment:
    """Put on a parcel the label that its carrier gave. A second answer of the carrier changes nothing."""
    shipment = Shipment.objects.locked().get(pk=shipment_id)
    if shipment.status != Shipment.Status.LABEL_PENDING:
        return shipment
    shipment.tracking_number = label.tracking_number
    shipment.tracking_url = label.tracking_url
    if label.pdf:
        shipment.label = keep_file(
            name=f"{shipment.number}.pdf",
            content=label.pdf,
            content_type="application/pdf",
            thread=shipment.history_thread(),
        )
    advance(shipment, "make_ready", actor=actor)
    return shipment


def _check_contents(lines: Sequence[FulfillmentLine], boxes: Sequence[ParcelInput]) -> None:
    """Every picked unit is in exactly one box, and no box is empty."""
    packed: dict[int, int] = defaultdict(int)
    for box in boxes:
        check_quantities(lines, box.quantities)
        if not any(box.quantities.values()):
            raise NothingPicked(_("A parcel would be empty"))
        for line_id, units in box.quantities.items():
            packed[line_id] += units
    for line in lines:
        if packed[line.order_line_id] != line.picked:
            raise WrongQuantity(
                _("%(packed)s of %(sku)s are packed, %(picked)s were picked")
                % {"packed": packed[line.order_line_id], "sku": line.order_line.sku, "picked": line.picked},
                sku=line.order_line.sku,
            )


def _carrier_of(order: Order) -> str:
    """Return who carries the order: the carrier of its method; by hand where it is collected or nobody knows."""
    method = order.shipping_method
    return MANUAL if method is None or method.pickup else method.carrier


def _wrap(
    work: FulfillmentOrder, box: ParcelInput, lines: Sequence[FulfillmentLine], position: int, *, at: datetime
) -> Shipment:
    """Return a parcel that is not written down yet."""
    by_id = {line.order_line_id: line.order_line.product for line in lines}
    weight = sum(by_id[line_id].weight_grams * units for line_id, units in box.quantities.items())
    return Shipment(
        fulfillment_order=work,
        order=work.order,
        position=position,
        carrier=_carrier_of(work.order),
        tracking_number=box.tracking_number.strip(),
        weight_grams=box.weight_grams or weight,
        estimated_delivery_on=work.order.promised_on,
        created_at=at,
    )


def _has_label(shipment: Shipment, carrier: Carrier) -> bool:
    """Say whether a parcel has all it needs to leave, or waits for a label or for a typed number."""
    if carrier.outside:
        return False
    method = shipment.order.shipping_method
    collected = method is not None and method.pickup
    return not carrier.types_number or bool(shipment.tracking_number) or collected


def _stick(shipment: Shipment, carrier: Carrier) -> None:
    label = carrier.create_label(shipment)
    shipment.tracking_number = label.tracking_number
    shipment.tracking_url = label.tracking_url


def _label(shipments: Sequence[Shipment], *, actor: Actor, at: datetime) -> None:
    """Write parcels down, ready where the label is at hand, and ask outside carriers for theirs."""
    waiting = []
    for shipment in shipments:
        carrier = carrier_for(shipment.carrier)
        if _has_label(shipment, carrier):
            _stick(shipment, carrier)
            advance(shipment, "make_ready", actor=actor, at=at)
            continue
        waiting.append(shipment)
    Shipment.objects.bulk_create(waiting)
    for shipment in waiting:
        if carrier_for(shipment.carrier).outside:
            quiet = shipment.order.quiet
            emit(LabelRequested(order_id=shipment.order_id, shipment_id=shipment.pk, quiet=quiet), actor=actor, at=at)


def _fill(shipments: Sequence[Shipment], boxes: Sequence[ParcelInput]) -> None:
    """Write down what is in each parcel."""
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line_id=line_id, quantity=units)
        for shipment, box in zip(shipments, boxes, strict=True)
        for line_id, units in box.quantities.items()
        if units
    )
