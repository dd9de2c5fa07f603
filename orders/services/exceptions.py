"""What went wrong and waits for a person: one open exception per cause, closed for a reason."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.inserting import insert_once
from core.outbox import emit
from core.service import held, hold, service
from orders.errors import ExceptionNotOpen
from orders.events import ExceptionClosed, ExceptionOpened
from orders.models import Order, OrderException

from .book import save_figures, take_order
from .settlement import settle

Status = OrderException.Status
OPEN = (Status.OPEN, Status.ACKNOWLEDGED, Status.IN_PROGRESS)


def shortfall_key(order_id: int) -> str:
    """Return the cause of an exception about units that an order lacks; it has one at a time."""
    return f"shortfall:{order_id}"


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
    """Put something that went wrong before a person; while it is open, the same cause opens nothing again."""
    when = at or timezone.now()
    order = take_order(order_id) if order_id is not None else None
    exception = OrderException(
        order=order,
        category=category,
        severity=severity,
        title=title[:300],
        payload=dict(payload or {}),
        dedupe_key=dedupe_key[:200],
        due_at=due_at,
        created_at=when,
    )
    if not insert_once(exception):
        return OrderException.objects.get(dedupe_key=exception.dedupe_key, status__in=OPEN)
    if order is not None:
        order.open_exceptions += 1
        save_figures(order)
    emit(_opened(exception, order), actor=actor, at=when)
    return exception


@service
def take_exception(exception_id: int, *, owner_id: int, started: bool = False) -> OrderException:
    """Make somebody the owner of an open exception: seen, or already being worked on."""
    exception = _locked(exception_id)
    if exception.status not in OPEN:
        raise ExceptionNotOpen("This exception is closed", status=exception.status)
    exception.owner_id = owner_id
    exception.status = Status.IN_PROGRESS if started else Status.ACKNOWLEDGED
    exception.save(update_fields=["owner", "status"])
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
        ExceptionClosed(exception_id=one.pk, order_id=one.order_id, quiet=_is_quiet(orders.get(one.order_id or 0)))
        for one in closing
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
        raise ExceptionNotOpen("This is open already", status=exception.status)
    exception.status, exception.resolution = Status.OPEN, reason[:300]
    exception.closed_at, exception.closed_by = None, ""
    exception.save(update_fields=["status", "resolution", "closed_at", "closed_by"])
    emit(_opened(exception, orders.get(exception.order_id or 0)), actor=actor)
    _recount(orders, actor=actor, at=timezone.now())
    return exception


def _opened(exception: OrderException, order: Order | None) -> ExceptionOpened:
    return ExceptionOpened(
        exception_id=exception.pk,
        order_id=exception.order_id,
        category=exception.category,
        quiet=_is_quiet(order),
    )


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
