"""What every step has in common: the work under its lock, what it holds, and what forbids to go on."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from core.service import service
from core.updating import update_each
from fulfillment.errors import OrderBlocked, UnknownLine, WrongKind, WrongQuantity
from fulfillment.held import STOPPING, held_parts
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from fulfillment.selectors import OPEN_WORK
from orders.models import Order, OrderStatus

Status = FulfillmentOrder.Status
WORKABLE = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)


def lock_work(fulfillment_order_id: int) -> FulfillmentOrder:
    """Lock one fulfillment order; its order is only read, and locked later by whoever changes it."""
    work = FulfillmentOrder.objects.locked().select_related("order__channel", "order__shipping_method", "warehouse")
    return work.get(pk=fulfillment_order_id)


def take_work(fulfillment_order_id: int, kind: str) -> FulfillmentOrder:
    """Lock work for a step on it. Raises OrderBlocked, and WrongKind for goods where services are meant."""
    work = lock_work(fulfillment_order_id)
    refuse_blocked(work.order)
    refuse_held(work)
    if work.kind != kind:
        raise WrongKind(_("%(work)s is about %(kind)s") % {"work": work, "kind": work.get_kind_display()})
    return work


def lines_of(work: FulfillmentOrder) -> list[FulfillmentLine]:
    """Return the lines of a piece of work with what was ordered, in the order of the agreement."""
    lines = FulfillmentLine.objects.filter(fulfillment_order=work).select_related("order_line__product")
    return list(lines.order_by("order_line__position"))


@service
def write_quantities(lines: Collection[FulfillmentLine]) -> None:
    """Write down how many units lines in hand have now; a line without any is dropped."""
    kept = [(line.pk, line.quantity) for line in lines if line.quantity]
    gone = [line.pk for line in lines if not line.quantity]
    update_each(FulfillmentLine, ["quantity"], kept)
    if gone:
        FulfillmentLine.objects.filter(pk__in=gone).delete()


def live_units(order_id: int, *, with_put_back: bool = False) -> dict[tuple[int | None, int], int]:
    """Return the units of an order that somebody already has to handle, per warehouse and order line.

    With those that are being put back: nobody fetches them before they lie in their bins.
    """
    units: dict[tuple[int | None, int], int] = defaultdict(int)
    handled = Q(fulfillment_order__status__in=OPEN_WORK)
    if with_put_back:
        handled |= Q(fulfillment_order__needs_put_back=True)
    live = FulfillmentLine.objects.filter(handled, fulfillment_order__order_id=order_id)
    for warehouse, line, quantity in live.values_list("fulfillment_order__warehouse_id", "order_line_id", "quantity"):
        units[warehouse, line] += quantity
    return units


def refuse_blocked(order: Order) -> None:
    """Raise OrderBlocked when nobody may work on the order: not agreed yet, over, or on hold."""
    if order.status not in WORKABLE:
        state = order.get_status_display()  # type: ignore[attr-defined]
        raise OrderBlocked(_("The order is %(state)s") % {"state": str(state).lower()}, order=order.number)
    if STOPPING & set(order.blocked_transitions):
        raise OrderBlocked(str(order.hold_reason or _("The order is on hold")), order=order.number)


def held_works(order: Order, works: Iterable[FulfillmentOrder]) -> dict[int, str]:
    """Return why pieces of work are on hold, by their id."""
    parts = held_parts(order)
    if not parts.lines and not parts.works:
        return {}
    by_id = {work.pk: work for work in works}
    line_ids: dict[int, list[int]] = defaultdict(list)
    for pk, line in FulfillmentLine.objects.filter(fulfillment_order__in=by_id).values_list(
        "fulfillment_order", "order_line"
    ):
        line_ids[pk].append(line)
    reasons = {pk: parts.why(str(work.number), line_ids[pk]) for pk, work in by_id.items()}
    return {pk: reason for pk, reason in reasons.items() if reason}


def why_held(work: FulfillmentOrder) -> str:
    """Say why this work, or a line in it, is on hold though the order is not; nothing where it is not."""
    return held_works(work.order, [work]).get(work.pk, "")


def refuse_held(work: FulfillmentOrder) -> None:
    """Raise OrderBlocked when this work, or a line in it, is on hold though the order is not."""
    if reason := why_held(work):
        raise OrderBlocked(reason, order=work.order.number)


def refuse_incomplete(order: Order) -> None:
    """Raise OrderBlocked when the customer wants all at once and something is missing."""
    if missing := why_incomplete(order):
        raise OrderBlocked(missing, order=order.number)


def why_incomplete(order: Order) -> str:
    """Say that an order ships complete only, where something of it is missing."""
    if order.ship_complete and order.allocation_status != Order.Allocation.ALLOCATED:
        return _("Ships complete only; waiting for the rest of the stock")
    return ""


def check_quantities(lines: Iterable[FulfillmentLine], quantities: Mapping[int, int]) -> None:
    """Refuse order lines that the work does not have, and more units than it has."""
    known = {line.order_line_id: line for line in lines}
    if unknown := sorted(set(quantities) - set(known)):
        raise UnknownLine(_("The work has no such line"), lines=unknown)
    for line_id, units in quantities.items():
        if not 0 <= units <= known[line_id].quantity:
            raise WrongQuantity(
                _("%(units)s of %(sku)s, but the work is about %(planned)s")
                % {"units": units, "sku": known[line_id].order_line.sku, "planned": known[line_id].quantity},
                sku=known[line_id].order_line.sku,
            )


def contents_of(shipment: Shipment) -> dict[int, int]:
    """Return the units in a parcel per order line."""
    return {line.order_line_id: line.quantity for line in shipment.lines.all()}


def stamp(work: FulfillmentOrder, at: datetime, *names: str) -> None:
    """Write down when the work reached its stations, where that is not known yet."""
    for name in names:
        if getattr(work, name) is None:
            setattr(work, name, at)
