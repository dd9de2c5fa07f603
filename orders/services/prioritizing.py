"""How urgent an order is: weighed when it is placed, when somebody says so, and as time goes by."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from core import seat
from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import note_change, service
from core.stopping import stopping
from core.updating import update_each
from customers.models import Customer
from inventory import services as inventory
from orders.errors import InvalidOrder, NotUrgent
from orders.events import OrderChanged, RanksChanged
from orders.models import MOST_POINTS, Order, PriorityBump
from orders.priority import BUMP, MOST, Facts, rank_of, score
from orders.selectors import WAITING
from orders.weights import forget, weights

from .book import take_order, touch

BATCH = 1_000
RANKED = ("priority", "rank", "priority_parts")
# All that a score depends on, read without the rest of the order.
LEAN = (
    *("pk", "status", "placed_at", "created_at", "ship_by_on", "fulfillment_status", "total", "currency"),
    *("found_by_email", "priority", "rank", "priority_parts", "reservation_id"),
    *("shipping_method__code", "customer__group_id"),
)


def weigh(order: Order, *, customer: Customer | None, at: datetime) -> None:
    """Work out, on the object, how urgent an order is. An address alone lends nobody the points of a group."""
    lends = customer is not None and not order.found_by_email
    facts = Facts(
        placed_on=seat.day_of(order.placed_at or at),
        today=seat.day_of(at),
        ship_by_on=order.ship_by_on,
        has_left=order.fulfillment_status != Order.Fulfillment.UNFULFILLED,
        method=order.shipping_method.code if order.shipping_method else "",
        group_id=customer.group_id if customer is not None and lends else None,
        total=order.total,
        currency=order.currency,
        bump=(order.priority_parts or {}).get(BUMP, 0),
    )
    order.priority, order.priority_parts = score(facts, weights())
    order.rank = rank_of(order.priority, order.placed_at or at)


@service
def weigh_again(order: Order, *, customer: Customer | None, actor: Actor, at: datetime) -> None:
    """Weigh an order in hand, its stock being tied, now that the day it must leave is known."""
    before = order.rank
    weigh(order, customer=customer, at=at)
    if order.reservation_id is not None and order.rank != before:
        inventory.rank_reservation(order.reservation_id, rank=order.rank, actor=actor)


def may_take(order: Order) -> bool:
    """Whether an order that misses units may take those of planned work by itself: its group says so."""
    waits = order.allocation_status in (Order.Allocation.BACKORDERED, Order.Allocation.PARTIAL)
    if not waits or not (groups := weights().may_take) or order.found_by_email:
        return False
    return order.customer is not None and order.customer.group_id in groups


@service
def bump_order(
    order_id: int, *, points: int, reason: str, until: datetime | None = None, actor: Actor, at: datetime | None = None
) -> Order:
    """Give an order points, or take some, until somebody takes that back or its time is over.

    Another bump takes the place of the one before. Raises InvalidOrder, and NotUrgent for what is over.
    """
    when = at or timezone.now()
    _require_sense(points, reason, until, when)
    order = _take_waiting(order_id)
    _bump(order, order.priority, points=points, reason=reason.strip(), until=until, actor=actor, at=when)
    return order


@service
def end_bump(order_id: int, *, note: str = "", actor: Actor) -> Order:
    """Take back what somebody gave an order; where nobody did, nothing changes."""
    order = take_order(order_id)
    if BUMP in order.priority_parts:
        _end_bumps([order], note=note, actor=actor, at=timezone.now())
        emit(OrderChanged(order_id=order.pk, fields=["priority"], quiet=order.quiet), actor=actor)
    return order


@service
def set_priority(order_id: int, priority: int, *, reason: str = "", actor: Actor) -> Order:
    """Bump an order to exactly this priority of today; its other parts go on from there."""
    if not 0 <= priority <= MOST:
        fault = {"pointer": "/priority", "code": "invalid_choice", "detail": f"A number from 0 to {MOST}"}
        raise InvalidOrder(fault["detail"], errors=[fault])
    order, when = take_order(order_id), timezone.now()
    known = order.priority
    order.priority_parts = {**order.priority_parts, BUMP: 0}
    weigh(order, customer=order.customer, at=when)
    _bump(order, known, points=priority - order.priority, reason=reason, until=None, actor=actor, at=when)
    return order


@service
def expire_bumps(*, now: datetime | None = None, limit: int = BATCH) -> int:
    """End the bumps whose time is over, some at a time. Returns how many."""
    when = now or timezone.now()
    over = PriorityBump.objects.filter(ended_at__isnull=True, expires_at__lte=when)
    ids = list(over.order_by("expires_at").values_list("order", flat=True)[:limit])
    orders = list(Order.objects.locked().select_related("customer", "shipping_method").filter(pk__in=ids))
    still = set(over.filter(order__in=ids).values_list("order", flat=True))
    orders = [order for order in orders if order.pk in still]
    _end_bumps(orders, note="", actor=SYSTEM, at=when)
    return len(orders)


def rank_orders(*, now: datetime | None = None) -> int:
    """Weigh every order that waits, and write down what changed, in batches. Returns how many changed.

    Safe to repeat: a killed sweep has written whole batches, and the next one finds the rest.
    """
    when = now or timezone.now()
    forget()
    waiting = sorted(Order.objects.filter(status__in=WAITING).order_by().values_list("pk", flat=True))
    changed = 0
    for start in range(0, len(waiting), BATCH):
        if stopping.is_set():
            break
        moved = [row["pk"] for row in _lean(waiting[start : start + BATCH]) if _outcome(row, when)]
        if moved:
            changed += _rank_some(moved, at=when)
    return changed


@service
def _rank_some(order_ids: Sequence[int], *, at: datetime) -> int:
    """Write the ranks of some orders, weighed under their locks, in one statement per table."""
    # Locked in pk order; what is written is read again under the lock.
    list(Order.objects.locked().filter(pk__in=order_ids).values_list("pk", flat=True))
    found = [(row, outcome) for row in _lean(order_ids) if (outcome := _outcome(row, at))]
    _write_ranks(
        [(row["pk"], *outcome) for row, outcome in found],
        {row["reservation_id"]: outcome[1] for row, outcome in found if row["reservation_id"]},
    )
    return len(found)


@service
def _write_ranks(rows: Sequence[tuple[int, int, int, dict[str, int]]], reservations: dict[int, int]) -> None:
    if not rows:
        return
    update_each(Order, RANKED, rows)
    inventory.rank_reservations(reservations)
    emit(RanksChanged(order_ids=[row[0] for row in rows]))


def _lean(order_ids: Sequence[int]) -> "QuerySet[Order, dict[str, Any]]":
    return Order.objects.filter(pk__in=order_ids, status__in=WAITING).order_by("pk").values(*LEAN)


def _outcome(row: dict[str, Any], at: datetime) -> tuple[int, int, dict[str, int]] | None:
    """Return the priority, rank and parts of a row as they should be; None where they are so already."""
    placed_at = row["placed_at"] or row["created_at"]
    facts = Facts(
        placed_on=_day(placed_at),
        today=_day(at),
        ship_by_on=row["ship_by_on"],
        has_left=row["fulfillment_status"] != Order.Fulfillment.UNFULFILLED,
        method=row["shipping_method__code"] or "",
        group_id=None if row["found_by_email"] else row["customer__group_id"],
        total=row["total"],
        currency=row["currency"],
        bump=row["priority_parts"].get(BUMP, 0),
    )
    priority, parts = score(facts, weights())
    rank = rank_of(priority, placed_at)
    same = (row["priority"], row["rank"], row["priority_parts"]) == (priority, rank, parts)
    return None if same else (priority, rank, parts)


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def _require_sense(points: int, reason: str, until: datetime | None, at: datetime) -> None:
    faults = []
    if not points or abs(points) > MOST_POINTS:
        faults.append(("points", f"Points from {-MOST_POINTS} to {MOST_POINTS}, and not zero"))
    if not reason.strip():
        faults.append(("reason", "Say why"))
    if until is not None and until <= at:
        faults.append(("until", "That is over already"))
    if faults:
        errors = [{"pointer": f"/{name}", "code": "invalid", "detail": detail} for name, detail in faults]
        raise InvalidOrder(faults[0][1], errors=errors)


def _take_waiting(order_id: int) -> Order:
    order = take_order(order_id)
    if order.status not in WAITING:
        raise NotUrgent(f"{order} waits for nothing: {order.get_status_display()}", status=order.status)
    return order


@service
def _bump(
    order: Order, known: int, *, points: int, reason: str, until: datetime | None, actor: Actor, at: datetime
) -> None:
    """Write a bump instead of the one before, and the rank that follows; points of zero only end that one."""
    before = {"priority": known}
    PriorityBump.objects.filter(order=order, ended_at__isnull=True).update(ended_at=at, ended_by=str(actor))
    if points:
        PriorityBump.objects.create(
            order=order, points=points, reason=reason, placed_by=str(actor), created_at=at, expires_at=until
        )
    order.priority_parts = {**order.priority_parts, BUMP: points}
    weigh(order, customer=order.customer, at=at)
    touch(order, priority=order.priority, rank=order.rank, priority_parts=order.priority_parts)
    after: dict[str, Any] = {"priority": order.priority}
    if until is not None:
        after["until"] = until.isoformat()
    note_change(order, "orders.priority_set", actor=actor, before=before, after=after, note=reason)
    emit(OrderChanged(order_id=order.pk, fields=["priority"], quiet=order.quiet), actor=actor)
    emit(RanksChanged(order_ids=[order.pk]))
    if order.reservation_id is not None:
        inventory.rank_reservation(order.reservation_id, rank=order.rank, actor=actor)


@service
def _end_bumps(orders: Iterable[Order], *, note: str, actor: Actor, at: datetime) -> None:
    """End the bumps of locked orders, in a few statements for all of them, each told in its history."""
    orders = list(orders)
    if not orders:
        return
    ending = PriorityBump.objects.filter(order__in=[order.pk for order in orders], ended_at__isnull=True)
    ending.update(ended_at=at, ended_by=str(actor))
    rows = []
    for order in orders:
        before = {"priority": order.priority}
        order.priority_parts = {**order.priority_parts, BUMP: 0}
        weigh(order, customer=order.customer, at=at)
        rows.append((order.pk, order.priority, order.rank, order.priority_parts))
        after = {"priority": order.priority}
        note_change(order, "orders.bump_ended", actor=actor, before=before, after=after, note=note)
    reservations = {order.reservation_id: order.rank for order in orders if order.reservation_id is not None}
    _write_ranks(rows, reservations)
