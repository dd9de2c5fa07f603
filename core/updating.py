"""Give many rows values of their own in one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

# Some columns per row stay well below the 32,766 parameters that SQLite takes.
BATCH = 2_000


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
