"""Triggers by which a database refuses what must never be: put in place, taken away, and looked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Triggers:
    """Triggers that belong together. Each is named after its table: `table_what`.

    `statements` writes what makes them, for the kind of database of a connection.
    """

    names: Sequence[str]
    statements: Callable[[Any], Sequence[str]]

    def install(self, connection: Any) -> None:
        """Put them in place, those that are there already anew."""
        self.remove(connection)
        with connection.cursor() as cursor:
            for statement in self.statements(connection):
                cursor.execute(statement)

    def remove(self, connection: Any) -> None:
        """Take them away, so that the tables themselves can be changed."""
        on_table = connection.vendor == "postgresql"
        with connection.cursor() as cursor:
            for name in self.names:
                table = name.rpartition("_")[0]
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{f' ON {table}' if on_table else ''}")

    def in_place(self, connection: Any) -> list[str]:
        """Return the names of those that the database knows."""
        if connection.vendor == "postgresql":
            question = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        else:
            question = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        with connection.cursor() as cursor:
            cursor.execute(question)
            return sorted({row[0] for row in cursor.fetchall()} & set(self.names))
