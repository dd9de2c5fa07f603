"""Units that were missing and have come: given to the orders that wait for them, strictly by rank, many at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import held, hold, service
from core.updating import update_each
from inventory import services as inventory
from orders import selectors
from orders.derivation import restate
from orders.events import BackordersFilled, LentIsBack, OrderEvent
from orders.models import Hold, LiftedBy, Movement, Order, OrderLine
from orders.sentences import FILLED
from pricing import services as pricing

from .book import write_units
from .holds import lift_holds
from .inline import InLine, note_gain
from .promising import repromise, write_days
from .routing import route_order, work_for
from .settlement import moves_on, settle

# So many orders at most are filled in one transaction: nobody waits long for the shelves they come from.
AT_ONCE = 500
SAVED = (
    *("allocation_status", "sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later"),
    "updated_at",
)


@dataclass(frozen=True)
class Filling:
    """What became of the head of the line: who got some, and who still waits for something."""

    filled: list[Order] = field(default_factory=list)
    still_waiting: set[int] = field(default_factory=set)


def fill_backorders(product_ids: Iterable[int], *, actor: Actor = SYSTEM) -> int:
    """Give fresh units to the orders that wait for them, the lowest rank first. Returns how many got some.

    The head of the line is asked for anew before each transaction, so that an order that came in meanwhile
    stands where its rank puts it. A run that was killed has filled whole transactions; the next goes on behind them.
    """
    wanted, passed, filled = set(product_ids), set[int](), 0
    while wanted := {product for product, units in inventory.availability(wanted).items() if units > 0}:
        head = selectors.waiting_for(wanted, limit=AT_ONCE + len(passed))
        head = [order_id for order_id in head if order_id not in passed][:AT_ONCE]
        if not head:
            break
        outcome = _fill_some(head, actor=actor)
        filled += len(outcome.filled)
        passed |= outcome.still_waiting
    return filled


def fill_order(order_id: int, *, actor: Actor = SYSTEM) -> Order | None:
    """Tie what is there now to the missing units of an order. None where there was nothing to tie."""
    filled = _fill_some([order_id], actor=actor).filled
    return filled[0] if filled else None


@service
def _fill_some(order_ids: Sequence[int], *, actor: Actor) -> Filling:
    """Fill orders as they stand in line, in a number of statements that does not grow with them."""
    now = timezone.now()
    line = take_in_line(order_ids)
    if not line:
        return Filling([], set(order_ids))
    _route_all(line, at=now)
    return serve(line, actor=actor, at=now, asked=order_ids)


@service
def serve(line: Sequence[InLine], *, actor: Actor, at: datetime, asked: Collection[int]) -> Filling:
    """Give those who stand in line, routed, what is there for them."""
    now = at
    turns = [one.turn() for one in line]
    outcomes = inventory.allocate_in_turn(turns, actor=actor)
    served = [one for one, reserved in zip(line, outcomes, strict=True) if reserved.picks]
    before = {each.pk: each.promised_on for one in served for each in one.lines}
    lenders = [one for one in served if any(line.lent for line in one.lines)]
    noted: list[Movement] = []
    moved: list[OrderEvent] = []
    for one, turn, reserved in zip(line, turns, outcomes, strict=True):
        if reserved.picks:
            noted += note_gain(one, turn, reserved, at=now)
            moved += repromise(one.order, one.lines, cause=FILLED, at=now)
            restate(one.order, lines=one.lines)
    write_units(noted)
    filled = [one.order for one in served]
    lifted = _lift_for_stock(served, actor=actor, at=now)
    _save(filled, settling=lifted, actor=actor, at=now)
    write_days([each for one in served for each in one.lines if each.promised_on != before[each.pk]])
    events = (BackordersFilled(order_id=order.pk, quiet=order.quiet) for order in filled)
    back = (LentIsBack(order_id=one.order.pk) for one in lenders if not any(line.lent for line in one.lines))
    emit(*events, *moved, *back, actor=actor, at=now)
    done = {one.order.pk for one in served if not one.waiting}
    return Filling(filled, set(asked) - done)


def take_in_line(order_ids: Sequence[int]) -> list[InLine]:
    """Lock orders and return those that still wait for something, by rank."""
    # Few channels, methods and products for many orders: each is made once, not joined to every row.
    found = Order.objects.locked().prefetch_related("channel", "shipping_method").filter(pk__in=order_ids)
    orders = {order.pk: held(Order, order.pk) or hold(order) for order in found}
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).prefetch_related("product").order_by("order", "position"):
        lines[line.order_id].append(line)
    return [
        one
        for order in sorted(orders.values(), key=lambda order: (_back_by(lines[order.pk]), order.rank, order.pk))
        if order.status in selectors.LIVE and order.reservation_id is not None and not order.stock_lapsed
        if (one := InLine(order, lines[order.pk])).waiting
    ]


def _back_by(lines: Sequence[OrderLine]) -> date:
    """Return the day before which an order gets back what it lent; who lent nothing comes after all who did."""
    return min((line.lent_until for line in lines if line.lent_until is not None), default=date.max)


def _route_all(line: Sequence[InLine], *, at: datetime) -> None:
    """Ask the rules about all of them; what they ask of the day is read once."""
    used = work_for(pricing.routing_rules())
    for one in line:
        one.routed = route_order(one.order, one.waiting, at=at, used=used)


@service
def _lift_for_stock(served: Sequence[InLine], *, actor: Actor, at: datetime) -> set[int]:
    """Lift the holds that only waited for stock: of lines that have all now, of orders that have. Returns whose."""
    held_up = [one for one in served if one.order.active_holds]
    if not held_up:
        return set()
    wait = Hold.objects.filter(
        order__in=[one.order for one in held_up], status=Hold.Status.ACTIVE, auto_release=LiftedBy.STOCK
    )
    waiting = set(wait.values_list("order", flat=True))
    lifted = set()
    for one in held_up:
        if one.order.pk not in waiting:
            continue
        has_all = one.order.allocation_status == Order.Allocation.ALLOCATED
        ready = None if has_all else [line for line in one.lines if not line.backordered]
        lift_holds(one.order, because=LiftedBy.STOCK, lines=ready, actor=actor, at=at)
        lifted.add(one.order.pk)
    return lifted


@service
def _save(orders: Sequence[Order], *, settling: Collection[int], actor: Actor, at: datetime) -> None:
    """Save all of them at once, but each that now takes a step by itself, or lost a hold, with that step."""
    rows = []
    for order in orders:
        if order.pk in settling or moves_on(order, at):
            settle(order, actor=actor, at=at, more=SAVED[1:-1])
            continue
        order.updated_at = at
        rows.append((order.pk, *(getattr(order, name) for name in SAVED)))
    if rows:
        update_each(Order, SAVED, rows)
