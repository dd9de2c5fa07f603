"""What is kept how long, and what may go: one registry, into which every app says what it keeps.

    register(Kind("letters", _("Letters"), least=6, law=_("…"), stays=_("…"), old=old_letters, purge=burn_letters))

Law keeps things until the end of a calendar year, so years are counted from the first of January after. Nothing goes
before somebody has set a period. What belongs to a record of another app is purged with it (`purges_with`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min, ProtectedError, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.events import RETENTION, DataPurged, RetentionChanged
from core.files import drop_file
from core.models import Attachment, Consumer, Delivery, EventRecord, Notice, OutgoingMail, RetentionPeriod
from core.outbox import SEQUENCER, emit
from core.service import service, write_entry
from core.stopping import stopping

AT_ONCE = 200
MOST_YEARS = 100


@dataclass(frozen=True)
class Kind:
    """Something that is kept: at `least` so many years by `law`. `stays` says what is left of it, and why.

    `old` returns the rows from before a moment that may go, `purge` lets some of them (by id) go in a transaction;
    without them it is kept for good.
    """

    code: str
    label: Any
    least: int
    law: Any
    stays: Any
    old: Callable[[datetime], "QuerySet[Any]"] | None = None
    purge: Callable[[Collection[int]], None] | None = None


@dataclass(frozen=True)
class Standing:
    """How one kind stands: since when it is kept, and how many rows may go."""

    kind: Kind
    years: int | None
    before: datetime | None
    due: int


KINDS: dict[str, Kind] = {}
PURGED_WITH: dict[str, list[Callable[[Collection[int]], None]]] = defaultdict(list)


def register(*kinds: Kind) -> None:
    """Say what is kept."""
    KINDS.update({kind.code: kind for kind in kinds})


def purges_with(label: str, function: Callable[[Collection[int]], None]) -> None:
    """Let an app above purge what it keeps of records (`app.model`) in the same transaction."""
    if function not in PURGED_WITH[label]:
        PURGED_WITH[label].append(function)


def limit_of(years: int, *, now: datetime | None = None) -> datetime:
    """Return the moment before which something has been kept for so many whole calendar years."""
    today = timezone.localtime(now)
    return today.replace(year=today.year - years, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)


def standings(*, now: datetime | None = None, cap: int | None = None) -> Iterator[Standing]:
    """Return how every kind stands; counted no further than `cap`, if one is given. Nothing is changed."""
    years = dict(RetentionPeriod.objects.values_list("kind", "years"))
    for kind in KINDS.values():
        kept = years.get(kind.code)
        if kept is None or kind.old is None:
            yield Standing(kind, kept, None, 0)
            continue
        before = limit_of(max(kept, kind.least), now=now)
        rows = kind.old(before).order_by()
        yield Standing(kind, kept, before, (rows if cap is None else rows[: cap + 1]).count())


def purge(*, actor: Actor, now: datetime | None = None) -> dict[str, int]:
    """Let everything go that was kept long enough, in small transactions. Returns how many rows of each kind."""
    gone = {}
    for standing in list(standings(now=now, cap=0)):
        if standing.before is not None and standing.due:
            gone[standing.kind.code] = _purge(standing.kind, standing.before, actor)
    return gone


def _purge(kind: Kind, before: datetime, actor: Actor) -> int:
    if kind.old is None:
        return 0
    rows = kind.old(before).order_by("pk")
    told = EventRecord(name=DataPurged.name, thread=RETENTION, actor=str(actor))
    done, after = 0, 0
    while not stopping.is_set() and (ids := _let_go(kind, rows.filter(pk__gt=after), before, told, done)):
        done, after = done + len(ids), ids[-1]
    return done


@service
def _let_go(kind: Kind, rows: "QuerySet[Any]", before: datetime, told: EventRecord, done: int) -> list[int]:
    """Let some rows go; what tells of it grows with them, so that it is true wherever the work is cut off."""
    ids = list(rows.select_for_update(no_key=True).values_list("pk", flat=True)[:AT_ONCE])
    if ids and kind.purge is not None:
        kind.purge(ids)
        told.payload = DataPurged(kind=kind.code, rows=done + len(ids), before=before.date().isoformat()).payload()
        if done:
            told.save(update_fields=["payload"])
        else:
            write_entry(told)
    return ids


@service
def set_years(kind: str, years: int | None, *, actor: Actor) -> None:
    """Say how long something is kept; for good if None. What is so already changes nothing."""
    known = RetentionPeriod.objects.filter(pk=kind).first()
    if (known.years if known else None) == years:
        return
    period = known or RetentionPeriod(kind=kind)
    before = {kind: known.years if known else None}
    if years is None:
        RetentionPeriod.objects.filter(pk=kind).delete()
    else:
        period.years = years
        period.save()
    emit(RetentionChanged(before=before, after={kind: years}), actor=actor)


# What core keeps --------------------------------------------------------------------------------
def reached(model: Any, moment: str, before: datetime) -> int:
    """Return the first id from a moment on, of a table whose ids follow its moments: no index on them is needed."""
    rows = model.objects.order_by("pk")
    last = model.objects.order_by("-pk").values_list("pk", flat=True).first()
    low, high = 0, (last or 0) + 1
    while low < high:
        middle = (low + high) // 2
        found = rows.filter(pk__gte=middle).values_list("pk", moment).first()
        if found is None or found[1] >= before:
            high = middle
        else:
            low = int(found[0]) + 1
    return low


def old_mails(before: datetime) -> "QuerySet[OutgoingMail]":
    """Return the mails from before a moment that are not waiting to be sent."""
    return OutgoingMail.objects.filter(pk__lt=reached(OutgoingMail, "created_at", before)).exclude(
        status=OutgoingMail.Status.KEPT
    )


def purge_mails(ids: Collection[int]) -> None:
    """Delete mails; the files that went with them belong to others."""
    OutgoingMail.objects.filter(pk__in=ids).delete()


def old_facts(before: datetime) -> "QuerySet[EventRecord]":
    """Return the facts and changes from before a moment that nothing is owed for and every reader has read."""
    read = Consumer.objects.exclude(name=SEQUENCER).aggregate(least=Min("position"))["least"]
    rows = EventRecord.objects.filter(pk__lt=reached(EventRecord, "recorded_at", before), transition="")
    rows = rows.filter(position__isnull=False) if read is None else rows.filter(position__lte=read)
    return rows.exclude(pk__in=Delivery.objects.exclude(status=Delivery.Status.DONE).values("event"))


def purge_facts(ids: Collection[int]) -> None:
    """Delete facts, with the debts that were paid for them."""
    EventRecord.objects.filter(pk__in=ids).delete()


def forget_history(threads: Collection[str]) -> None:
    """Delete what histories tell, with notices, mails and files; passages of states only lose the words of people."""
    owed = Delivery.objects.exclude(status=Delivery.Status.DONE).values("event")
    told = EventRecord.objects.filter(thread__in=threads)
    told.filter(transition="").exclude(pk__in=owed).delete()
    told.exclude(transition="").update(note="", payload={})
    OutgoingMail.objects.filter(thread__in=threads).exclude(status=OutgoingMail.Status.KEPT).delete()
    Notice.objects.filter(thread__in=threads).delete()
    for kept in Attachment.objects.filter(thread__in=threads):
        try:
            drop_file(kept)
        except ProtectedError:
            # A document that the law keeps holds it.
            continue


register(
    Kind(
        "mails",
        _("Mails to customers and colleagues"),
        least=6,
        law=_("letters of trade (HGB § 257, AO § 147)"),
        stays=_("Mails that still wait to be sent; invoices that went with a mail are documents."),
        old=old_mails,
        purge=purge_mails,
    ),
    Kind(
        "history",
        _("History: facts and changes"),
        least=10,
        law=_("what explains the books (AO § 147, GoBD)"),
        stays=_(
            "Every passage of a status: it proves how each record came to stand as it does. And what is still owed."
        ),
        old=old_facts,
        purge=purge_facts,
    ),
)
