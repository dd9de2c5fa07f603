"""How an order moves on: as far as its guards and the policy of its channel allow, saved once."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone

from core import seat
from core.actors import Actor
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders import guards
from orders.events import (
    InOrderHistory,
    OrderCompleted,
    OrderConfirmed,
    OrderEvent,
    OrderPlaced,
    OrderReleased,
    OrderVerified,
    PaymentAwaited,
    UnitsAwaited,
    UnitsWanted,
)
from orders.exception_events import CausesMoved
from orders.models import Order, OrderStatus

from .book import lines_of, save_figures, take_order
from .borrowing import facts_of
from .holding import keep_for_good, may_keep
from .prioritizing import may_take
from .promising import give_promise, promise_lines

S = OrderStatus
TARGETS = {
    "place": S.PLACED,
    "verify": S.VERIFIED,
    "confirm": S.CONFIRMED,
    "release": S.FULFILLING,
    "fulfill": S.FULFILLED,
    "complete": S.COMPLETED,
}
FACTS: dict[str, type[OrderEvent]] = {
    "place": OrderPlaced,
    "verify": OrderVerified,
    "confirm": OrderConfirmed,
    "release": OrderReleased,
    "complete": OrderCompleted,
}
# What an order does by itself, and where: the channel has a say in the first two.
BY_ITSELF: dict[str, tuple[str, Callable[[Order], bool]]] = {
    S.PLACED: ("verify", lambda order: order.channel.auto_verify),
    S.VERIFIED: ("confirm", lambda order: order.channel.auto_confirm),
    S.FULFILLING: ("fulfill", lambda order: True),
    S.FULFILLED: ("complete", lambda order: True),
}


# What is looked at, under locks, before an order is accepted, confirmed, or worked on: each may let it wait.
LIMITED = ("verify", "confirm", "release")
_looks: list[Callable[..., bool]] = []


def before_steps(look: Callable[..., bool]) -> None:
    """Have an order in hand looked at before such a step; `look(order, actor=…, at=…)` says whether it has to wait."""
    _looks.append(look)


def _has_to_wait(order: Order, name: str, actor: Actor, at: datetime) -> bool:
    return name in LIMITED and any(look(order, actor=actor, at=at) for look in _looks)


@service
def settle(
    order: Order,
    *first: str,
    actor: Actor,
    at: datetime,
    note: str = "",
    only: bool = False,
    more: Sequence[str] = (),
) -> None:
    """Take transitions, then (unless `only` those) every one that now happens by itself; save the order in hand once.

    Without any it saves the derived figures only (and the columns `more`). Facts are emitted for each step.
    """
    steps: list[str] = []
    status = str(order.status)
    if not order._state.adding and may_keep(order):
        more = [*more, *keep_for_good(order, actor=actor, at=at)]
    for name in first:
        # What has to wait is refused below, with the reason.
        _has_to_wait(order, name, actor, at)
        _prepare(order, name, at)
        steps.append(name)
        status = TARGETS[name]
    while not only and (found := BY_ITSELF.get(status)) and found[1](order) and _is_ready(order, found[0], at):
        if _has_to_wait(order, found[0], actor, at):
            break
        _prepare(order, found[0], at)
        steps.append(found[0])
        status = TARGETS[found[0]]
    confirmed_now = "confirm" in steps and not order._state.adding
    if steps:
        advance(order, *steps, actor=actor, note=note, at=at)
    else:
        save_figures(order, *more)
    if confirmed_now:
        promise_lines(order, lines_of(order))
    tell(order, steps, actor=actor, at=at)
    if order.open_exceptions:
        emit(CausesMoved(order_id=order.pk, quiet=order.quiet), actor=actor, at=at)


@service
def tell(order: Order, steps: list[str], *, actor: Actor, at: datetime) -> None:
    """Emit the fact of each step, and that payment is awaited where that is all an accepted order waits for."""
    quiet = order.quiet
    facts: list[InOrderHistory] = [FACTS[name](order_id=order.pk, quiet=quiet) for name in steps if name in FACTS]
    if "verify" in steps and "confirm" not in steps and guards.payment_missing(order):
        facts.append(PaymentAwaited(order_id=order.pk, quiet=quiet))
    if "confirm" in steps and may_take(order):
        facts.append(UnitsWanted(order_id=order.pk, quiet=quiet))
    if "place" in steps:
        facts += facts_of(order, order.sourcing.get("borrowed", ()))
    emit(*facts, actor=actor, at=at)
    if "place" in steps and order.allocation_status in (Order.Allocation.BACKORDERED, Order.Allocation.PARTIAL):
        emit(UnitsAwaited(order_ids=[order.pk]), actor=actor, at=at)


def moves_on(order: Order, at: datetime) -> bool:
    """Whether an order in hand would now take a step by itself."""
    found = BY_ITSELF.get(str(order.status))
    return bool(found and found[1](order) and _is_ready(order, found[0], at))


def _is_ready(order: Order, name: str, at: datetime) -> bool:
    """Whether nothing speaks against a step; the date is promised when everything else is settled."""
    if name in order.blocked_transitions:
        return False
    if name == "confirm" and order.promised_on is None and not guards.payment_missing(order):
        give_promise(order, at=at)
    return not guards.why_not(order, name)


def _prepare(order: Order, name: str, at: datetime) -> None:
    """Set on the object what a step leaves behind."""
    if name == "place":
        order.placed_at = order.placed_at or at
    elif name == "verify":
        order.verified_at = at
    elif name == "confirm":
        order.confirmed_at = at
        order.payment_due_at = None
        if order.promised_on is None:
            give_promise(order, at=at)
    elif name == "release":
        order.released_at = at
    elif name == "fulfill":
        order.closes_on = _closes_on(order, at)
    elif name == "complete":
        order.completed_at = at


def _closes_on(order: Order, at: datetime) -> date | None:
    """Return the day on which what leaves now counts as arrived; none where the channel waits for word of it."""
    days = order.channel.grace_days
    return seat.day_of(at) + timedelta(days=days) if days else None


@service
def verify_order(order_id: int, *, actor: Actor, at: datetime | None = None) -> Order:
    """Accept an order whose checks were passed or waived, and confirm it if that is all it waits for."""
    order = take_order(order_id)
    settle(order, "verify", actor=actor, at=at or timezone.now())
    return order


@service
def confirm_order(order_id: int, *, actor: Actor, at: datetime | None = None) -> Order:
    """Promise a date and keep it: the payment condition is met."""
    order = take_order(order_id)
    settle(order, "confirm", actor=actor, at=at or timezone.now())
    return order


@service
def complete_order(order_id: int, *, actor: Actor, at: datetime | None = None) -> Order:
    """Close an order for good: delivered, invoiced, paid, nothing open."""
    order = take_order(order_id)
    settle(order, "complete", actor=actor, at=at or timezone.now())
    return order
