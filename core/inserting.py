"""Insert a row unless somebody already did: no error, no aborted transaction, in one statement."""

from typing import Any

from django.db import connection, models


def insert_once(row: models.Model) -> bool:
    """Insert a row; False when a unique constraint says that there is one already.

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
