"""The history of a record, told from the event log for people.

Transitions, changes with before and after, and notes are always told. Plain facts are told when
somebody gave them words, else they would only repeat the transition that caused them:

    phrase("app.goods_shipped", _("Parcel %(reference)s left the building"), icon="box")

The words may use the fields of the event. Entries of one request are told as one moment.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import BooleanField, Q, QuerySet
from django.utils.translation import gettext

from core.admin.facts import FACTS
from core.models import EventRecord
from core.reader import country_name, spoken_date, spoken_moment
from core.reader import retold as say_again

DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


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


# How the codes in a field are called, by its name. Values of fields with choices need none of it.
VALUES: dict[str, Callable[[str], Any]] = {"country": country_name}


def value_words(field: str, words: Callable[[str], Any]) -> None:
    """Give the codes of a field their words: `value_words("colour", colour_name)`."""
    VALUES[field] = words


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
    model = _model(record.subject_type)
    if record.transition:
        return _transition_words(model, record)
    verb = record.name.rsplit(".", 1)[-1].replace("_", " ")
    if verb == "changed" and model is not None:
        return gettext("%(thing)s changed") % {"thing": _capital(model._meta.verbose_name)}
    if verb == "created" and model is not None:
        return gettext("%(thing)s created") % {"thing": _capital(model._meta.verbose_name)}
    return _capital(verb)


def _as_read(value: Any) -> Any:
    """Say what the machine wrote down in the words of the reader: its sentences, and days."""
    if not isinstance(value, str):
        return value
    if DAY.fullmatch(value):
        return spoken_date(date.fromisoformat(value))
    if MOMENT.match(value):
        return spoken_moment(datetime.fromisoformat(value))
    return say_again(value)


def _transition_words(model: Any, record: EventRecord) -> str:
    """Name the state that was reached, in the words of the machine."""
    target = status_words(record)(record.target)
    return f"{_capital(model._meta.verbose_name)}: {target}" if model is not None else _capital(target)


def status_words(record: EventRecord) -> Callable[[str], str]:
    """Return how the states of the record's machine are called."""
    model = _model(record.subject_type)
    known = dict(model._meta.get_field("status").flatchoices) if model is not None else {}
    return lambda state: str(known.get(state) or state.replace("_", " "))


def icon_of(record: EventRecord) -> str:
    """Return the sign of a line of the log."""
    if known := PHRASES.get(record.name):
        return known.icon
    return "arrow" if record.transition else "pen"


def changes_of(record: EventRecord) -> list[tuple[str, str, str]]:
    """Return field, before and after of a change."""
    before, after = record.payload.get("before") or {}, record.payload.get("after") or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    model = _model(record.subject_type)
    return [
        (f"{_label(model, name)}{part}", was, becomes)
        # PostgreSQL keeps the names in an order of its own.
        for name in sorted({**before, **after})
        for part, was, becomes in _differences(model, name, before.get(name, ""), after.get(name, ""))
    ]


def _differences(model: Any, field: str, was: Any, becomes: Any) -> list[tuple[str, str, str]]:
    """Return what differs, in words; of something with parts (an address), each part by its name."""
    if isinstance(was, dict) and isinstance(becomes, dict):
        names = [name for name in sorted({**was, **becomes}) if was.get(name) != becomes.get(name)]
        return [
            (f" · {name.replace('_', ' ')}", _said(was.get(name), words), _said(becomes.get(name), words))
            for name in names
            for words in [VALUES.get(name, str)]
        ]
    words = _words_of(model, field)
    return [("", _said(was, words), _said(becomes, words))]


def _words_of(model: Any, field: str) -> Callable[[str], Any]:
    """Return how the values of a field are called: by what was registered, by its choices, or as yes and no."""
    if field in VALUES:
        return VALUES[field]
    known = {one.name: one for one in model._meta.fields} if model is not None else {}
    found = known.get(field)
    choices = {} if found is None else dict(found.flatchoices)
    if isinstance(found, BooleanField):
        choices = {"True": gettext("yes"), "False": gettext("no")}
    return lambda code: choices.get(code, code)


def _said(value: Any, words: Callable[[str], Any] = str) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_said(one, words) for one in value)
    if isinstance(value, dict):
        return ", ".join(_said(one) for one in value.values() if one not in ("", None))
    if isinstance(value, str):
        return str(_as_read(str(words(value))))
    return "" if value is None else str(value)


def _label(model: Any, name: str) -> str:
    known = {f.name: f.verbose_name for f in model._meta.fields} if model is not None else {}
    return _capital(known.get(name, name.replace("_", " ")))


def _model(label: str) -> Any:
    try:
        return apps.get_model(label) if label else None
    except LookupError:
        return None


def _capital(text: Any) -> str:
    text = str(text)
    return text[:1].upper() + text[1:]
