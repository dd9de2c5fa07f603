"""What happened around a record, wherever it was written down: one timeline, told by the apps that know.

    @strand("app.thing", "mails", _("Mails"), permission="core.view_outgoingmail")
    def mails_about(request, thing) -> list[Told]:
        return mails_of({"app.thing:17": Place("T-17", "/admin/app/thing/17/change/")})

Strands with the same key are read together; the key and its label are one filter over the timeline. A
strand without a key is told only among all. Each is one bounded statement, asked once per page.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from core.admin import history
from core.admin.links import page_of
from core.models import EventRecord, OutgoingMail
from core.panels import once

LIMIT = 40
EVERYTHING = ""


@dataclass(frozen=True)
class Place:
    """The record something is about, as a reader finds it."""

    label: str
    url: str = ""


@dataclass(frozen=True)
class Told:
    """One thing that happened. `url` leads to what it is, `place` to what it is about; `name` is the log's."""

    at: datetime
    actor: str
    text: str
    icon: str = "dot"
    note: str = ""
    url: str = ""
    place: Place | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Around:
    """What one actor did about one record in one minute."""

    at: datetime
    actor: str
    place: Place | None
    lines: list[Told]


StrandFunction = Callable[[HttpRequest, Any], list[Told]]


@dataclass(frozen=True)
class Strand:
    """One source of a timeline."""

    name: str
    key: str
    label: Any
    order: int
    permission: str
    tell: StrandFunction


@dataclass(frozen=True)
class Filter:
    """One way to read a timeline."""

    key: str
    label: str
    is_open: bool


STRANDS: dict[str, list[Strand]] = defaultdict(list)


def strand(
    page: str, key: str = EVERYTHING, label: Any = "", *, order: int = 50, permission: str = ""
) -> Callable[[StrandFunction], StrandFunction]:
    """Register a source of the timeline of a page; filters stand in the order of their first strand."""

    def register(function: StrandFunction) -> StrandFunction:
        name = f"{function.__module__}.{function.__name__}"
        kept = [known for known in STRANDS[page] if known.name != name]
        added = Strand(name, key, label, order, permission, function)
        STRANDS[page] = sorted([*kept, added], key=lambda known: (known.order, known.name))
        return function

    return register


def filters(page: str, request: HttpRequest, chosen: str) -> list[Filter]:
    """Return the ways this person may read the timeline of a page."""
    labels: dict[str, str] = {}
    for part in _visible(page, request):
        if part.key:
            labels.setdefault(part.key, str(part.label))
    return [Filter(key, label, key == chosen) for key, label in labels.items()]


def timeline(
    page: str, request: HttpRequest, subject: Any, *, keys: Collection[str] = (), limit: int = LIMIT
) -> list[Told]:
    """Return what happened around a record, newest first: all of it, or the strands of some keys."""
    wanted = [part for part in _visible(page, request) if not keys or part.key in keys]
    told = [one for part in wanted for one in _ask(part, request, subject)]
    return sorted(told, key=lambda one: one.at, reverse=True)[:limit]


def grouped(told: Iterable[Told]) -> list[Around]:
    """Put together what one actor did about one record in one minute; the order stays."""
    found: list[Around] = []
    for one in told:
        minute = one.at.replace(second=0, microsecond=0)
        last = found[-1] if found else None
        if last and (last.actor, last.place, last.at.replace(second=0, microsecond=0)) == (
            one.actor,
            one.place,
            minute,
        ):
            last.lines.append(one)
        else:
            found.append(Around(one.at, one.actor, one.place, [one]))
    return found


def _visible(page: str, request: HttpRequest) -> list[Strand]:
    return [part for part in STRANDS[page] if not part.permission or request.user.has_perm(part.permission)]


def _ask(part: Strand, request: HttpRequest, subject: Any) -> list[Told]:
    return once(request, f"strand:{part.name}:{subject.pk}", lambda: part.tell(request, subject))


def history_of(thread: str) -> list[Told]:
    """Tell the history of the record itself, with what was changed."""
    return [
        Told(
            line.record.at,
            moment.actor,
            line.text,
            line.icon,
            line.record.note,
            changes=tuple(line.changes),
            name=line.record.name,
        )
        for moment in history.moments(thread, limit=LIMIT)
        for line in moment.lines
    ]


def events_of(places: Mapping[str, Place], *, app: str) -> list[Told]:
    """Tell what happened to the records of an app, in the histories of several records."""
    rows = EventRecord.objects.filter(thread__in=list(places), subject_type__startswith=f"{app}.")
    return [
        Told(
            row.at,
            row.actor,
            history.words(row),
            "arrow" if row.transition else "pen",
            row.note,
            place=places[row.thread],
        )
        for row in rows.order_by("-at", "-pk")[:LIMIT]
    ]


def mails_of(places: Mapping[str, Place | None]) -> list[Told]:
    """Tell what was written to people about several records."""
    rows = OutgoingMail.objects.filter(thread__in=list(places)).only("subject", "thread", "sent_at", "created_at")
    return [
        Told(row.sent_at or row.created_at, "system", row.subject, "mail", url=page_of(row), place=places[row.thread])
        for row in rows.order_by("-pk")[:LIMIT]
    ]
