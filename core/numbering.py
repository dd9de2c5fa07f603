"""Numbers of documents: without gap, without double."""

from django.db import connection, transaction

from core.models import NumberSeries


def draw_number(key: str) -> int:
    """Draw the next number of a series.

    The row stays locked until the transaction ends, and a rollback gives the number back: no gap
    (strictest rule in the EU: Spain, RD 1619/2012 art. 6). Draw last, in a short transaction.
    Raises RuntimeError outside a transaction.
    """
    table = _table()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, last, seal) VALUES (%s, 1, '') "  # noqa: S608 - our own table name
            f"ON CONFLICT (key) DO UPDATE SET last = {table}.last + 1 RETURNING last",
            [key],
        )
        return int(cursor.fetchone()[0])


def draw_sealed(key: str, digest: str) -> tuple[int, str]:
    """Draw the next number of a chained series for a text with this hash; return it with the seal.

    The seal is SHA-256("<seal before>:<number>:<digest>"), worked out where the row is locked anyway: the chain
    costs no statement and no second lock. Raises RuntimeError outside a transaction.
    """
    table = _table()
    first, following = (
        _sha256(f"{seal} || ':' || CAST({last} AS text) || ':' || CAST(%s AS text)")
        for seal, last in (("''", "1"), (f"{table}.seal", f"({table}.last + 1)"))
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, last, seal) VALUES (%s, 1, {first}) "  # noqa: S608 - our own table name
            f"ON CONFLICT (key) DO UPDATE SET last = {table}.last + 1, seal = {following} RETURNING last, seal",
            [key, digest, digest],
        )
        last, seal = cursor.fetchone()
        return int(last), str(seal)


def _table() -> str:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A number is drawn in the transaction that issues the document")
    return connection.ops.quote_name(NumberSeries._meta.db_table)


def _sha256(text: str) -> str:
    """Return SQL for the hash of a text; SQLite has it from Django."""
    if connection.vendor == "postgresql":
        return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    return f"SHA256({text})"
