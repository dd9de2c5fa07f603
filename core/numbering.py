"""Numbers of documents: without gap, without double."""

from django.db import connection, transaction

from core.models import NumberSeries


def draw_number(key: str) -> int:
    """Draw the next number of a series.

    The row stays locked until the transaction ends, and a rollback gives the number back: no gap
    (strictest rule in the EU: Spain, RD 1619/2012 art. 6). Draw last, in a short transaction.
    Raises RuntimeError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A number is drawn in the transaction that issues the document")
    table = connection.ops.quote_name(NumberSeries._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, last) VALUES (%s, 1) "  # noqa: S608 - our own table name
            f"ON CONFLICT (key) DO UPDATE SET last = {table}.last + 1 RETURNING last",
            [key],
        )
        return int(cursor.fetchone()[0])
