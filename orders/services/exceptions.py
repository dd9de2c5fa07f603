"""What went wrong and waits for a person: one open exception per cause, closed for a reason."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.inserting import insert_once
from core.outbox import emit
from core.service import held, hold, service
from orders import categories
from orders.errors import ExceptionNotOpen
from orders.exception_events import (
    ExceptionClosed,
    ExceptionHandedOver,
    ExceptionNarrowed,
    ExceptionOpened,
    ExceptionRecurred,
    ExceptionReopened,
    ExceptionTaken,
)
from orders.models import Order, OrderException

from .book import save_figures, take_order
from .settlement import settle

Status = OrderException.Status
OPEN = (Status.OPEN, Status.ACKNOWLEDGED, Status.IN_PROGRESS)
# What is seen again within so many days was not solved; later it is another trouble of the same kind.
COMES_BACK_WITHIN = timedelta(days=7)
SEEN_AGAIN = ("status", "resolution", "closed_at", "closed_by", "due_at")


def shortfall_key(order_id: int) -> str:
    """Return the cause of an exception about units that an order lacks; it has one at a time."""
    return f"shortfall:{order_id}"


def part_payment_key(order_id: int | None) -> str:
    """Return the cause of an exception about an order that was paid in part when its time was over."""
    return f"part-payment:{order_id}"


def due_of(category: str, severity: str, *, at: datetime) -> datetime:
    """Return by when somebody should have solved what is opened now."""
    return at + timedelta(hours=categories.hours_of(category, severity))


@service
def open_exception(
    *,
    category: str,
    title: str,
    dedupe_key: str,
    order_id: int | None = None,
    severity: str = OrderException.Severity.WARNING,
    payload: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    actor: Actor = SYSTEM,
    at: datetime | None = None,
) -> OrderException:
    """Put something that went wrong before a person; while it is open, the same cause opens nothing again.

    What was closed some days ago at most is opened again, as the same exception; what was closed before is told of.
    """
    when = at or timezone.now()
    order = take_order(order_id) if order_id is not None else None
    causes = OrderException.objects.select_for_update(of=("self",), no_key=True).filter(dedupe_key=dedupe_key[:200])
    known = causes.order_by("-pk").first()
    due = due_at or due_of(category, severity, at=when)
    if known is not None and (known.closed_at is None or known.closed_at > when - COMES_BACK_WITHIN):
        return _recur(known, order, title=title, payload=payload, due_at=due, actor=actor, at=when)
    exception = OrderException(
        order=order,
        category=category,
        severity=severity,
        title=title[:300],
        payload=dict(payload or {}),
        dedupe_key=dedupe_key[:200],
        queue=categories.of(category).queue,
        due_at=due,
        created_at=when,
        last_seen_at=when,
        earlier=known,
    )
    if not insert_once(exception):
        return OrderException.objects.get(dedupe_key=exception.dedupe_key, status__in=OPEN)
    if order is not None:
        order.open_exceptions += 1
        save_figures(order)
    emit(_opened(exception, order), actor=actor, at=when)
    return exception


def _recur(
    exception: OrderException,
    order: Order | None,
    *,
    title: str,
    payload: Mapping[str, Any] | None,
    due_at: datetime,
    actor: Actor,
    at: datetime,
) -> OrderException:
    """Count a cause that is seen again; whoever owned it knows it best."""
    was_closed = exception.closed_at is not None
    exception.count += 1
    exception.last_seen_at = at
    exception.title, exception.payload = title[:300], dict(payload or {})
    if was_closed:
        exception.status, exception.resolution = Status.OPEN, ""
        exception.closed_at, exception.closed_by, exception.due_at = None, "", due_at
    exception.save(update_fields=[*SEEN_AGAIN, "title", "payload", "count", "last_seen_at"])
    if was_closed and order is not None:
        order.open_exceptions += 1
        save_figures(order)
    fact = ExceptionRecurred(**_about(exception, order), times=exception.count, was_closed=was_closed)
    emit(fact, actor=actor, at=at)
    return exception


@service
def take_exception(
    exception_id: int, *, owner_id: int, started: bool = False, actor: Actor = SYSTEM
) -> OrderException:
    """Make somebody the owner of an open exception: seen, or already being worked on."""
    exception = open_one(exception_id)
    exception.owner_id = owner_id
    exception.status = Status.IN_PROGRESS if started else Status.ACKNOWLEDGED
    exception.save(update_fields=["owner", "status"])
    emit(ExceptionTaken(**_about(exception, exception.order), owner=str(exception.owner)), actor=actor)
    return exception


@service
def hand_over_exception(
    exception_id: int, *, owner_id: int | None = None, queue: str = "", note: str = "", actor: Actor
) -> OrderException:
    """Give an open exception to a colleague, or to nobody but a queue, with a word on what was found out."""
    exception = open_one(exception_id)
    exception.owner_id = owner_id
    exception.queue = queue or exception.queue
    exception.status = Status.ACKNOWLEDGED if owner_id else Status.OPEN
    exception.save(update_fields=["owner", "queue", "status"])
    to = str(exception.owner) if owner_id else categories.queue_name(exception.queue)
    emit(ExceptionHandedOver(**_about(exception, exception.order), to=to, note=note[:300]), actor=actor)
    return exception


@service
def narrow_exception(
    exception: OrderException, *, title: str, payload: Mapping[str, Any], solved: str, actor: Actor
) -> OrderException:
    """Say of an open exception, in hand, what is still wrong after a part of it was solved."""
    exception.title, exception.payload = title[:300], dict(payload)
    exception.save(update_fields=["title", "payload"])
    emit(ExceptionNarrowed(**_about(exception, exception.order), solved=solved), actor=actor)
    return exception


@service
def close_exception(
    exception_id: int, *, resolution: str, dismissed: bool = False, actor: Actor, at: datetime | None = None
) -> OrderException:
    """Close an exception: solved, or dismissed as none; its order completes if that was all it waited for."""
    close_exceptions([exception_id], resolution=resolution, dismissed=dismissed, actor=actor, at=at)
    return OrderException.objects.get(pk=exception_id)


@service
def close_exceptions(
    exception_ids: Iterable[int],
    *,
    resolution: str,
    dismissed: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> int:
    """Close many exceptions for one reason. Returns how many were open."""
    when = at or timezone.now()
    wanted = OrderException.objects.filter(pk__in=list(exception_ids), status__in=OPEN)
    orders = _lock_orders(wanted.exclude(order=None).values_list("order_id", flat=True).distinct())
    # What belongs to no order has only its own row to be locked by: it is closed, and told, once.
    closing = list(wanted.order_by("pk").select_for_update(of=("self",), no_key=True))
    if not closing:
        return 0
    wanted.update(
        status=Status.DISMISSED if dismissed else Status.RESOLVED,
        resolution=resolution[:300],
        closed_by=str(actor),
        closed_at=when,
    )
    facts = [
        ExceptionClosed(**_about(one, orders.get(one.order_id or 0)), resolution=resolution[:300]) for one in closing
    ]
    emit(*facts, actor=actor, at=when)
    _recount(orders, actor=actor, at=when)
    return len(closing)


@service
def reopen_exception(exception_id: int, *, reason: str, actor: Actor) -> OrderException:
    """Open a closed exception again: it was not solved after all."""
    found = OrderException.objects.get(pk=exception_id)
    orders = _lock_orders([found.order_id] if found.order_id else [])
    exception = _locked(exception_id)
    if exception.status in OPEN or OrderException.objects.filter(dedupe_key=exception.dedupe_key, status__in=OPEN):
        raise ExceptionNotOpen(_("This is open already"), status=exception.status)
    exception.status, exception.resolution = Status.OPEN, reason[:300]
    exception.closed_at, exception.closed_by = None, ""
    exception.save(update_fields=["status", "resolution", "closed_at", "closed_by"])
    emit(ExceptionReopened(**_about(exception, orders.get(exception.order_id or 0)), reason=reason[:300]), actor=actor)
    _recount(orders, actor=actor, at=timezone.now())
    return exception


def _opened(exception: OrderException, order: Order | None) -> ExceptionOpened:
    return ExceptionOpened(**_about(exception, order), category=exception.category)


def _about(exception: OrderException, order: Order | None) -> dict[str, Any]:
    return {"exception_id": exception.pk, "order_id": exception.order_id, "quiet": _is_quiet(order)}


def open_one(exception_id: int) -> OrderException:
    """Lock an exception that is open. Raises ExceptionNotOpen."""
    exception = _locked(exception_id)
    if exception.status not in OPEN:
        raise ExceptionNotOpen(_("This exception is closed"), status=exception.status)
    return exception


def _is_quiet(order: Order | None) -> bool:
    return order is not None and order.quiet


def _locked(exception_id: int) -> OrderException:
    return OrderException.objects.select_for_update(no_key=True).get(pk=exception_id)


def _lock_orders(order_ids: Iterable[int]) -> dict[int, Order]:
    """Lock orders, those that this unit has in hand already as they are there."""
    wanted = list(order_ids)
    locked = Order.objects.locked().select_related("channel").filter(pk__in=wanted)
    return {order.pk: held(Order, order.pk) or hold(order) for order in locked}


def _recount(orders: Mapping[int, Order], *, actor: Actor, at: datetime) -> None:
    """Write how many exceptions are open on orders in hand, and let those move on that only waited for that."""
    still_open = OrderException.objects.filter(order__in=list(orders), status__in=OPEN)
    counts = dict(still_open.order_by().values_list("order").annotate(number=Count("pk")))
    for order in orders.values():
        order.open_exceptions = counts.get(order.pk, 0)
        settle(order, actor=actor, at=at)
