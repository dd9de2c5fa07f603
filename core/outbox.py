"""Facts out, work in: emit facts with the data, pay the debts of their handlers after the commit."""

import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from core.actors import SYSTEM, Actor, within_request
from core.events import EVENT_TYPES, DeliveryDied, Event
from core.leases import renewing
from core.models import Consumer, Delivery, EventRecord
from core.service import attempt, service, write_entry

logger = logging.getLogger(__name__)
E = TypeVar("E", bound=Event)

# As long as a debt in hand is left alone: short enough that what a killed process held is paid within a minute
# of its end. While a handler speaks to the world its lease is renewed, three times in its length, so that a slow
# mail server is not spoken to twice; but not for longer than anything of ours may take.
LEASE = timedelta(seconds=45)
LONGEST = timedelta(minutes=10)
MAX_ATTEMPTS = 8
# How often a request looks whether a worker has paid the debt it waits for.
PEEK = 0.05
SEQUENCER = "sequencer"
# What is done within the hour is done at once.
AT_ONCE = timedelta(hours=1)
_waited: ContextVar[timedelta] = ContextVar("waited", default=timedelta(0))


@dataclass(frozen=True)
class Handler:
    """A named reaction to a fact. `outside`: it speaks to the world and runs without a transaction."""

    run: Callable[[Any], None]
    outside: bool
    when: Callable[[Any], bool] | None


HANDLERS: dict[str, dict[str, Handler]] = defaultdict(dict)


def handles(
    event_type: type[E], *, outside: bool = False, when: Callable[[E], bool] | None = None
) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a reaction to a fact.

    `outside=True`: it talks to the world, runs without a transaction, and must be safe to repeat.
    `when`: a pure test of the fact; where it says no, no debt is made.
    """

    def register(function: Callable[[E], None]) -> Callable[[E], None]:
        HANDLERS[event_type.name][f"{function.__module__}.{function.__name__}"] = Handler(function, outside, when)
        return function

    return register


def emit(*events: Event, actor: Actor = SYSTEM, at: datetime | None = None) -> None:
    """Record facts, and one debt per handler, in the service's transaction.

    Raises RuntimeError outside a service.
    """
    for event in events:
        handlers = HANDLERS[event.name]
        owed = tuple(name for name, handler in handlers.items() if handler.when is None or handler.when(event))
        record = EventRecord(
            name=event.name,
            thread=event.thread(),
            actor=str(actor),
            payload=event.payload(),
            public=event.public,
            at=at or timezone.now(),
            recorded_at=timezone.now(),
        )
        write_entry(record, handlers=owed)


def deliver(delivery_id: int) -> bool:
    """Pay one debt. True when this call is the one that paid it."""
    return _claim(delivery_id) and _deliver_claimed(delivery_id)


def _deliver_claimed(delivery_id: int) -> bool:
    delivery = Delivery.objects.select_related("event").get(pk=delivery_id)
    if delivery.attempts > MAX_ATTEMPTS:
        give_up(delivery, reason="Every attempt ended with the end of its process")
        return False
    try:
        with within_request(delivery.event.request_id or f"debt-{delivery_id}"):
            _pay(delivery)
    except Exception as error:
        logger.exception("Debt %s of %s failed (attempt %s)", delivery_id, delivery.handler, delivery.attempts)
        _postpone(delivery, error)
        return False
    return True


def _pay(delivery: Delivery) -> None:
    handler = HANDLERS[delivery.event.name][delivery.handler]
    event = EVENT_TYPES[delivery.event.name](**delivery.event.payload)
    token = _waited.set(timezone.now() - delivery.event.recorded_at)
    try:
        _pay_in_its_way(handler, event, delivery)
    finally:
        _waited.reset(token)


def _pay_in_its_way(handler: Handler, event: Event, delivery: Delivery) -> None:
    if handler.outside:
        every, longest = LEASE.total_seconds() / 3, LONGEST.total_seconds()
        with renewing(partial(_renew, delivery), every=every, longest=longest):
            handler.run(event)
        _tick_off(delivery)
        return
    # Our own tables: the work and its tick-off commit together, so it happens exactly once.
    attempt(partial(_run_and_tick_off, handler, event, delivery))


def caught_up(at: datetime) -> datetime:
    """Return when something is done about what happened at `at`: then, unless the debt in hand waited for a worker.

    By so long it is later: nothing is dated into the days in which nobody worked. What is told afterwards (an import,
    a parcel that left last week) was written down at once, and stays where it was told.
    """
    return at + _waited.get() if _waited.get() > AT_ONCE else at


def _run_and_tick_off(handler: Handler, event: Event, delivery: Delivery) -> None:
    handler.run(event)
    _tick_off(delivery)


def _claim(delivery_id: int) -> bool:
    """Move the due time forward: whoever does that owns the debt until then."""
    now = timezone.now()
    due = Delivery.objects.filter(pk=delivery_id, status=Delivery.Status.PENDING, due_at__lte=now)
    return due.update(attempts=F("attempts") + 1, due_at=now + LEASE) == 1


def _renew(delivery: Delivery) -> bool:
    """Move the due time of a debt in hand on; False where it is in other hands by now, or paid."""
    mine = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING, attempts=delivery.attempts)
    return mine.update(due_at=timezone.now() + LEASE) == 1


def _tick_off(delivery: Delivery) -> None:
    open_debt = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING)
    if not open_debt.update(status=Delivery.Status.DONE, last_error=""):
        raise RuntimeError("Another worker already paid this debt")


@service
def _postpone(delivery: Delivery, error: Exception) -> None:
    """Try again in 2ⁿ seconds, or give up after the last attempt and say so."""
    if delivery.attempts < MAX_ATTEMPTS:
        open_debt = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING)
        pause = 2**delivery.attempts * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        open_debt.update(due_at=timezone.now() + timedelta(seconds=pause), last_error=_describe(error))
        return
    give_up(delivery, reason=_describe(error))


@service
def give_up(delivery: Delivery, *, reason: str) -> None:
    """Leave a debt to people, and tell them."""
    open_debt = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING)
    if open_debt.update(status=Delivery.Status.DEAD, last_error=reason):
        emit(DeliveryDied(delivery_id=delivery.pk, handler=delivery.handler, subject_thread=delivery.event.thread))


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


@service
def retry_dead(delivery_ids: Iterable[int]) -> int:
    """Give debts that were given up another eight attempts. Returns how many."""
    dead = Delivery.objects.filter(pk__in=list(delivery_ids), status=Delivery.Status.DEAD)
    return dead.update(status=Delivery.Status.PENDING, attempts=0, due_at=timezone.now())


def due_debts(limit: int = 500, *, threads: Iterable[str] | None = None, request: str = "") -> list[int]:
    """Return the ids of debts that are due, oldest first; of some histories or of one request only if asked.

    What a debt causes belongs to the request that made the debt.
    """
    due = Delivery.objects.filter(status=Delivery.Status.PENDING, due_at__lte=timezone.now())
    if threads is not None:
        due = due.filter(event__thread__in=list(threads))
    if request:
        due = due.filter(event__request_id=request)
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def drain(
    *,
    threads: Iterable[str] | None = None,
    request: str = "",
    limit: int = 100_000,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Pay debts, and those they make, until none is due. Returns how many were paid.

    `enough` is asked before each one: a process that is told to stop leaves the rest to the next.
    """
    paid = 0
    wanted = None if threads is None else list(threads)
    while paid < limit and (batch := due_debts(threads=wanted, request=request)):
        done = 0
        for delivery_id in batch:
            if enough():
                return paid + done
            done += deliver(delivery_id)
        paid += done
        if not done:
            break
    return paid


def deliver_now(delivery_id: int, *, timeout: float = 5.0) -> bool:
    """Pay, after its commit, a debt that the request itself just made and whose result it needs.

    Where a worker was quicker it waits for him, `timeout` seconds at most. True when the debt is paid.
    """
    if transaction.get_connection().in_atomic_block:
        raise RuntimeError("A debt is paid after the commit that made it")
    if _claim(delivery_id):
        return _deliver_claimed(delivery_id)
    end = time.monotonic() + timeout
    while not (paid := Delivery.objects.filter(pk=delivery_id, status=Delivery.Status.DONE).exists()):
        if time.monotonic() >= end:
            break
        time.sleep(PEEK)
    return paid


def debt_of(event_type: type[Event], *, thread: str) -> int | None:
    """Return the youngest debt that facts of a kind left in a history, for `deliver_now`."""
    owed = Delivery.objects.filter(event__thread=thread, event__name=event_type.name)
    return owed.order_by("-pk").values_list("pk", flat=True).first()


def is_owed(event_type: type[Event], *, thread: str) -> bool:
    """Whether a debt of facts of a kind in a history still waits to be paid, or is in somebody's hands."""
    owed = Delivery.objects.filter(event__thread=thread, event__name=event_type.name)
    return owed.filter(status=Delivery.Status.PENDING).exists()


def sequence_events(limit: int = 5000) -> int:
    """Give committed events their place in the feed. Returns how many got one.

    Ids are handed out before the commit, so a reader that goes by ids could miss a slow
    transaction. One sequencer at a time, held by a row lock, numbers what is committed.
    """
    # Asked first without a lock: an idle system writes nothing.
    if not EventRecord.objects.filter(position__isnull=True).exists():
        return 0
    return _number_events(limit)


@service
def _number_events(limit: int) -> int:
    Consumer.objects.get_or_create(name=SEQUENCER)
    Consumer.objects.select_for_update(no_key=True).get(name=SEQUENCER)
    last = _last_position()
    table = connection.ops.quote_name(EventRecord._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET position = waiting.place FROM ("  # noqa: S608 - our own table name
            f"SELECT id, %s + row_number() OVER (ORDER BY id) AS place FROM {table} "
            f"WHERE position IS NULL ORDER BY id LIMIT %s) AS waiting WHERE {table}.id = waiting.id",
            [last, limit],
        )
        return int(cursor.rowcount)


def _last_position() -> int:
    return EventRecord.objects.aggregate(last=Max("position"))["last"] or 0


def consume(name: str, read: Callable[[list[EventRecord]], None], *, limit: int = 500) -> int:
    """Let a reader of every event read on from its cursor; the cursor moves with its work."""
    position = Consumer.objects.filter(name=name).values_list("position", flat=True).first() or 0
    if not EventRecord.objects.filter(position__gt=position).exists():
        return 0
    return _read_on(name, read, limit)


@service
def _read_on(name: str, read: Callable[[list[EventRecord]], None], limit: int) -> int:
    Consumer.objects.get_or_create(name=name)
    cursor = Consumer.objects.select_for_update(no_key=True).get(name=name)
    batch = list(EventRecord.objects.filter(position__gt=cursor.position).order_by("position")[:limit])
    if not batch:
        return 0
    read(batch)
    Consumer.objects.filter(name=name).update(position=batch[-1].position)
    return len(batch)
