"""What a change says in a history: each field by its name, before and after, in the language and locale of who reads.

    value_words("colour", colour_name)                      # what the codes of a field are called
    name_fields({"line1": _("Street"), "city": _("City")})  # what is called so where it is no column of its record

What has parts (an address) is told by those that differ, in the order in which they were named. Amounts bear the
currency that was noted with the change (`core.service.note_change`); without one they are told as figures.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import BooleanField, CharField, DecimalField, TextField
from django.utils.translation import gettext

from core.amounts import written
from core.models import EventRecord
from core.reader import country_name, retold, spoken, spoken_price

FIGURE = re.compile(r"-?\d+(?:\.\d+)?")
NOTHING = ("", None, False)
# What a thing with parts is called by, the first of them that did not change.
CALLED_BY = ("label", "name", "company")
Difference = tuple[str, str, str]

# How the codes in a field are called, by its name. Values of fields with choices need none of it.
VALUES: dict[str, Callable[[str], Any]] = {
    "country": country_name,
    "language": lambda code: dict(settings.LANGUAGES).get(code, code),
}
NAMES: dict[str, Any] = {}


def value_words(field: str, words: Callable[[str], Any]) -> None:
    """Give the codes of a field their words: `value_words("colour", colour_name)`."""
    VALUES[field] = words


def name_fields(names: Mapping[str, Any]) -> None:
    """Say what is called how where it is no column of its record, and in which order parts are read.

    A name that ends with a colon is that of a kind of things, of which `kind:detail` is one.
    """
    NAMES.update(names)


def changes_of(record: EventRecord) -> list[Difference]:
    """Return field, before and after of a change."""
    before, after = record.payload.get("before") or {}, record.payload.get("after") or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    model = model_of(record.subject_type)
    columns = {} if model is None else {one.name: one for one in (*model._meta.fields, *model._meta.many_to_many)}
    noted = str(record.payload.get("currency") or "")
    # Where the currency itself was changed, each side has its own.
    was_in, is_in = (str(side.get("currency") or noted) if noted else "" for side in (before, after))
    return [
        difference
        # PostgreSQL keeps the names in an order of its own.
        for name in sorted({**before, **after})
        for field in [_Field(name, columns.get(name))]
        for difference in _differences(
            replace(field, currency=was_in), before.get(name, ""), replace(field, currency=is_in), after.get(name, "")
        )
    ]


@dataclass(frozen=True)
class _Field:
    """What a value stands in: a column of the record or something beside it, and the currency of its amounts."""

    name: str
    column: Any = None
    currency: str = ""
    is_part: bool = False

    @property
    def label(self) -> str:
        """Return how it is called."""
        if known := NAMES.get(self.name) if self.column is None else self.column.verbose_name:
            return capital(known)
        kind, _colon, detail = self.name.partition(":")
        if known := NAMES.get(f"{kind}:"):
            return f"{known} · {detail}" if detail else str(known)
        return capital(spoken(self.name.replace("_", " ")))

    @property
    def is_typed(self) -> bool:
        """Whether people write it: that is no day and no amount, whatever it looks like."""
        return isinstance(self.column, CharField | TextField) or (self.is_part and self.name in NAMES)

    def part(self, name: str) -> "_Field":
        """Return the field that is a part of it."""
        return _Field(name, currency=self.currency, is_part=True)

    def say(self, value: Any) -> str:
        """Say a value in words."""
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, list):
            return ", ".join(self.say(one) for one in value)
        if isinstance(value, dict):
            return ", ".join(
                self._with(self.part(name), value[name]) for name in _as_read(value) if value[name] not in NOTHING
            )
        return self._word(value) if isinstance(value, str) else "" if value is None else str(value)

    def _with(self, part: "_Field", value: Any) -> str:
        """Say a part of the whole; one that has no name of ours is named by its key, unless it has parts as well."""
        if value is True:
            return part.label
        is_named = part.name in NAMES or self.column is None or isinstance(value, dict | list)
        return part.say(value) if is_named else f"{part.label}: {part.say(value)}"

    def _word(self, value: str) -> str:
        if (word := self._called(value)) is not None:
            return str(word)
        if self.is_typed:
            return retold(value)
        if value == "None":
            return ""
        return self._figure(value) if FIGURE.fullmatch(value) else spoken(value, self.currency)

    def _called(self, code: str) -> Any:
        if self.name in VALUES:
            return VALUES[self.name](code)
        if isinstance(self.column, BooleanField):
            return {"True": gettext("yes"), "False": gettext("no")}.get(code)
        return None if self.column is None else dict(self.column.flatchoices).get(code)

    def _figure(self, value: str) -> str:
        is_decimal = isinstance(self.column, DecimalField)
        if self.currency and (is_decimal or self.column is None):
            return spoken_price(Decimal(value), self.currency)
        return written(Decimal(value), self.column.decimal_places) if is_decimal else value


def _differences(was_in: _Field, was: Any, is_in: _Field, becomes: Any) -> Iterator[Difference]:
    """Tell what differs, in words; of something with parts each by its name."""
    if not isinstance(was, dict) or not isinstance(becomes, dict):
        yield was_in.label, was_in.say(was), is_in.say(becomes)
        return
    names = _as_read({**was, **becomes})
    same = [name for name in names if (was.get(name) or "") == (becomes.get(name) or "")]
    whole = was_in.label
    # A column there is once; of what is beside the record there may be several, told apart by their names.
    if was_in.column is None and (called := [was[name] for name in CALLED_BY if name in same and was.get(name)]):
        whole = f"{whole} ({called[0]})"
    for name in names:
        if name not in same:
            old, new = was_in.part(name), is_in.part(name)
            yield f"{whole} · {old.label}", old.say(was.get(name)), new.say(becomes.get(name))


def _as_read(parts: Mapping[str, Any]) -> list[str]:
    """Return parts as they are read: those that have names as they were named, then the others."""
    order = {name: at for at, name in enumerate(NAMES)}
    return sorted(parts, key=lambda name: (order.get(name, len(order)), name))


def model_of(label: str) -> Any:
    """Return the model of a label; None where there is none of that name (any more)."""
    try:
        return apps.get_model(label) if label else None
    except LookupError:
        return None


def capital(text: Any) -> str:
    """Begin with a capital."""
    text = str(text)
    return text[:1].upper() + text[1:]
