"""Races: the same moment for several threads, or for several processes on PostgreSQL."""

import contextlib
import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import quote

import django

PATIENCE = 60


@dataclass
class Outcome:
    """How one contender ended: with a value, or with an error."""

    value: Any = None
    error: BaseException | None = None


def concurrently(*jobs: Callable[[], Any], raising: bool = True) -> list[Outcome]:
    """Run jobs at the same moment, each in a thread with a connection of its own.

    Returns their outcomes in order. With `raising`, the first unexpected error is raised here.
    Needs a test that really commits: `django_db(transaction=True)`.
    """
    from django.db import connections

    gate = threading.Barrier(len(jobs))
    outcomes = [Outcome(error=TimeoutError("the contender never ended")) for _ in jobs]

    def run(index: int, job: Callable[[], Any]) -> None:
        try:
            gate.wait(PATIENCE)
            outcomes[index] = Outcome(value=job())
        except BaseException as error:
            outcomes[index] = Outcome(error=error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index, job), daemon=True) for index, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    if raising and (failed := [outcome.error for outcome in outcomes if outcome.error is not None]):
        raise failed[0]
    return outcomes


class Meeting:
    """A point where contenders wait for each other, so that all have read before one writes.

    Where the database lets only one in at a time (SQLite), nobody else comes: after a moment one goes on.
    """

    def __init__(self, contenders: int, patience: float = 2.0) -> None:
        self.barrier = threading.Barrier(contenders)
        self.patience = patience

    def wait(self) -> None:
        """Wait for the others."""
        with contextlib.suppress(threading.BrokenBarrierError):
            self.barrier.wait(self.patience)


def in_processes(
    function: str, arguments: Sequence[tuple[Any, ...]], *, meeting: bool = False, patience: float = PATIENCE
) -> list[Outcome]:
    """Call `package.module:function` once per tuple of arguments, each in a process of its own.

    The processes work on the test database, so the test has to commit what they should see. With `meeting` the
    function gets one argument more: call it to wait for all the others, as often as wanted.
    """
    os.environ["DATABASE_URL"] = database_url()
    os.environ.setdefault("SECRET_KEY", "for-tests-only")
    # Forked from one process that has made Django ready and holds no connection: the first test pays for that.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.prepared"])
    answers: Any = context.Queue()
    gate = context.Barrier(len(arguments))
    processes = [
        context.Process(target=_child, args=(function, one, index, gate, answers, meeting), daemon=True)
        for index, one in enumerate(arguments)
    ]
    for process in processes:
        process.start()
    outcomes = [Outcome(error=TimeoutError("the process never answered")) for _ in arguments]
    for _ in processes:
        index, value, error = answers.get(timeout=patience)
        outcomes[index] = Outcome(value, RuntimeError(error) if error else None)
    for process in processes:
        process.join(PATIENCE)
    return outcomes


def _child(function: str, arguments: tuple[Any, ...], index: int, gate: Any, answers: Any, meeting: bool) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "orders_project.settings"
    django.setup()
    module, name = function.split(":")
    try:
        job = getattr(import_module(module), name)
        gate.wait(PATIENCE)
        answers.put((index, job(*arguments, gate.wait) if meeting else job(*arguments), ""))
    except BaseException:
        # Nobody waits for one that is gone.
        gate.abort()
        answers.put((index, None, traceback.format_exc()))


def database_url() -> str:
    """Return the address of the test database, for another process."""
    from django.db import connection

    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    user = ":".join(quote(str(part), safe="") for part in (known["USER"], known["PASSWORD"]) if part)
    return f"postgres://{user}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
