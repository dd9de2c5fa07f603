"""Insert rows that are written often, and a row unless somebody already did: each in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from core import often


def insert_once(row: models.Model) -> bool:
    """Insert a row; False when a unique constraint says that there is one already: no error, no aborted transaction.

    A concurrent twin waits here until the other transaction ends. Sets the primary key of the row.
    """
    meta = row._meta
    fields: list[Any] = [field for field in meta.local_concrete_fields if not (field.primary_key and row.pk is None)]
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table, key = connection.ops.quote_name(meta.db_table), connection.ops.quote_name(str(meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(fields))}) "  # noqa: S608 - our names
            f"ON CONFLICT DO NOTHING RETURNING {key}",
            values,
        )
        inserted = cursor.fetchone()
    if inserted is None:
        return False
    row.pk = inserted[0]
    row._state.adding = False
    row._state.db = connection.alias
    return True


@dataclass(frozen=True)
class Table:
    """How rows of a model are written: all columns but the key, and those that the database works out."""

    fields: list[Any]
    usual: list[type | None]
    start: str
    row: str
    returning: list[Any]
    end: str
    update: str

    def values_of(self, row: models.Model, database: Any, *, add: bool) -> list[Any]:
        """Return what stands in the columns, as the database takes it."""
        row._prepare_related_fields_for_save(operation_name="insert_rows" if add else "update_row")  # type: ignore[attr-defined]
        values = []
        for field, usual in zip(self.fields, self.usual, strict=True):
            value = field.pre_save(row, add)
            if value is not None and type(value) is not usual:
                value = field.get_db_prep_save(value, database)
            values.append(value)
        return values


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model in one statement; sets their keys, and what else the database works out.

    As `bulk_create` does, but the SQL is worked out once (`core.often`).
    """
    if len(rows) > often.LONGEST:
        type(rows[0])._base_manager.bulk_create(rows)
        return
    if not rows:
        return
    database: Any = connections[DEFAULT_DB_ALIAS]
    table = table_of(type(rows[0]), database.vendor)
    values: list[Any] = []
    for row in rows:
        values += table.values_of(row, database, add=True)
    sql = f"{table.start}{', '.join([table.row] * len(rows))}{table.end}"
    with often.execute(sql, values) as cursor:
        answers = cursor.fetchall()
    for row, answer in zip(rows, answers, strict=True):
        for field, value in zip(table.returning, answer, strict=True):
            setattr(row, field.attname, value)
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS


# What PostgreSQL takes as it is, by the kind of column.
USUAL: dict[str, type] = {
    "CharField": str,
    "TextField": str,
    "EmailField": str,
    "BigIntegerField": int,
    "IntegerField": int,
    "PositiveIntegerField": int,
    "PositiveSmallIntegerField": int,
    "BooleanField": bool,
    "DecimalField": Decimal,
    "DateField": date,
    "ForeignKey": int,
    "OneToOneField": int,
}


@cache
def table_of(model: type[models.Model], vendor: str) -> Table:
    """Work out how the rows of a model are written."""
    meta, quote = model._meta, connection.ops.quote_name
    fields: list[Any] = [one for one in meta.local_concrete_fields if not (one.primary_key or one.generated)]
    usual = [USUAL.get(one.get_internal_type()) if vendor == "postgresql" else None for one in fields]
    columns = ", ".join(quote(one.column) for one in fields)
    returning: list[Any] = list(meta.db_returning_fields)
    answer = ", ".join(quote(one.column) for one in returning)
    assignments = ", ".join(f"{quote(one.column)} = %s" for one in fields)
    return Table(
        fields,
        usual,
        f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ",  # noqa: S608 - our own names
        f"({', '.join(['%s'] * len(fields))})",
        returning,
        f" RETURNING {answer}",
        f"UPDATE {quote(meta.db_table)} SET {assignments} WHERE {quote(str(meta.pk.column))} = %s",  # noqa: S608
    )
