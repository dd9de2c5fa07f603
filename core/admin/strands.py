"""What happened around a record, wherever it was written down: one timeline, told by the apps that know.

    @strand("app.thing", "mails", _("Mails"), permission="core.view_outgoingmail")
    def mails_about(request, thing, until) -> list[Told]:
        return mails_of({"app.thing:17": Place("T-17", "/admin/app/thing/17/change/")}, until)

Strands with the same key are read together; the key and its label are one filter over the timeline. A
strand without a key is told only among all. Each is one bounded statement, asked once per page: the
newest of what happened before the moment `until`, of all time without one.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from core.admin import history
from core.admin.differences import changes_of
from core.admin.links import page_of, page_of_thread
from core.models import EventRecord, OutgoingMail
from core.panels import once
from core.service import thread_of

LIMIT = 40
# So much is read at once; what is older comes when it is asked for.
IN_SIGHT = 25
EVERYTHING = ""
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """The record something is about, as a reader finds it."""

    label: str
    url: str = ""


@dataclass(frozen=True)
class Paper:
    """A file as a page shows it: where it is saved from, and where it is seen if it is a picture."""

    name: str
    size: int
    url: str
    picture: str = ""


@dataclass(frozen=True)
class Told:
    """One thing that happened. `url` leads to what it is, `place` to what it is about; `name` is the log's.

    `mark` is a word beside it that must not be overlooked, `anchor` names its place on the page, `before` leads to how
    it was until then.
    """

    at: datetime
    actor: str
    text: str
    icon: str = "dot"
    note: str = ""
    url: str = ""
    place: Place | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    name: str = ""
    request_id: str = ""
    mark: str = ""
    anchor: str = ""
    papers: tuple[Paper, ...] = ()
    before: str = ""


@dataclass(frozen=True)
class Around:
    """What one actor did about one record at once: in one request, or in one minute."""

    at: datetime
    actor: str
    place: Place | None
    lines: list[Told]
    request_id: str = ""


StrandFunction = Callable[[HttpRequest, Any, datetime | None], list[Told]]


@dataclass(frozen=True)
class Strand:
    """One source of a timeline."""

    name: str
    key: str
    label: Any
    order: int
    permission: str
    tell: StrandFunction
    is_among_all: bool = True


@dataclass(frozen=True)
class Filter:
    """One way to read a timeline."""

    key: str
    label: str
    is_open: bool


STRANDS: dict[str, list[Strand]] = defaultdict(list)


def strand(
    page: str,
    key: str = EVERYTHING,
    label: Any = "",
    *,
    order: int = 50,
    permission: str = "",
    is_among_all: bool = True,
) -> Callable[[StrandFunction], StrandFunction]:
    """Register a source of the timeline of a page; filters stand in the order of their first strand.

    What another strand tells already is not asked again among all (`is_among_all=False`).
    """

    def register(function: StrandFunction) -> StrandFunction:
        name = f"{function.__module__}.{function.__name__}"
        kept = [known for known in STRANDS[page] if known.name != name]
        added = Strand(name, key, label, order, permission, function, is_among_all)
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
    page: str,
    request: HttpRequest,
    subject: Any,
    *,
    keys: Collection[str] = (),
    limit: int = LIMIT,
    until: datetime | None = None,
) -> list[Told]:
    """Return what happened around a record, newest first: all of it, or the strands of some keys."""
    wanted = [part for part in _visible(page, request) if (part.key in keys if keys else part.is_among_all)]
    told = [one for part in wanted for one in _ask(part, request, subject, until)]
    return sorted(told, key=lambda one: one.at, reverse=True)[:limit]


def grouped(told: Iterable[Told]) -> list[Around]:
    """Put together what one actor did about one record at once; the order stays."""
    found: list[Around] = []
    for one in told:
        if found and _is_same(found[-1], one):
            found[-1].lines.append(one)
        else:
            found.append(Around(one.at, one.actor, one.place, [one], one.request_id))
    return found


def _is_same(last: Around, one: Told) -> bool:
    if (last.actor, last.place) != (one.actor, one.place):
        return False
    if one.request_id and last.request_id == one.request_id:
        return True
    # What was done to many at once leads to the others, and stands for itself.
    is_alike = history.bulk_of(last.request_id) == history.bulk_of(one.request_id)
    return is_alike and _minute(last.at) == _minute(one.at)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def telling(page: str, request: HttpRequest, subject: Any) -> dict[str, Any]:
    """Return what the timeline of a page shows: what was chosen, one screen of it, and the way to what is older.

    `?tell=<key>` chooses, `?until=<moment>` asks for what happened before.
    """
    until = _moment(request.GET.get("until", ""))
    offered = filters(page, request, request.GET.get("tell", EVERYTHING))
    keys = [one.key for one in offered if one.is_open]
    told = timeline(page, request, subject, keys=keys, until=until)
    shown, rest = told[:IN_SIGHT], told[IN_SIGHT:]
    # What happened in the same instant stays together: the next page begins before it.
    shown += [one for one in rest if one.at == shown[-1].at]
    older = {"tell": keys[0]} if keys else {}
    return {
        "around": grouped(shown),
        "tell": offered,
        "tells_all": not keys,
        "older": urlencode({**older, "until": shown[-1].at.isoformat()}) if len(told) > len(shown) else "",
        "newest": request.path if until else "",
    }


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _visible(page: str, request: HttpRequest) -> list[Strand]:
    return [part for part in STRANDS[page] if not part.permission or request.user.has_perm(part.permission)]


def _ask(part: Strand, request: HttpRequest, subject: Any, until: datetime | None) -> list[Told]:
    return once(request, f"strand:{part.name}:{subject.pk}:{until}", lambda: part.tell(request, subject, until))


def history_of(thread: str, until: datetime | None = None) -> list[Told]:
    """Tell the history of the record itself, with what was changed."""
    return [told_by(row) for row in history.records(thread, until=until)[:LIMIT]]


def log_of(request: HttpRequest, subject: Any, until: datetime | None, which: Q | None = None) -> list[Told]:
    """Tell the history of a record, all or some of it; what it speaks of is a link for who may open that."""
    rows = history.records(thread_of(subject), until=until)
    rows = rows if which is None else rows.filter(which)
    own = (subject._meta.label_lower, subject.pk)
    told = []
    for row in rows[:LIMIT]:
        is_own = not row.subject_type or (row.subject_type, row.subject_id) == own
        about = "" if is_own else page_of_thread(f"{row.subject_type}:{row.subject_id}", request.user)
        told.append(told_by(row, url=about))
    return told


def told_by(row: EventRecord, url: str = "") -> Told:
    """Tell a line of the log."""
    return Told(
        row.at,
        row.actor,
        history.words(row),
        history.icon_of(row),
        row.note,
        url=url,
        changes=tuple(changes_of(row)),
        name=row.name,
        request_id=row.request_id,
        before=history.page_before(row),
    )


def events_of(places: Mapping[str, Place], until: datetime | None = None, *, app: str) -> list[Told]:
    """Tell what happened to the records of an app, in the histories of several records."""
    rows = EventRecord.objects.filter(thread__in=list(places), subject_type__startswith=f"{app}.", at__lt=until or FAR)
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


def mails_of(places: Mapping[str, Place | None], until: datetime | None = None) -> list[Told]:
    """Tell what was written to people about several records."""
    rows = OutgoingMail.objects.filter(thread__in=list(places)).only("subject", "thread", "sent_at", "created_at")
    rows = rows.annotate(told_at=Coalesce("sent_at", "created_at")).filter(told_at__lt=until or FAR)
    return [
        Told(row.told_at, "system", row.subject, "mail", url=page_of(row), place=places[row.thread])
        for row in rows.order_by("-told_at", "-pk")[:LIMIT]
    ]
