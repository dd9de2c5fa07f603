"""All steps in one go, for goods that are gone already: imports of history, and sales over the counter."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import already_paid, service
from core.transitions import advance
from fulfillment.carriers import carrier_for
from fulfillment.errors import LabelMissing, OrderBlocked, PlannedMeanwhile, ShipsComplete
from fulfillment.events import ShipmentDelivered
from fulfillment.held import HeldParts, held_parts
from fulfillment.leaving import key_of_work
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine
from fulfillment.selectors import OPEN_WORK
from inventory import services as inventory
from inventory.models import Warehouse
from orders import services as orders
from orders.guards import begins_later
from orders.models import Order, OrderLine

from .leaving_waves import settle_wave
from .packing import ParcelInput, _stick, _wrap
from .planning import Work, _announce, _lock_order, _missing_work, _order_lines
from .shipping import LEAVING, _announce_parcels, _rendered, _type_numbers
from .work import Status, contents_of, refuse_blocked, stamp

Kind = FulfillmentOrder.Kind
ON_THE_TROLLEY = (Status.PICKED, Status.PACKED)
GOODS_STEPS = {
    Status.PLANNED: "release",
    Status.RELEASED: "start",
    Status.PICKING: "pick",
    Status.PICKED: "pack",
    Status.PACKED: "ship",
}
SERVICE_STEPS = {Status.PLANNED: "release", Status.RELEASED: "render"}


@dataclass(frozen=True)
class Stations:
    """When work reached the stations before it left, where that is known."""

    released: datetime | None = None
    picked: datetime | None = None
    packed: datetime | None = None

    @property
    def times(self) -> dict[str, datetime]:
        """Return the time of each step."""
        known = {"release": self.released, "start": self.released, "pick": self.picked, "pack": self.packed}
        return {name: at for name, at in known.items() if at is not None}


@dataclass
class Parcel:
    """A parcel with its units per order line."""

    shipment: Shipment
    contents: dict[int, int]


@service
def fulfil_through(
    order_id: int,
    *,
    through: Literal["shipped", "delivered"] = "delivered",
    shipped_at: datetime | None = None,
    delivered_at: datetime | None = None,
    tracking_number: str = "",
    numbers: Mapping[str, str] | None = None,
    places: Collection[str] | None = None,
    stations: Stations | None = None,
    actor: Actor,
) -> list[Shipment]:
    """Take an order through every step of its fulfillment at once, each written down with its real date.

    Work that exists is carried on from where it stands; goods leave in one parcel per warehouse unless
    they were packed before. What is not tied to stock stays open. `numbers` are tracking numbers by the key of a
    parcel (`fulfillment.leaving`), `stations` when goods were fetched and packed, where that is known. Only what lies
    in `places` leaves, if they are named (codes of warehouses); a part that is on hold stays. Returns the parcels.

    Raises ShipsComplete where the customer wants all at once and something would stay, unless it has left already.
    """
    existing = list(FulfillmentOrder.objects.locked().filter(order_id=order_id, status__in=OPEN_WORK))
    order = _lock_order(order_id)
    refuse_blocked(order)
    parts = held_parts(order)
    left = shipped_at or timezone.now()
    arrived = (delivered_at or left) if through == "delivered" else None
    # What is told afterwards has left, be it earlier than it was wanted.
    every = _all_work(order, existing, at=left, early=shipped_at is not None)
    works = every if places is None else _within(every, places)
    if every and not works:
        raise OrderBlocked(_("What is left of this order lies in other warehouses than yours"), order=order.number)
    held_up = {id(work): why for work in works if (why := _why_held(work, parts))}
    if works and len(held_up) == len(works):
        raise OrderBlocked(next(iter(held_up.values())), order=order.number)
    works = [work for work in works if id(work) not in held_up]
    if not works:
        later = order.why_not("release") if begins_later(order) else ""
        raise OrderBlocked(later or _("Nothing of this order is there to be shipped"), order=order.number)
    if shipped_at is None:
        _refuse_half_an_order(order, [work for work in every if work not in works])
    typed = defaultdict(lambda: tracking_number, numbers or {})
    parcels = _packed_parcels(works)
    for parcel in parcels:
        _type_numbers([parcel.shipment], [typed[str(parcel.shipment.number)]])
    keys = {id(work): key_of_work(work.order) for work in works}
    for work in works:
        _finish(work, actor=actor, at=left, stations=stations or Stations())
    parcels += _new_parcels(works, parcels, numbers={id(work): typed[keys[id(work)]] for work in works}, at=left)
    _send(parcels, actor=actor, left=left, arrived=arrived)
    _tell_the_order(order, works, parcels, actor=actor, left=left, arrived=arrived)
    for wave_id in {work.order.wave_id for work in works}:
        settle_wave(wave_id, actor=actor, at=left)
    _take_off_the_shelf(order, works, actor=actor, at=left)
    if len(works) == len(every):
        # All work is planned and done here: who confirmed the order in this unit owes no planning for it.
        already_paid("fulfillment.handlers.plan_fulfillment", order.history_thread())
    return [parcel.shipment for parcel in parcels]


@service
def ship_order(
    order_id: int,
    *,
    numbers: Mapping[str, str] | None = None,
    places: Collection[str] | None = None,
    actor: Actor,
) -> list[Shipment]:
    """Ship everything of an order that is here: what nobody picked or packed yet is picked and packed with it.

    Work in other warehouses than `places` is left alone, if they are named.

    Raises ShipsComplete where the customer wants all at once and something is missing, LabelMissing where a carrier
    has to be asked for its label first, and OrderBlocked.
    """
    return fulfil_through(order_id, through="shipped", numbers=numbers, places=places, actor=actor)


def _all_work(order: Order, existing: Sequence[FulfillmentOrder], *, at: datetime, early: bool) -> list[Work]:
    """Return all open work of a locked order; what nobody planned yet has no row yet."""
    ordered = _order_lines(order)
    by_id = {line.pk: line for line in ordered}
    works = {work.pk: Work(work) for work in existing}
    for work in existing:
        work.order = order
    covered: dict[tuple[int | None, int], int] = defaultdict(int)
    back = Q(fulfillment_order__needs_put_back=True)
    live = FulfillmentLine.objects.filter(
        back | Q(fulfillment_order__status__in=OPEN_WORK), fulfillment_order__order=order
    ).annotate(is_back=F("fulfillment_order__needs_put_back"), place=F("fulfillment_order__warehouse"))
    for line in live.order_by("pk"):
        if line.is_back:
            # Nobody fetches what is still carried back.
            covered[line.place, line.order_line_id] += line.quantity
            continue
        if (planned := works.get(line.fulfillment_order_id)) is None:
            raise PlannedMeanwhile(_("Somebody planned work for this order at the same moment; look again"))
        line.order_line = by_id[line.order_line_id]
        planned.lines.append(line)
        covered[planned.order.warehouse_id, line.order_line_id] += line.quantity
    return [*works.values(), *_missing_work(order, ordered, covered, at=at, early=early)]


def _refuse_half_an_order(order: Order, left: Sequence[Work]) -> None:
    """Raise ShipsComplete when the customer wants all in one go and something is missing, or not packed elsewhere."""
    if not order.ship_complete:
        return
    if OrderLine.objects.filter(order=order, backordered__gt=0).exists():
        raise ShipsComplete(_("Ships complete only; waiting for the rest of the stock"))
    if any(work.order.status != Status.PACKED for work in left):
        raise ShipsComplete(_("Ships complete only; some of it is still to be packed in another warehouse"))


def _why_held(work: Work, parts: HeldParts) -> str:
    number = str(work.order.number) if work.order.pk else ""
    return parts.why(number, [line.order_line.pk for line in work.lines])


def _within(works: Sequence[Work], places: Collection[str]) -> list[Work]:
    """Return the work in some warehouses, and services, which are rendered at no shelf."""
    ids = {None, *Warehouse.objects.filter(code__in=places).values_list("pk", flat=True)}
    return [work for work in works if work.order.warehouse_id in ids]


def _packed_parcels(works: Sequence[Work]) -> list[Parcel]:
    """Find the parcels of work that was packed before."""
    packed = [work.order.pk for work in works if work.order.status == Status.PACKED]
    if not packed:
        return []
    waiting = Shipment.objects.locked().filter(fulfillment_order__in=packed, status__in=LEAVING)
    return [Parcel(shipment, contents_of(shipment)) for shipment in waiting.prefetch_related("lines")]


def _finish(work: Work, *, actor: Actor, at: datetime, stations: Stations) -> None:
    """Take a piece of work from where it stands to its end, and write it down with its lines."""
    new = work.order.pk is None
    on_the_trolley = work.order.status in ON_THE_TROLLEY
    goods = work.order.kind == Kind.GOODS
    stamp(work.order, stations.released or at, "released_at")
    if goods:
        stamp(work.order, stations.picked or at, "picked_at")
        stamp(work.order, stations.packed or at, "packed_at")
    stamp(work.order, at, "shipped_at")
    for line in work.lines:
        line.picked = line.picked if on_the_trolley else line.quantity
    advance(work.order, *_steps(work.order), actor=actor, at=at, times=stations.times)
    if not new:
        FulfillmentLine.objects.bulk_update(work.lines, ["picked"])
        return
    for line in work.lines:
        line.fulfillment_order = work.order
    FulfillmentLine.objects.bulk_create(work.lines)
    _announce(work.order.order, [work.order], actor=actor, at=at)


def _steps(work: FulfillmentOrder) -> list[str]:
    """Return the steps from where the work stands to its end."""
    if work.kind == Kind.SERVICE and work.status == Status.PICKING:
        return ["render"]
    steps = SERVICE_STEPS if work.kind == Kind.SERVICE else GOODS_STEPS
    return list(steps.values())[list(steps).index(Status(work.status)) :]


def _new_parcels(
    works: Sequence[Work], packed: Sequence[Parcel], *, numbers: Mapping[int, str], at: datetime
) -> list[Parcel]:
    """Return a parcel, without a row yet, for the goods of each place that were in none."""
    in_a_parcel = {parcel.shipment.fulfillment_order_id for parcel in packed}
    parcels = []
    for work in works:
        if work.order.kind == Kind.GOODS and work.order.pk not in in_a_parcel:
            contents = {line.order_line_id: line.picked for line in work.lines if line.picked}
            box = ParcelInput(quantities=contents, tracking_number=numbers[id(work)])
            parcels.append(Parcel(_wrap(work.order, box, work.lines, 1, at=at), contents))
    return parcels


def _send(parcels: Sequence[Parcel], *, actor: Actor, left: datetime, arrived: datetime | None) -> None:
    """Hand parcels over, and say that they arrived, if they did."""
    new = [parcel for parcel in parcels if parcel.shipment.pk is None]
    for parcel in parcels:
        _send_one(parcel.shipment, actor=actor, left=left, arrived=arrived)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=parcel.shipment, order_line_id=line_id, quantity=units)
        for parcel in new
        for line_id, units in parcel.contents.items()
    )


def _send_one(shipment: Shipment, *, actor: Actor, left: datetime, arrived: datetime | None) -> None:
    steps = ["hand_over"]
    if shipment.status == Shipment.Status.LABEL_PENDING:
        carrier = carrier_for(shipment.carrier)
        if carrier.outside:
            raise LabelMissing(_("%(parcel)s waits for its label") % {"parcel": shipment}, carrier=carrier.code)
        _stick(shipment, carrier)
        steps = ["make_ready", "hand_over"]
    shipment.shipped_at = left
    if arrived == left:
        shipment.delivered_at = arrived
        steps.append("deliver")
    advance(shipment, *steps, actor=actor, at=left)
    if arrived is not None and arrived != left:
        shipment.delivered_at = arrived
        advance(shipment, "deliver", actor=actor, at=arrived)


def _tell_the_order(
    order: Order,
    works: Sequence[Work],
    parcels: Sequence[Parcel],
    *,
    actor: Actor,
    left: datetime,
    arrived: datetime | None,
) -> None:
    """Record on the order what left and what arrived, per parcel and per rendered service."""
    services = [work for work in works if work.order.kind == Kind.SERVICE]
    sent = {str(parcel.shipment.number): parcel.contents for parcel in parcels}
    rendered = {
        str(work.order.number): {line.order_line_id: line.quantity for line in work.lines} for work in services
    }
    arrivals = dict.fromkeys(rendered, left) | (dict.fromkeys(sent, arrived) if arrived else {})
    orders.record_passage(order.pk, left={**sent, **rendered}, arrived=arrivals, left_at=left, actor=actor)
    _announce_parcels(order, [parcel.shipment for parcel in parcels], actor=actor, at=left)
    emit(*(_rendered(work.order) for work in services), actor=actor, at=left)
    if arrived is not None:
        quiet = order.quiet
        there = (ShipmentDelivered(order_id=order.pk, shipment_id=one.shipment.pk, quiet=quiet) for one in parcels)
        emit(*there, actor=actor, at=arrived)


def _take_off_the_shelf(order: Order, works: Sequence[Work], *, actor: Actor, at: datetime) -> None:
    """Consume what left, in all warehouses at once. Last, because it locks the stock rows."""
    units: dict[tuple[int, int], int] = defaultdict(int)
    references: dict[int, str] = {}
    for work in works:
        if (warehouse := work.order.warehouse_id) is not None:
            references[warehouse] = str(work.order.number)
            for line in work.lines:
                units[line.order_line.position, warehouse] += line.picked
    if references and order.reservation_id is not None:
        inventory.consume_everywhere(order.reservation_id, units=units, references=references, actor=actor, at=at)
