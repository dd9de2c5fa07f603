"""Empties the tables behind a test that commits: only those that have rows, and not what migrating puts there.

Django would empty every table, count every permission and make every role anew, after each such test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from billing import append_only, immutability

FOR_GOOD = {*immutability.DOCUMENTS, *immutability.ROWS, *append_only.TABLES}
Rows = dict[str, list[tuple[Any, ...]]]

# What is there after migrating, table by table; nobody has looked yet.
_given: Rows | None = None


def empty(flush: Callable[[], None]) -> None:
    """Leave the database as `flush` does, which is asked where somebody touched what migrating gave."""
    global _given
    if _given is None or not _may_delete() or _read(_given) != _given:
        with _all_may_go(FOR_GOOD):
            flush()
        _given = _read(_with_rows())
        return
    if used := _with_rows() - _given.keys():
        with _all_may_go(used), transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # Neither keys nor triggers are asked: all of it goes.
                cursor.execute("SET LOCAL session_replication_role = replica")
            for table in sorted(used):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


def _may_delete() -> bool:
    """Whether rows can be taken away without asking anybody: on PostgreSQL only a superuser may."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone()[0] == "on")


def _with_rows() -> set[str]:
    """Return the tables in which there is something, in one question."""
    tables = connection.introspection.django_table_names(only_existing=False, include_views=False)
    quote = connection.ops.quote_name
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return {row[0] for row in cursor.fetchall()}


def _read(tables: set[str] | Rows) -> Rows:
    """Return all rows of some tables."""
    rows: Rows = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY 1")
            rows[table] = cursor.fetchall()
    return rows


@contextmanager
def _all_may_go(tables: set[str]) -> Iterator[None]:
    """Let issued documents and the ledger be deleted, where these tables hold any: SQLite has no other way."""
    asked = connection.vendor == "sqlite" and bool(tables & FOR_GOOD)
    if asked:
        immutability.remove(connection)
        append_only.remove(connection)
    try:
        yield
    finally:
        if asked:
            immutability.install(connection)
            append_only.install(connection)
