"""The history of a record, told from the event log for people.

Transitions, changes with before and after, and notes are always told. Plain facts are told when
somebody gave them words, else they would only repeat the transition that caused them:

    phrase("app.goods_shipped", _("Parcel %(reference)s left the building"), icon="box")

The words may use the fields of the event. Entries of one request are told as one moment.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from core.admin.differences import capital, changes_of, model_of
from core.admin.facts import FACTS
from core.models import EventRecord
from core.reader import spoken


@dataclass(frozen=True)
class Phrase:
    """How a fact is told."""

    text: Any
    icon: str = "dot"


@dataclass
class Line:
    """One thing that happened."""

    record: EventRecord
    text: str
    icon: str = "dot"
    changes: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Moment:
    """What one actor did in one request."""

    at: datetime
    actor: str
    lines: list[Line]
    request_id: str = ""


PHRASES: dict[str, Phrase] = {}


def phrase(name: str, text: Any, *, icon: str = "dot") -> None:
    """Give a fact (or a transition) its words."""
    PHRASES[name] = Phrase(text, icon)


# How a record was before a change: from the line of the log to the address of a page, or to nothing.
EARLIER: dict[str, Callable[[EventRecord], str]] = {}


def earlier(name: str, address: Callable[[EventRecord], str]) -> None:
    """Say where a change shows what it ended."""
    EARLIER[name] = address


def page_before(record: EventRecord) -> str:
    """Return the address of what a change ended, where there is a page for that."""
    return EARLIER[record.name](record) if record.name in EARLIER else ""


def records(thread: str, *, until: datetime | None = None) -> "QuerySet[EventRecord]":
    """Return the lines of the log that are told in a history, newest first."""
    # Transitions and changes have a subject; plain facts have not.
    told = ~Q(subject_type="") | ~Q(note="") | Q(name__in=list(PHRASES))
    rows = EventRecord.objects.filter(told, thread=thread).order_by("-at", "-id")
    return rows if until is None else rows.filter(at__lt=until)


def moments(thread: str, *, only: Q | None = None, limit: int = 100) -> list[Moment]:
    """Return what happened to a record, newest first, in one query; of a longer history `only` a part."""
    return _grouped(records(thread).filter(only or Q())[:limit])


def _grouped(records: Iterable[EventRecord]) -> list[Moment]:
    found: list[Moment] = []
    for record in records:
        last = found[-1] if found else None
        same = (
            last is not None
            and last.actor == record.actor
            and bulk_of(last.request_id) == bulk_of(record.request_id)
            and last.at.replace(second=0, microsecond=0) == record.at.replace(second=0, microsecond=0)
        )
        if not same or last is None:
            last = Moment(record.at, record.actor, [], record.request_id)
            found.append(last)
        last.lines.append(Line(record, words(record), icon_of(record), changes_of(record)))
    return found


def bulk_of(request_id: str) -> str:
    """Return what ties a record to the others of a bulk job; other requests are not told apart."""
    return request_id if request_id.startswith("bulk-") else ""


def words(record: EventRecord) -> str:
    """Say what a record of the log says, for people."""
    if known := PHRASES.get(record.name):
        try:
            return str(known.text) % {name: _as_read(value) for name, value in record.payload.items()}
        except (KeyError, TypeError, ValueError):
            return str(known.text)
    if named := FACTS.get(record.name):
        return str(named)
    model = model_of(record.subject_type)
    if record.transition:
        return _transition_words(model, record)
    verb = record.name.rsplit(".", 1)[-1].replace("_", " ")
    if verb == "changed" and model is not None:
        return gettext("%(thing)s changed") % {"thing": capital(model._meta.verbose_name)}
    if verb == "created" and model is not None:
        return gettext("%(thing)s created") % {"thing": capital(model._meta.verbose_name)}
    return capital(verb)


def _as_read(value: Any) -> Any:
    return spoken(value) if isinstance(value, str) else value


def _transition_words(model: Any, record: EventRecord) -> str:
    """Name the state that was reached, in the words of the machine."""
    target = status_words(record)(record.target)
    return f"{capital(model._meta.verbose_name)}: {target}" if model is not None else capital(target)


def status_words(record: EventRecord) -> Callable[[str], str]:
    """Return how the states of the record's machine are called."""
    model = model_of(record.subject_type)
    known = dict(model._meta.get_field("status").flatchoices) if model is not None else {}
    return lambda state: str(known.get(state) or state.replace("_", " "))


def icon_of(record: EventRecord) -> str:
    """Return the sign of a line of the log."""
    if known := PHRASES.get(record.name):
        return known.icon
    return "arrow" if record.transition else "pen"
