"""A form that was overtaken: what stood there before, what a colleague made of it, and what one typed, field by field.

Every form of a record carries what its reader saw. When it comes back and something else stands there by now, it is
saved only after its sender has seen both: a field that he left alone follows the colleague, for one that both
changed he chooses.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext

from core.models import EventRecord
from core.reader import spoken_moment

SEEN = "_seen"
CHOICE = "_keep_"
THEIRS = "theirs"
LONGEST = 300
# What these take is read from the database, or is nothing to carry in a page.
BY_KEY = (forms.ModelChoiceField, forms.ModelMultipleChoiceField)
NEVER = (forms.FileField,)


@dataclass(frozen=True)
class Clash:
    """A field that says something else by now; `choice` names the answer where both changed it."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str
    choice: str = ""


@dataclass(frozen=True)
class Overtaken:
    """What changed while somebody was typing, and who was the last to change something."""

    clashes: list[Clash]
    who: str = ""
    at: str = ""

    @property
    def asks(self) -> bool:
        """Whether there is something to choose."""
        return any(clash.choice for clash in self.clashes)


def seen_in(form: forms.BaseForm) -> str:
    """Return what a form shows before anybody types, to be sent along with it."""
    return json.dumps({bound.name: _plain(bound.field, bound.initial) for bound in _carried(form)})


def answer(shown: forms.BaseForm, data: QueryDict) -> tuple[QueryDict, list[Clash]]:
    """Return what was sent, as it is to be read, and the fields in which it was overtaken.

    `shown` is the form as it would be opened now. Where an earlier answer says so, a field is taken from it.
    """
    seen = _read(data.get(SEEN, ""))
    read, clashes = data.copy(), []
    for bound in _carried(shown):
        now = _plain(bound.field, bound.initial)
        sent = bound.field.widget.value_from_datadict(data, {}, bound.html_name)
        mine, before = _plain(bound.field, sent), seen.get(bound.name, now)
        if data.get(f"{CHOICE}{bound.name}") == THEIRS:
            _put(read, bound)
            mine = now
        if before == now:
            continue
        untouched = mine == before
        if untouched:
            _put(read, bound)
        contested = not untouched and mine != now
        clashes.append(
            Clash(
                name=bound.name,
                label=str(capfirst(bound.label)),
                before=_spoken(bound.field, before),
                theirs=_spoken(bound.field, now),
                mine="" if untouched else _spoken(bound.field, mine),
                choice=f"{CHOICE}{bound.name}" if contested else "",
            )
        )
    return read, clashes


def overtaken(clashes: list[Clash], thread: str) -> Overtaken:
    """Return what there is to show, with who was there last, in one statement."""
    last = EventRecord.objects.filter(thread=thread).order_by("-at", "-pk").values_list("actor", "at").first()
    return Overtaken(clashes, last[0], spoken_moment(last[1])) if last else Overtaken(clashes)


def _carried(form: forms.BaseForm) -> list[BoundField]:
    return [
        bound
        for bound in form
        if not isinstance(bound.field, NEVER)
        and not isinstance(bound.field.widget, forms.PasswordInput)
        and not bound.field.disabled
    ]


def _read(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _plain(field: forms.Field, value: Any) -> str:
    """Write a value so that the same one reads the same, whether it was kept or typed."""
    value = field.prepare_value(value() if callable(value) else value)
    if not isinstance(field, BY_KEY):
        with suppress(ValidationError, TypeError, ValueError, AttributeError):
            value = field.to_python(value)
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return value.replace(second=0, microsecond=0).isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return format(value.normalize(), "f")
    if isinstance(value, list | tuple | set):
        return ", ".join(sorted(str(one) for one in value))
    return str(value).replace("\r\n", "\n").strip()


def _put(data: QueryDict, bound: BoundField) -> None:
    """Let what was sent say what stands there now."""
    # Django wraps what chooses a related row.
    widget: Any = getattr(bound.field.widget, "widget", bound.field.widget)
    value = bound.field.prepare_value(bound.initial)
    if isinstance(widget, forms.CheckboxInput):
        data.pop(bound.html_name, None)
        if value:
            data[bound.html_name] = "on"
    elif isinstance(widget, forms.MultiWidget):
        several: Any = widget
        for part, name, one in zip(several.widgets, several.widgets_names, several.decompress(value), strict=True):
            data[f"{bound.html_name}{name}"] = str(part.format_value(one) or "")
    else:
        shown = widget.format_value(value)
        shown = shown if isinstance(shown, list | tuple) else [shown]
        data.setlist(bound.html_name, [str(one) for one in shown if one is not None])


def _spoken(field: forms.Field, value: str) -> str:
    """Write a value for people."""
    if isinstance(field, forms.BooleanField):
        return gettext("Yes") if value == "True" else gettext("No")
    if isinstance(field, BY_KEY):
        keys = [one for one in value.split(", ") if one.isdigit() and len(one) < 19]
        found = field.queryset.filter(pk__in=keys) if keys and field.queryset is not None else ()
        return ", ".join(str(one) for one in found) or value
    if isinstance(field, forms.ChoiceField):
        return _name_of(field, value)
    if isinstance(field, forms.DateTimeField) and value:
        try:
            return spoken_moment(datetime.fromisoformat(value))
        except ValueError:
            return value
    return f"{value[:LONGEST]}…" if len(value) > LONGEST else value


def _name_of(field: Any, value: str) -> str:
    names = {str(key): str(name) for key, name in field.choices if not isinstance(name, list | tuple)}
    return ", ".join(names.get(one, one) for one in value.split(", "))
