"""One service, one transaction: its rows, its history and its debts are written together."""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, IntegrityError, OperationalError, models, transaction

from core import seat
from core.actors import request_id
from core.errors import DomainError, Overtaken
from core.inserting import insert_rows
from core.models import Delivery, EventRecord

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)

TRIES = 4
# Serialization failure and deadlock: PostgreSQL asks for another try (documentation, section 13.5). And a
# unique row that a twin just wrote: done again, the same work sees it and says so in its own words.
TRIES_FOR = {"40001": TRIES, "40P01": TRIES, "23505": 2}


@dataclass
class Entry:
    """A line of the log that is written when the unit ends."""

    record: EventRecord
    subject: models.Model | None = None
    handlers: tuple[str, ...] = ()


@dataclass
class Unit:
    """What one outermost service call has to say: written in one go, before the commit."""

    entries: list[Entry] = field(default_factory=list)
    in_hand: dict[tuple[type[models.Model], int], models.Model] = field(default_factory=dict)
    when_refused: list[Callable[[], object]] = field(default_factory=list)


_unit: ContextVar[Unit | None] = ContextVar("unit", default=None)
_nudge: list[Callable[[list[int]], None]] = []
_pays_itself: ContextVar[bool] = ContextVar("pays_itself", default=False)


def current_unit() -> Unit:
    """Return the unit that is open.

    Raises RuntimeError outside a service: a fact belongs in the transaction that made it true.
    """
    if (unit := _unit.get()) is None:
        raise RuntimeError("Facts and transitions belong inside a @service")
    return unit


def hold(subject: M) -> M:
    """Keep a row that this unit has locked or inserted in hand, so that it is read once."""
    current_unit().in_hand[type(subject), subject.pk] = subject
    return subject


def held(model: type[M], pk: int) -> M | None:
    """Return the row in hand: it is locked, and everything this unit did to it is on the object."""
    unit = _unit.get()
    return cast(M | None, unit.in_hand.get((model, pk))) if unit else None


def already_paid(handler: str, thread: str) -> None:
    """Drop a debt that this unit made and whose work it has done itself: made and paid, nothing is owed."""
    for entry in current_unit().entries:
        if entry.record.thread == thread:
            entry.handlers = tuple(name for name in entry.handlers if name != handler)


def when_refused(follow_up: Callable[[], object]) -> None:
    """Have something done, in a unit of its own, should a refusal undo the one that is open: what led to it stays."""
    current_unit().when_refused.append(follow_up)


def on_new_debts(nudge: Callable[[list[int]], None]) -> None:
    """Say who wakes a worker when a commit leaves debts behind."""
    _nudge[:] = [nudge]


@contextmanager
def paying_its_own_debts() -> Iterator[None]:
    """Wake nobody for the debts made inside: a long job pays them itself, batch by batch (`outbox.drain`)."""
    token = _pays_itself.set(True)
    try:
        yield
    finally:
        _pays_itself.reset(token)


@contextmanager
def unit_of_work() -> Iterator[Unit]:
    """Open a transaction whose history and debts are written at its end.

    Joins the unit that is already open. Inside a foreign transaction it is a savepoint, so that
    a refusal leaves no trace there either. A day in it is a day at the seat of the business.
    """
    if (unit := _unit.get()) is not None:
        yield unit
        return
    unit = Unit()
    token = _unit.set(unit)
    try:
        with seat.at_the_seat(), transaction.atomic():
            yield unit
            _write_down(unit)
    except DomainError as refusal:
        if not isinstance(refusal, Overtaken):
            _follow_up(unit)
        raise
    finally:
        _unit.reset(token)


def _follow_up(unit: Unit) -> None:
    token = _unit.set(None)
    try:
        for follow_up in unit.when_refused:
            with suppress(DomainError):  # the first refusal is the one to be told
                follow_up()
    finally:
        _unit.reset(token)


def service(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function a service: all of it happens, or nothing.

    Outermost it opens the transaction and tries again, with jitter, when the database asks for
    that; called by another service it simply joins.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _unit.get() is not None:
            return function(*args, **kwargs)
        return attempt(partial(function, *args, **kwargs))

    run.__service__ = True  # type: ignore[attr-defined]
    return run


def attempt(work: Callable[[], R]) -> R:
    """Do the work in a unit of its own, again if the database found it in the way of another."""
    nested = transaction.get_connection().in_atomic_block
    for trial in range(1, TRIES + 1):
        try:
            with unit_of_work():
                return work()
        except (OperationalError, IntegrityError, Overtaken) as error:
            if nested or trial >= _tries_for(error):
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**trial)  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


def _tries_for(error: DatabaseError | Overtaken) -> int:
    if isinstance(error, Overtaken):
        return TRIES
    return TRIES_FOR.get(getattr(error.__cause__, "sqlstate", None) or "", 0)


def _write_down(unit: Unit) -> None:
    """Insert the history in one statement and the debts in another."""
    if not unit.entries:
        return
    entries, unit.entries = unit.entries, []
    request = request_id.get()
    for entry in entries:
        entry.record.request_id = request
        if entry.subject is not None:
            _name_subject(entry.record, entry.subject)
    insert_rows([entry.record for entry in entries])
    debts = [Delivery(event=entry.record, handler=handler) for entry in entries for handler in entry.handlers]
    insert_rows(debts)
    if debts and _nudge and not _pays_itself.get():
        # Robust: what is committed is committed, also where nobody can be woken.
        transaction.on_commit(partial(_nudge[0], [debt.pk for debt in debts]), robust=True)


def _name_subject(record: EventRecord, subject: models.Model) -> None:
    record.subject_type = subject._meta.label_lower
    record.subject_id = subject.pk
    if not record.thread:
        record.thread = thread_of(subject)


def thread_of(subject: models.Model) -> str:
    """Return the history a record writes to: its own, or the one its model names (`history_thread`)."""
    if named := getattr(subject, "history_thread", None):
        return str(named())
    return f"{subject._meta.label_lower}:{subject.pk}"


def write_entry(record: EventRecord, *, subject: models.Model | None = None, handlers: tuple[str, ...] = ()) -> None:
    """Add a line to the history of the open unit."""
    current_unit().entries.append(Entry(record, subject, handlers))


def note_change(
    subject: models.Model,
    name: str,
    *,
    actor: Any,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    note: str = "",
    version: int | None = None,
    currency: str = "",
) -> None:
    """Write down who changed what, with the values before and after (invariant I8).

    Amounts, dates and translated words are kept as text. `version` is the one that ended with it, where it is kept;
    `currency` is that of the amounts among the values, unless these say it themselves as `currency`.
    """
    payload = json.loads(DjangoJSONEncoder().encode({"before": before or {}, "after": after or {}}))
    payload |= {"version": version} if version is not None else {}
    payload |= {"currency": currency} if currency else {}
    write_entry(EventRecord(name=name, actor=str(actor), note=note, payload=payload), subject=subject)
