"""A database that takes millions of rows: indexes are dropped before, and built again after."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from benchmarks.kin import Table, execute

AT_ONCE = 2
CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'u' ORDER BY conname
"""
INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
    WHERE i.indrelid = %s::regclass AND NOT i.indisprimary
        AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
    ORDER BY 1
"""


def make_ready(tables: list[Table]) -> list[str]:
    """Take away what slows writing down. Returns the statements that bring it back, the biggest tables first."""
    restoring = []
    for table in tables:
        for name, definition in execute(CONSTRAINTS, table.name):
            execute(f'ALTER TABLE {table.name} DROP CONSTRAINT "{name}"')
            restoring.append(f'ALTER TABLE {table.name} ADD CONSTRAINT "{name}" {definition}')
        for name, definition in execute(INDEXES, table.name):
            execute(f"DROP INDEX {name}")
            restoring.append(definition)
        execute(f"ALTER TABLE {table.name} SET (autovacuum_enabled = false)")
    return restoring


def restore(statements: list[str], tables: list[Table]) -> None:
    """Build the indexes, and gather what the planner has to know."""
    _at_once(statements)
    for table in tables:
        execute(f"ALTER TABLE {table.name} RESET (autovacuum_enabled)")
    _at_once([f"VACUUM (ANALYZE) {table.name}" for table in tables])


def _at_once(statements: list[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_run, statements))


def _run(statement: str) -> Any:
    try:
        execute("SET maintenance_work_mem = '768MB'")
        return execute(statement)
    finally:
        connection.close()
