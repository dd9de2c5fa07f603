"""A restore that kills itself at a chosen moment, to be started by a test."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "orders_project.settings"
django.setup()

from django.core.management import call_command  # noqa: E402 - only now are the apps loaded

from core.backup import postgresql, restoring, sqlite  # noqa: E402


def die(*_: Any, **__: Any) -> None:
    """End as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def half_of_the_pages(self: Any, status: int, remaining: int, total: int) -> None:
    """Die when half of the new database is written over the old one."""
    if remaining < total / 2:
        die()


def after_the_first(write: Callable[..., None]) -> Callable[..., None]:
    """Let the server have some of it before the end comes."""

    def write_and_die(self: Any, chunk: bytes) -> None:
        write(self, chunk[: len(chunk) // 2])
        self.target.flush()
        die()

    return write_and_die


def before_the_commit(sql: str) -> Any:
    """Die between the renaming of the schemas and the commit."""
    return die() if sql is postgresql.EXTENSIONS else real_ask(sql)


real_ask = postgresql.ask


def main() -> None:
    """Restore the archive of the first argument until the moment of the second."""
    archive, moment = sys.argv[1:]
    if moment == "compared":
        restoring.put_files_back = die
    elif moment == "after the files":
        sqlite.SqliteAside.take_over = postgresql.PostgresqlAside.take_over = die
    elif moment == "half of the pages":
        sqlite.PAGES, sqlite.Sqlite._progress = 20, half_of_the_pages
    elif moment == "half of the dump":
        postgresql._Told.write = after_the_first(postgresql._Told.write)
    elif moment == "before the commit":
        postgresql.ask = before_the_commit
    call_command("restore", archive, "--force")
