"""An order taken in hand: locked once, its lines read once, each figure written once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from core.service import held, hold, service
from core.updating import update_each
from orders.errors import QuantityMismatch, UnknownOrder
from orders.models import Movement, Order, OrderCharge, OrderLine

Kind = Movement.Kind
# Everything on an order that is derived, or that facts of other floors bring along.
FIGURES = (
    "allocation_status",
    "fulfillment_status",
    "payment_status",
    "invoice_status",
    "return_status",
    "authorized_total",
    "paid_total",
    "refunded_total",
    "overdrawn_total",
    "invoiced_total",
    "credited_total",
    "written_off_total",
    "cancelled_total",
    "balance_due",
    "active_holds",
    "blocked_transitions",
    "hold_reason",
    "open_exceptions",
    "open_returns",
    "shipped_at",
    "delivered_at",
)
COUNTED = (
    "allocated",
    "backordered",
    "shipped",
    "delivered",
    "cancelled",
    "return_authorized",
    "returned",
    "invoiced",
    "credited",
)


def take_order(order_id: int) -> Order:
    """Lock an order for a change. Whoever holds it holds its lines, charges, holds and exceptions too."""
    if (in_hand := held(Order, order_id)) is not None:
        return in_hand
    order = Order.objects.locked().select_related("channel").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder(f"There is no order {order_id}")
    return hold(order)


def lines_of(order: Order) -> list[OrderLine]:
    """Read the lines of an order in hand."""
    return list(OrderLine.objects.filter(order=order).order_by("position"))


def charges_of(order: Order) -> list[OrderCharge]:
    """Read the charges of an order in hand."""
    return list(OrderCharge.objects.filter(order=order).order_by("position"))


@service
def move_units(
    lines: Iterable[OrderLine], kind: Kind, quantities: Mapping[int, int], *, reference: str = "", at: datetime
) -> None:
    """Note what happened to units of lines: on the objects, in their rows and as movements.

    `quantities` is by line id. Raises QuantityMismatch when a line has not that many such units.
    """
    write_units(note_units(lines, kind, quantities, reference=reference, at=at))


def note_units(
    lines: Iterable[OrderLine], kind: Kind, quantities: Mapping[int, int], *, reference: str = "", at: datetime
) -> list[Movement]:
    """Note what happened to units of lines on the objects only; `write_units` writes all of it at once."""
    by_id = {line.pk: line for line in lines}
    if strangers := [str(pk) for pk in quantities if pk not in by_id]:
        raise QuantityMismatch(f"The order has no line {', '.join(strangers)}", lines=strangers)
    moved = {by_id[pk]: units for pk, units in quantities.items() if units}
    for line, units in moved.items():
        _apply(line, kind, units)
    return [
        Movement(line=line, kind=kind, quantity=units, reference=reference, at=at) for line, units in moved.items()
    ]


@service
def write_units(movements: Sequence[Movement]) -> None:
    """Write noted movements, and the figures of their lines, in one statement each."""
    if not movements:
        return
    columns = sorted({column for one in movements for column in EFFECTS[one.kind]})
    moved = {one.line_id: one.line for one in movements}
    rows = [[line.pk, *[getattr(line, name) for name in columns]] for line in moved.values()]
    update_each(OrderLine, columns, rows)
    Movement.objects.bulk_create(movements)


EFFECTS: dict[str, tuple[str, ...]] = {
    Kind.ALLOCATED: ("allocated", "backordered", "lent", "lent_until"),
    Kind.UNALLOCATED: ("allocated", "backordered", "lent", "lent_until"),
    Kind.CANCELLED: ("cancelled", "allocated", "backordered", "lent", "lent_until"),
    Kind.SHIPPED: ("shipped", "allocated"),
    Kind.DELIVERED: ("delivered",),
    Kind.INVOICED: ("invoiced",),
    Kind.CREDITED: ("credited",),
    Kind.RETURN_AUTHORIZED: ("return_authorized",),
    Kind.RETURNED: ("returned",),
}


def _apply(line: OrderLine, kind: Kind, units: int) -> None:
    """Change the figures of one line in memory, and refuse what invariant I2 does not allow."""
    if kind == Kind.ALLOCATED:
        line.allocated, line.backordered = line.allocated + units, line.backordered - units
    elif kind == Kind.UNALLOCATED:
        line.allocated, line.backordered = line.allocated - units, line.backordered + units
    elif kind == Kind.CANCELLED:
        waiting = min(units, line.backordered)
        line.cancelled += units
        line.backordered -= waiting
        line.allocated -= min(units - waiting, line.allocated)
    elif kind == Kind.SHIPPED:
        line.shipped += units
        line.allocated -= min(units, line.allocated)
    else:
        column = EFFECTS[kind][0]
        setattr(line, column, getattr(line, column) + units)
    # What came back, or is not wanted any more, is lent no longer.
    line.lent = min(line.lent, line.backordered)
    line.lent_until = line.lent_until if line.lent else None
    if not _is_possible(line):
        raise QuantityMismatch(
            f"{line.sku}: {units} units cannot be {Movement.Kind(kind).value.replace('_', ' ')}",
            sku=line.sku,
            kind=str(kind),
            quantity=units,
        )


def _is_possible(line: OrderLine) -> bool:
    """Whether invariant I2 holds for a line."""
    return (
        all(getattr(line, name) >= 0 for name in COUNTED)
        and line.allocated + line.backordered + line.cancelled + line.shipped <= line.quantity
        and line.delivered <= line.shipped
        and line.returned <= line.return_authorized <= line.shipped
        and line.cancelled + line.invoiced - line.credited <= line.quantity
    )


@service
def invoice_charges(charges: Sequence[OrderCharge], positions: Iterable[int]) -> None:
    """Note that charges are on an invoice."""
    wanted = set(positions)
    billed = [charge for charge in charges if charge.position in wanted and not charge.invoiced]
    for charge in billed:
        charge.invoiced = True
    if billed:
        OrderCharge.objects.filter(pk__in=[charge.pk for charge in billed]).update(invoiced=True)


@service
def cancel_charges(charges: Sequence[OrderCharge]) -> None:
    """Note that charges will not be asked for."""
    for charge in charges:
        charge.cancelled = True
    if charges:
        OrderCharge.objects.filter(pk__in=[charge.pk for charge in charges]).update(cancelled=True)


@service
def save_figures(order: Order, *more: str) -> None:
    """Write the derived figures of an order in hand; its agreement, and so its version, stays."""
    order.updated_at = timezone.now()
    values = {name: getattr(order, name) for name in (*FIGURES, *more, "updated_at")}
    Order.objects.filter(pk=order.pk).update(**values)


@service
def touch(order: Order, **changes: object) -> None:
    """Write a change of the agreement of an order in hand that moves no status; counts as a version."""
    for name, value in changes.items():
        setattr(order, name, value)
    order.version += 1
    order.updated_at = timezone.now()
    Order.objects.filter(pk=order.pk).update(**changes, version=F("version") + 1, updated_at=order.updated_at)
