"""Pages by keyset: read on from a row instead of counting past all before it, as fast at any depth.

Where nothing stands in a column it is sorted as the database's own indexes sort it, so that one of them serves
both ways: PostgreSQL takes nothing for the largest, SQLite for the smallest. No single condition says "and then
those with nothing" without reading the table; so they are asked for by themselves, where the others end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import F, Field, Q, QuerySet
from django.db.models.expressions import OrderBy


@dataclass(frozen=True)
class Key:
    """One part of the order in which a list is read."""

    name: str
    descending: bool
    field: "Field[Any, Any] | None"
    # Whether there may be nothing there.
    nullable: bool = False

    def expression(self, *, backwards: bool) -> OrderBy:
        """Return it as SQL."""
        return F(self.name).desc() if self.descending != backwards else F(self.name).asc()

    def nothing_ends(self, *, backwards: bool) -> bool:
        """Whether the rows with nothing come after all others."""
        largest = connection.vendor != "sqlite"
        return self.nullable and largest != (self.descending != backwards)

    def beyond(self, value: Any, *, backwards: bool) -> Q:
        """Select the rows that come after a value and have one."""
        if value is None:
            return NONE if self.nothing_ends(backwards=backwards) else Q(**{f"{self.name}__isnull": False})
        return Q(**{f"{self.name}__{'lt' if self.descending != backwards else 'gt'}": value})

    def same(self, value: Any) -> Q:
        """Select the rows with just this value."""
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


NONE = Q(pk__in=[])


def key_of(queryset: "QuerySet[Any]", spelled: str) -> Key:
    """Return the key that `-name` or `a__name` stands for."""
    name = spelled.removeprefix("-")
    model: Any = queryset.model
    field: Any = None
    nullable = False
    try:
        for part in name.split("__"):
            field = model._meta.pk if part == "pk" else model._meta.get_field(part)
            nullable = nullable or field.null
            model = field.related_model
    except (FieldDoesNotExist, AttributeError):
        field, nullable = None, False
    return Key(name, spelled.startswith("-"), field, nullable)


def with_tie_break(keys: Sequence[Key], queryset: "QuerySet[Any]") -> list[Key]:
    """Let the primary key decide between rows that are otherwise the same."""
    if any(key.name in ("pk", "id") for key in keys):
        return list(keys)
    return [*keys, Key("pk", keys[-1].descending if keys else True, queryset.model._meta.pk)]


def read_on(
    rows: "QuerySet[Any]",
    keys: Sequence[Key],
    values: Sequence[Any] | None,
    *,
    backwards: bool,
    limit: int,
    scattered: bool = False,
) -> list[Any]:
    """Return the next rows after a position (None: from the start), in the order in which they are read.

    Rows that lie `scattered`, as what is searched for does, have to be sorted: so many keys are sorted in a third of
    the time that whole rows take, with all that is read beside them.
    """
    ordered = rows.order_by(*(key.expression(backwards=backwards) for key in keys))
    if scattered:
        wanted = _next(ordered.values_list("pk", flat=True), keys, values, backwards=backwards, limit=limit)
        return list(ordered.filter(pk__in=wanted)) if wanted else []
    return _next(ordered, keys, values, backwards=backwards, limit=limit)


def _next(
    ordered: "QuerySet[Any]", keys: Sequence[Key], values: Sequence[Any] | None, *, backwards: bool, limit: int
) -> list[Any]:
    if values is None:
        return list(ordered[:limit])
    found: list[Any] = []
    for part in _parts(keys, values, backwards=backwards):
        found += ordered.filter(part)[: limit - len(found)]
        if len(found) >= limit:
            break
    return found


def _parts(keys: Sequence[Key], values: Sequence[Any], *, backwards: bool) -> Iterator[Q]:
    """Yield (a, b) > (x, y) in pieces that follow each other, each written so that the index on `a` serves it."""
    first, value = keys[0], values[0]
    among = _beyond(keys[1:], values[1:], backwards=backwards)
    further = first.beyond(value, backwards=backwards)
    if value is None:
        yield first.same(None) & among
        if not first.nothing_ends(backwards=backwards):
            yield further
        return
    yield (further | first.same(value)) & (further | (first.same(value) & among))
    if first.nothing_ends(backwards=backwards):
        yield first.same(None)


def _beyond(keys: Sequence[Key], values: Sequence[Any], *, backwards: bool) -> Q:
    """Select the rows after a position in all the keys but the first; those few may be asked in one."""
    condition = NONE
    for key, value in reversed(list(zip(keys, values, strict=True))):
        further = key.beyond(value, backwards=backwards)
        if value is not None and key.nothing_ends(backwards=backwards):
            further |= key.same(None)
        condition = further | (key.same(value) & condition)
    return condition


def position_of(row: Any, keys: Sequence[Key]) -> list[Any]:
    """Return where a row stands, as plain values that travel in an address."""
    return [_write(_value(row, key.name)) for key in keys]


def read_position(stored: Sequence[Any], keys: Sequence[Key]) -> list[Any]:
    """Return the values of a position that travelled. Raises ValueError (or what a field raises) for others."""
    return [_read(key, value) for key, value in zip(keys, stored, strict=True)]


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part, None)
    return row


def _write(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read(key: Key, value: Any) -> Any:
    if value is None and not key.nullable:
        raise ValueError(key.name)
    if isinstance(value, str) and "\x00" in value:
        raise ValueError(key.name)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(key.name)
    return key.field.to_python(value) if key.field else value
