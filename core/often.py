"""What is said to the database with every order: its SQL is worked out once, and PostgreSQL plans it once.

Writing SQL costs Django more than all the rest of an order together (benchmarks/README.md). Only for what is said that
often: everything else stays a plain queryset.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import count
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import BooleanField, CharField, Expression, F, Func, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from psycopg import RawCursor

M = TypeVar("M", bound=models.Model)
# What is longer is too rare to be remembered, and to be prepared.
LONGEST = 64
MOST_PARAMETERS = 2_000


def execute(sql: str, parameters: Sequence[Any]) -> Any:
    """Run a statement that is said often, and return its cursor to read from and close.

    On PostgreSQL it is prepared after a few times (`prepare_threshold` in the settings). The server binds the
    parameters, so where it cannot see their type the SQL has to say it.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql" and len(parameters) <= MOST_PARAMETERS:
        database.ensure_connection()
        with database.wrap_database_errors:
            cursor = database._prepare_cursor(RawCursor(database.connection))
        sql = _numbered(sql)
    else:
        cursor = database.cursor()
    cursor.execute(sql, parameters)
    return cursor


@lru_cache(maxsize=1000)
def _numbered(sql: str) -> str:
    """Write the parameters as PostgreSQL does: psycopg would look for them in long statements each time."""
    numbers = count(1)
    return re.sub("%s|%%", lambda found: f"${next(numbers)}" if found[0] == "%s" else "%", sql)


class Slot(Expression):
    """The place of a parameter in a remembered query."""

    def __init__(self, name: str, index: int = -1) -> None:
        super().__init__()
        self.name, self.index = name, index

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Leave the place open."""
        return "%s", [self]


class Word(Expression):
    """A word of ours that stands in the SQL itself: only so does a plan for all parameters know a partial index."""

    def __init__(self, word: str) -> None:
        super().__init__(output_field=CharField())
        if not word.isidentifier():
            raise ValueError(f"{word!r} is no word of ours")
        self.word = word

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Write it down."""
        return f"'{self.word}'", []


class Among(Func):
    """Whether a column holds one of many ids: they are one parameter, however many they are."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **extra: Any) -> Any:
        """Write it as the database at hand takes a list."""
        (column, parameters), (ids, more) = (compiler.compile(one) for one in self.get_source_expressions())
        listed = f"= ANY({ids}::bigint[])"
        if connection.vendor != "postgresql":
            listed = f"IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - the place of a parameter
        return f"{column} {listed}", (*parameters, *more)


def one_of(column: str, ids: "Iterable[int] | Slot") -> Q:
    """Return the condition that a column holds one of some ids, or of those for which a place is left open."""
    return Q(Among(F(column), ids)) if isinstance(ids, Slot) else Q(**{f"{column}__in": list(ids)})


@dataclass(frozen=True)
class _Written:
    """A query that is worked out: its SQL, and how its rows become objects."""

    sql: str
    parameters: tuple[Any, ...]
    model: type[models.Model]
    start: int
    end: int
    names: list[str]
    annotations: list[tuple[str, int]]
    compiler: SQLCompiler
    converters: dict[int, Any]


class Remembered(Generic[M]):
    """A query whose parameters change and whose SQL does not: `Remembered(lambda pk: Order.objects.filter(pk=pk))`.

    It gets slots instead of values. A list of values becomes a list of slots, as long as the next power of two, so
    that few lengths are worked out; what is too much is repeated. It selects rows of one model, without relations.
    """

    def __init__(self, write: Callable[..., QuerySet[M]]) -> None:
        self.write = write
        self._written: dict[tuple[Any, ...], _Written] = {}

    def rows(self, **values: Any) -> list[M]:
        """Ask with these values."""
        lists = {name: list(value) for name, value in values.items() if isinstance(value, list | tuple | set)}
        if not all(lists.values()):
            return []
        if any(len(value) > LONGEST for value in lists.values()):
            return list(self.write(**values))
        lengths = {name: 1 << (len(value) - 1).bit_length() for name, value in lists.items()}
        shape = (connection.vendor, *values, *lengths.values())
        if (written := self._written.get(shape)) is None:
            written = self._written[shape] = self._work_out(values, lengths)
        filled = {name: value + value[-1:] * (lengths[name] - len(value)) for name, value in lists.items()}
        return _ask(written, {**values, **filled})

    def _work_out(self, values: dict[str, Any], lengths: dict[str, int]) -> _Written:
        slots: dict[str, Any] = {name: Slot(name) for name in values}
        slots |= {name: [Slot(name, index) for index in range(length)] for name, length in lengths.items()}
        compiler = self.write(**slots).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        how: Any = compiler.klass_info
        if how.get("related_klass_infos"):
            raise TypeError("A remembered query brings no relations along")
        start, end = how["select_fields"][0], how["select_fields"][-1] + 1
        return _Written(
            sql,
            tuple(parameters),
            how["model"],
            start,
            end,
            [column[0].target.attname for column in compiler.select[start:end]],
            list(compiler.annotation_col_map.items()),
            compiler,
            compiler.get_converters([column[0] for column in compiler.select]),
        )


class RememberedValues:
    """The same for rows of values:

    `RememberedValues(lambda pks: Order.objects.filter(one_of("id", pks)).values_list("id"))`.

    A list of ids is one parameter. What is None is left to the one who writes the query: that is another query.
    Numbers in it that are no parameters have to say their type (`Cast`), where they are not compared with a column.
    """

    def __init__(self, write: Callable[..., QuerySet[Any, Any]]) -> None:
        self.write = write
        self._written: dict[tuple[Any, ...], tuple[str, tuple[Any, ...], SQLCompiler, dict[int, Any]]] = {}

    def rows(self, **values: Any) -> list[Any]:
        """Ask with these values."""
        shape = (connection.vendor, *((name, value is None) for name, value in values.items()))
        if (written := self._written.get(shape)) is None:
            written = self._written[shape] = self._work_out(values)
        sql, slots, compiler, converters = written
        parameters = [_value(one, values) if type(one) is Slot else one for one in slots]
        with execute(sql, parameters) as cursor:
            found: list[Any] = cursor.fetchall()
        return list(compiler.apply_converters(found, converters)) if converters else found

    def _work_out(self, values: dict[str, Any]) -> tuple[str, tuple[Any, ...], SQLCompiler, dict[int, Any]]:
        slots = {name: None if value is None else Slot(name) for name, value in values.items()}
        compiler = self.write(**slots).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        asked = [column[0] for column in compiler.select]
        known = {place: (connection.ops.get_db_converters(one), one) for place, one in enumerate(asked)}
        return sql, tuple(parameters), compiler, {place: one for place, one in known.items() if one[0]}


def _ask(written: _Written, values: dict[str, Any]) -> list[Any]:
    parameters = [_value(one, values) if type(one) is Slot else one for one in written.parameters]
    with execute(written.sql, parameters) as cursor:
        rows = cursor.fetchall()
    if written.converters:
        rows = written.compiler.apply_converters(rows, written.converters)
    found = []
    for row in rows:
        one = written.model.from_db(DEFAULT_DB_ALIAS, written.names, row[written.start : written.end])
        for name, place in written.annotations:
            setattr(one, name, row[place])
        found.append(one)
    return found


def _value(slot: Slot, values: dict[str, Any]) -> Any:
    value = values[slot.name] if slot.index < 0 else values[slot.name][slot.index]
    if isinstance(value, list | tuple | set | frozenset):
        listed = ",".join(map(str, value))
        return f"{{{listed}}}" if connection.vendor == "postgresql" else f"[{listed}]"
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    if value is None or isinstance(value, Decimal):
        raise TypeError(f"{slot.name} cannot be asked for by {value!r}")
    return value
