"""Stock that is kept for who has not paid: for a time only, and for good as soon as the money is there."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from inventory import services as inventory
from inventory.kits import needs_of
from orders import guards, promise, selectors
from orders.derivation import restate
from orders.events import BackordersFilled, StockLapsed, StockMissed, UnitsAwaited
from orders.models import Movement, Order, OrderLine
from orders.outlook import Demanding

from .book import lines_of, move_units, save_figures, take_order, write_units
from .inline import InLine, note_gain
from .promising import days_of, estimate, places_of, promise_lines, releases, waiting
from .routing import route_order

# What keeping and letting go change beside the figures.
COLUMNS = (
    *("stock_held_until", "stock_lapsed", "sourcing"),
    *("estimated_delivery_on", "ship_by_on", "starts_on", "all_later"),
)


def time_to_pay(order: Order, *, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return until when an order is to be paid, and until when its stock is kept for it if that ends before."""
    if not guards.payment_missing(order):
        return None, None
    due = at + timedelta(days=order.channel.payment_days)
    minutes = order.channel.hold_minutes
    until = at + timedelta(minutes=minutes) if minutes else due
    return due, until if until < due else None


def may_keep(order: Order) -> bool:
    """Whether stock that was kept for a time only, or was let go, is now to be kept for good."""
    return (
        order.stock_held_until is not None and order.status in selectors.AWAITING and not guards.payment_missing(order)
    )


@service
def keep_for_good(order: Order, *, actor: Actor, at: datetime) -> Sequence[str]:
    """Keep, on an order in hand, its stock without an end; where it was let go, tie what there is.

    Others who stand in front keep what they are about to get, and what is missing then is told. Returns the columns
    to be saved.
    """
    lapsed = order.stock_lapsed
    order.stock_held_until, order.stock_lapsed = None, False
    if order.reservation_id is None:
        return COLUMNS
    inventory.hold_until(order.reservation_id, until=None)
    if lapsed:
        _tie_again(order, actor=actor, at=at)
    return COLUMNS


@service
def _tie_again(order: Order, *, actor: Actor, at: datetime) -> None:
    lines = list(OrderLine.objects.filter(order=order).select_related("product").order_by("position"))
    one = InLine(order, lines)
    if not one.waiting:
        return
    one.routed = route_order(order, one.waiting, at=at)
    turn = one.turn()
    needed = {product for wanted in turn.demand for product, _per in needs_of(wanted)}
    kept = selectors.spoken_for(needed, rank=order.rank)
    (reserved,) = inventory.allocate_in_turn([turn], kept=kept, actor=actor)
    write_units(note_gain(one, turn, reserved, at=at))
    missing = {line.position: line.backordered for line in one.waiting}
    parcels = [one for one in order.sourcing.get("parcels", []) if one["kind"] != promise.BACKORDER]
    later = waiting(
        lines,
        missing,
        turn.places,
        demand=Demanding(order.rank, order.pk),
        not_before=releases(lines, at),
    )
    order.sourcing = {**order.sourcing, "parcels": [*parcels, *later]}
    estimate(order, lines, at=at)
    promise_lines(order, lines)
    restate(order, lines=lines)
    if reserved.picks:
        emit(BackordersFilled(order_id=order.pk, quiet=order.quiet), actor=actor, at=at)
    if missing:
        units = ", ".join(f"{line.backordered} × {line.sku}" for line in one.waiting)
        emit(StockMissed(order_id=order.pk, units=units, quiet=order.quiet), actor=actor, at=at)
        emit(UnitsAwaited(order_ids=[order.pk]), actor=actor, at=at)


@service
def lapse_stock(order_id: int, *, actor: Actor = SYSTEM, at: datetime | None = None) -> Order | None:
    """Let the stock of an order go that was not paid in the time it was kept for; the order itself stands.

    None where it is not (or no longer) due. Who has paid a part keeps it until the payment is due.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    until = order.stock_held_until
    if until is not None and until > when:
        return None
    waits = order.status in selectors.AWAITING and guards.payment_missing(order) > 0
    if until is None or order.stock_lapsed or not waits or order.authorized_total or order.paid_total:
        if until is not None and not order.stock_lapsed:
            order.stock_held_until = None
            save_figures(order, "stock_held_until")
        inventory.hold_until(order.reservation_id or 0, until=None)
        return None
    lines = lines_of(order)
    tied = {line: line.allocated for line in lines if line.allocated}
    move_units(lines, Movement.Kind.UNALLOCATED, {line.pk: units for line, units in tied.items()}, at=when)
    lost = {line.position: units for line, units in tied.items()}
    waits_for = [promise.Wait(position, units) for position, units in lost.items()]
    unknown = promise.backorder_parcels(waits_for, {"": days_of(places_of(order))})
    parcels = promise.bereft(order.sourcing.get("parcels", []), lost, unknown, warehouse=None)
    order.sourcing = {**order.sourcing, "parcels": parcels}
    order.stock_lapsed = True
    estimate(order, lines, at=when)
    promise_lines(order, lines)
    restate(order, lines=lines)
    save_figures(order, *COLUMNS)
    emit(StockLapsed(order_id=order.pk, until=until.isoformat(), quiet=order.quiet), actor=actor, at=when)
    # Last: it locks the stock rows. Who waits for the units hears of it.
    inventory.hold_until(order.reservation_id or 0, until=None)
    inventory.release(order.reservation_id or 0, actor=actor, at=when)
    return order


def lapse_unpaid_stock(now: datetime | None = None, *, limit: int = 500) -> int:
    """Let all stock go whose time is over, in the order of the keys, each in a transaction of its own.

    Returns how many orders lost it.
    """
    when = now or timezone.now()
    reservations = inventory.expired(when, limit=limit)
    orders = dict(Order.objects.filter(reservation__in=reservations).values_list("reservation", "pk"))
    return sum(lapse_stock(orders[one], at=when) is not None for one in reservations if one in orders)
