"""The same rows without us: what one order leaves behind, written again by plain SQL, one statement per table.

The rows are read off an order that `place_order` placed, so a new column or table is in the next floor too. What
differs from order to order is left open: keys, goods, buyer, references.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import psycopg
from django.apps import apps
from django.db import connection, models

from benchmarks.kin import execute
from benchmarks.shop import UNITS, Buyer, Goods

INSERT = re.compile(r'^INSERT INTO "(\w+)" \(([^)]+)\)')
# An id inside a text: the history it belongs to (`orders.order:17`), or a fact about it (`"order_id": 17`).
NAMED = re.compile(r'(?P<label>[a-z]+\.[a-z]+):(?P<thread>\d+)\b|"(?P<key>\w+)_id": (?P<id>\d+)')
SHELVES = """
    UPDATE inventory_stockitem AS t SET reserved = t.reserved + v.units
    FROM (VALUES {rows}) AS v (id, units)
    WHERE t.id = v.id AND t.on_hand - t.quarantined - t.reserved - t.safety_stock >= v.units
"""


@dataclass(frozen=True)
class Key:
    """The key of a row that this order wrote: which table, which of its rows."""

    table: int
    row: int


@dataclass(frozen=True)
class Of:
    """Something of the order's goods or buyer: `product_id`, `sku`, `shelf_id` of a place; `customer_id`, `email`."""

    name: str
    place: int = -1


@dataclass(frozen=True)
class Text:
    """A text with keys, or the reference of the order, in it."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Fresh:
    """A code that no other row has."""

    length: int


REFERENCE = Of("reference")


@dataclass
class Rows:
    """What one order writes into one table."""

    table: str
    columns: list[str]
    values: list[list[Any]]
    returns_key: bool = False

    @cached_property
    def sql(self) -> str:
        """Return the statement."""
        names = ", ".join(f'"{name}"' for name in self.columns)
        row = f"({', '.join(['%s'] * len(self.columns))})"
        rows = ", ".join([row] * len(self.values))
        return f'INSERT INTO "{self.table}" ({names}) VALUES {rows}{" RETURNING id" if self.returns_key else ""}'

    @cached_property
    def known(self) -> list[Any]:
        """Return all values in a row, with nothing where something is left open."""
        return [value for row in self.values for value in row]

    @cached_property
    def open(self) -> list[tuple[int, Any]]:
        """Return what is left open, with its place."""
        return [(place, one) for place, one in enumerate(self.known) if isinstance(one, Key | Of | Text | Fresh)]


@dataclass
class Floor:
    """All that one order writes, table by table in the order of the keys."""

    tables: list[Rows] = field(default_factory=list)

    def statements(self) -> int:
        """Return how many statements an order takes, BEGIN and COMMIT included."""
        return len(self.tables) + 3

    def write(self, database: "psycopg.Connection[Any]", goods: list[Goods], buyer: Buyer, reference: str) -> bool:
        """Write the rows of one order in one transaction. False where a shelf has too little: nothing is written."""
        keys: list[list[int]] = []
        with database.transaction() as held, database.cursor() as cursor:
            wanted = sorted((one.shelf_id, units) for one, units in zip(goods, UNITS, strict=True))
            rows = ", ".join(["(%s::bigint, %s::integer)"] * len(wanted))
            cursor.execute(SHELVES.format(rows=rows), [figure for row in wanted for figure in row])
            if cursor.rowcount != len(wanted):
                raise psycopg.Rollback(held)
            for rows_of in self.tables:
                values = list(rows_of.known)
                for place, one in rows_of.open:
                    values[place] = _filled(one, keys, goods, buyer, reference)
                cursor.execute(rows_of.sql, values)
                keys.append([row[0] for row in cursor.fetchall()] if rows_of.returns_key else [])
            return True
        return False


def _filled(one: Any, keys: list[list[int]], goods: list[Goods], buyer: Buyer, reference: str) -> Any:
    if isinstance(one, Key):
        return keys[one.table][one.row]
    if isinstance(one, Text):
        return "".join(
            part if isinstance(part, str) else str(_filled(part, keys, goods, buyer, reference)) for part in one.parts
        )
    if isinstance(one, Fresh):
        return secrets.token_hex(one.length)[: one.length]
    if one.place >= 0:
        return getattr(goods[one.place], one.name)
    return reference if one == REFERENCE else getattr(buyer, one.name)


def read_off(place: Callable[[str], object], *, goods: list[Goods], buyer: Buyer) -> Floor:
    """Have an order placed twice, and turn the rows of the second one into a pattern."""
    with _watching() as written:
        place("pattern-1")
    last = {table: execute(f'SELECT COALESCE(max(id), 0) FROM "{table}"')[0][0] for table in written}
    place("pattern-2")
    floor = Floor()
    found: dict[tuple[str, int], Key] = {}
    for table, columns in written.items():
        names = ", ".join(f'"{name}"' for name in columns)
        rows = execute(f'SELECT id, {names} FROM "{table}" WHERE id > %s ORDER BY id', last[table])
        found |= {(table, row[0]): Key(len(floor.tables), index) for index, row in enumerate(rows)}
        floor.tables.append(Rows(table, columns, [list(row[1:]) for row in rows]))
    reader = _Reader(found, goods, buyer)
    for one in floor.tables:
        model = next(
            model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == one.table
        )
        one.values = [reader.left_open(model, dict(zip(one.columns, row, strict=True))) for row in one.values]
    for index in {key.table for key in reader.used}:
        floor.tables[index].returns_key = True
    return floor


@contextmanager
def _watching() -> Iterator[dict[str, list[str]]]:
    """Note into which tables and columns is written."""
    written: dict[str, list[str]] = {}

    def watch(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if insert := INSERT.match(sql):
            written.setdefault(insert[1], [name.strip(' "') for name in insert[2].split(",")])
        return run(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield written


class _Reader:
    """Finds, in the rows of an order, what another order would have otherwise."""

    def __init__(self, found: dict[tuple[str, int], Key], goods: list[Goods], buyer: Buyer) -> None:
        self.found = found
        self.used: set[Key] = set()
        self.tables = {model._meta.label_lower: model._meta.db_table for model in apps.get_models()}
        self.by_name = {model._meta.model_name: model._meta.db_table for model in apps.get_models()}
        self.of = {
            **{("inventory_product", one.product_id): Of("product_id", place) for place, one in enumerate(goods)},
            **{("inventory_stockitem", one.shelf_id): Of("shelf_id", place) for place, one in enumerate(goods)},
            ("customers_customer", buyer.customer_id): Of("customer_id"),
        }
        self.words = {one.sku: Of("sku", place) for place, one in enumerate(goods)} | {buyer.email: Of("email")}

    def left_open(self, model: type[models.Model], row: dict[str, Any]) -> list[Any]:
        """Return the values of a row, with what differs left open."""
        return [self._value(model._meta.get_field(self._name(model, column)), row, column) for column in row]

    def _name(self, model: type[models.Model], column: str) -> str:
        return next(one.name for one in model._meta.concrete_fields if one.column == column)

    def _value(self, column_of: Any, row: dict[str, Any], column: str) -> Any:
        value = row[column]
        if column_of.is_relation:
            return self._key(column_of.related_model._meta.db_table, value)
        if column == "subject_id" and value is not None:
            return self._key(self.tables[row["subject_type"]], value)
        if not isinstance(value, str):
            return value
        if value in self.words:
            return self.words[value]
        if column_of.unique:
            return Fresh(len(value))
        return self._text(value)

    def _key(self, table: str, value: Any) -> Any:
        if (table, value) in self.found:
            self.used.add(self.found[table, value])
            return self.found[table, value]
        return self.of.get((table, value), value)

    def _text(self, value: str) -> Any:
        parts: list[Any] = []
        rest = 0
        for name in NAMED.finditer(value):
            kind = "thread" if name["label"] else "id"
            table = self.tables.get(name["label"] or "") or self.by_name.get(name["key"] or "")
            key = self._key(table, int(name[kind])) if table else None
            if isinstance(key, Key):
                parts += [value[rest : name.start(kind)], key]
                rest = name.end(kind)
        parts.append(value[rest:])
        parts = [
            piece
            for part in parts
            for piece in (re.split(r"(pattern-2)", part) if isinstance(part, str) else [part])
            if piece != ""
        ]
        parts = [REFERENCE if part == "pattern-2" else part for part in parts]
        if all(isinstance(part, str) for part in parts):
            return value
        return parts[0] if len(parts) == 1 and isinstance(parts[0], Of) else Text(tuple(parts))
