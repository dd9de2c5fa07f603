"""What would leave the building if an order were shipped now, parcel by parcel: read only."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from fulfillment.carriers import CARRIERS
from fulfillment.held import HeldParts, held_parts
from fulfillment.models import FulfillmentOrder, Shipment
from fulfillment.selectors import OPEN_WORK, with_contents, with_lines
from inventory import services as inventory
from inventory.models import Warehouse
from orders.models import Order, OrderLine

MANUAL = "manual"
WAITING = (Shipment.Status.LABEL_PENDING, Shipment.Status.READY)


@dataclass(frozen=True)
class Leaving:
    """A parcel to be, or one that is packed. `key` names it to `ship_order`, `warehouse` is the code of its place.

    `types_number`: its tracking number is typed by staff; `needs_label`: its carrier has to be asked for one first;
    `held` is why it stays though the rest may leave.
    """

    key: str
    warehouse: str
    place: str
    carrier: Any
    contents: list[tuple[OrderLine, int]]
    number: str = ""
    types_number: bool = False
    needs_label: bool = False
    held: str = ""

    @property
    def units(self) -> int:
        """Return how many pieces are in it."""
        return sum(units for _line, units in self.contents)


def key_of_work(work: FulfillmentOrder) -> str:
    """Return what the parcel of a piece of work is called before it has a number: the work, or else its place."""
    return f"place-{work.warehouse_id}" if work.pk is None else str(work.number)


def leaving(order: Order, lines: list[OrderLine]) -> list[Leaving]:
    """Return the parcels that would leave, those of begun work first: six statements, one more where it has holds."""
    parts = held_parts(order)
    goods = FulfillmentOrder.objects.filter(order=order, kind=FulfillmentOrder.Kind.GOODS, status__in=OPEN_WORK)
    works = list(with_lines(goods.select_related("warehouse")).order_by("pk"))
    packed = [work.pk for work in works if work.status == FulfillmentOrder.Status.PACKED]
    parcels: dict[int, list[Shipment]] = defaultdict(list)
    if packed:
        shipments = Shipment.objects.filter(fulfillment_order__in=packed, status__in=WAITING)
        for shipment in with_contents(shipments).order_by("pk"):
            parcels[shipment.fulfillment_order_id].append(shipment)
    found: list[Leaving] = []
    for work in works:
        why = parts.why(str(work.number), [line.order_line_id for line in work.lines.all()])
        mine = [_packed(work, one) for one in parcels[work.pk]] or [_begun(order, work)]
        found += [replace(one, held=why) for one in mine]
    return found + _unplanned(order, lines, works, parts)


def _packed(work: FulfillmentOrder, shipment: Shipment) -> Leaving:
    contents = [(line.order_line, line.quantity) for line in shipment.lines.all()]
    carrier = CARRIERS.get(shipment.carrier)
    waits = shipment.status == Shipment.Status.LABEL_PENDING and carrier is not None and carrier.outside
    return Leaving(
        key=str(shipment.number),
        warehouse=work.warehouse.code if work.warehouse else "",
        place=_name(work.warehouse),
        carrier=carrier.name if carrier else shipment.carrier,
        contents=contents,
        number=shipment.tracking_number,
        types_number=carrier is not None and carrier.types_number,
        needs_label=waits,
    )


def _begun(order: Order, work: FulfillmentOrder) -> Leaving:
    picked = work.status == FulfillmentOrder.Status.PICKED
    contents = [(line.order_line, line.picked if picked else line.quantity) for line in work.lines.all()]
    return _new(order, key_of_work(work), work.warehouse, [pair for pair in contents if pair[1]])


def _unplanned(order: Order, lines: list[OrderLine], works: list[FulfillmentOrder], parts: HeldParts) -> list[Leaving]:
    """Return what is tied to stock and that nobody planned yet; lines on hold are planned apart."""
    if order.reservation_id is None:
        return []
    by_position = {line.position: line for line in lines}
    units: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in inventory.open_allocations(order.reservation_id):
        units[one.warehouse_id][one.key] += one.quantity
    for work in works:
        for line in work.lines.all():
            units[work.warehouse_id or 0][line.order_line.position] -= line.quantity
    rest = {
        place: [(by_position[key], count) for key, count in sorted(wanted.items()) if count > 0 and key in by_position]
        for place, wanted in units.items()
    }
    left = {place: contents for place, contents in rest.items() if contents}
    places = Warehouse.objects.in_bulk(left) if left else {}
    found = []
    for place, contents in left.items():
        free = [pair for pair in contents if pair[0].pk not in parts.lines]
        kept = [pair for pair in contents if pair[0].pk in parts.lines]
        if free:
            found.append(_new(order, f"place-{place}", places.get(place), free))
        if kept:
            why = parts.why("", [line.pk for line, _units in kept])
            found.append(replace(_new(order, f"place-{place}", places.get(place), kept), held=why))
    return found


def _new(order: Order, key: str, place: Warehouse | None, contents: list[tuple[OrderLine, int]]) -> Leaving:
    method = order.shipping_method
    code = MANUAL if method is None or method.pickup else method.carrier
    carrier = CARRIERS.get(code)
    return Leaving(
        key=key,
        warehouse=place.code if place else "",
        place=_name(place),
        carrier=carrier.name if carrier else code,
        contents=contents,
        types_number=carrier is not None and carrier.types_number,
        needs_label=carrier is None or carrier.outside,
    )


def _name(warehouse: Warehouse | None) -> str:
    return warehouse.name if warehouse else ""
