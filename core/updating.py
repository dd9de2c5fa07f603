"""Save a row that somebody else may have moved, and give many rows values of their own: each in one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from core import often
from core.inserting import table_of

# Some columns per row stay well below the 32,766 parameters that SQLite takes.
BATCH = 2_000


def update_row(row: models.Model, **stands: Any) -> bool:
    """Save all columns of a row if it still stands where these say; False when it was moved or is gone.

    As `filter(pk=…, **stands).update(…)` does, but the SQL is worked out once (`core.often`): for rows that are
    saved with every order, and while others wait for their lock.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    table, meta = table_of(type(row), database.vendor), row._meta
    wanted = [(meta.get_field(name), value) for name, value in stands.items()]
    where = "".join(f" AND {database.ops.quote_name(field.column)} = %s" for field, _value in wanted)  # type: ignore[union-attr]
    values = table.values_of(row, database, add=False)
    values += [row.pk, *(field.get_db_prep_save(value, database) for field, value in wanted)]  # type: ignore[union-attr]
    with often.execute(f"{table.update}{where}", values) as cursor:
        return bool(cursor.rowcount == 1)


def update_each(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Set columns of rows, each row (key, value, value, …), by `UPDATE … FROM (VALUES …)`. Returns rows changed.

    Where QuerySet.bulk_update writes a CASE per row and column, this stays short and quick.
    """
    meta, quote = model._meta, connection.ops.quote_name
    fields: list[Any] = [meta.pk, *[meta.get_field(name) for name in columns]]
    # The casts tell PostgreSQL the types of parameters that are bound on the server.
    row = ", ".join(f"CAST(%s AS {field.cast_db_type(connection)})" for field in fields)
    assignments = ", ".join(
        f"{quote(field.column)} = v.column{place}" for place, field in enumerate(fields[1:], start=2)
    )
    changed = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            values = [
                field.get_db_prep_save(value, connection)
                for one in batch
                for field, value in zip(fields, one, strict=True)
            ]
            cursor.execute(
                f"UPDATE {quote(meta.db_table)} SET {assignments} "  # noqa: S608 - our own names
                f"FROM (VALUES {', '.join([f'({row})'] * len(batch))}) AS v "
                f"WHERE {quote(meta.db_table)}.{quote(fields[0].column)} = v.column1",
                values,
            )
            changed += cursor.rowcount
    return changed
