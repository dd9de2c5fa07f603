"""What each process of a measurement does: place orders, ours or by hand, and say how long it worked."""

import multiprocessing
import os
import resource
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from benchmarks.floor import Floor
from benchmarks.shop import Shop, wish
from core import service
from core.actors import SYSTEM
from inventory.errors import InsufficientStock
from orders import services as orders

OURS, FLOOR = "ours", "floor"
PATIENCE = 600
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Task:
    """Orders for one process. `share`: what all processes have in common; `run` makes
    references unique, `warm` orders come before the clock runs."""

    way: str
    process: int
    orders: int
    run: str
    share: str = ""
    warm: int = 0


@dataclass
class Told:
    """How it went. CPU is in seconds; that of the database None where it works on another machine."""

    sold: int = 0
    refused: int = 0
    again: int = 0
    errors: list[str] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0
    database_cpu: float | None = None


def contend(tasks: Sequence[Task], shop: Shop, floor: Floor, url: str) -> list[Told]:
    """Let processes do their tasks at the same moment; return what each of them tells."""
    context = multiprocessing.get_context("forkserver")
    # Forked from one process that has made Django ready: what that costs is nobody's.
    context.set_forkserver_preload(["benchmarks.ready", "benchmarks.contest"])
    answers: Any = context.Queue()
    gate = context.Barrier(len(tasks))
    processes = [
        context.Process(target=_work, args=(index, task, shop, floor, url, gate, answers), daemon=True)
        for index, task in enumerate(tasks)
    ]
    for process in processes:
        process.start()
    told: dict[int, Told] = {}
    for _ in processes:
        index, answer, error = answers.get(timeout=PATIENCE)
        if error:
            raise RuntimeError(error)
        told[index] = answer
    for process in processes:
        process.join(PATIENCE)
    return [told[index] for index in range(len(tasks))]


def _work(index: int, task: Task, shop: Shop, floor: Floor, url: str, gate: Any, answers: Any) -> None:
    try:
        answers.put((index, do(task, shop, floor, url, gate.wait), ""))
    except BaseException:
        gate.abort()
        answers.put((index, None, traceback.format_exc()))


def do(task: Task, shop: Shop, floor: Floor, url: str, wait: Callable[[], object]) -> Told:
    """Do a task; `wait` returns when everybody is warm."""
    told = Told()
    with _counting_retries(told):
        if task.way == FLOOR:
            with psycopg.connect(url, autocommit=True) as database:
                _measure(task, told, _by_hand(task, shop, floor, database), database.info.backend_pid, wait)
            return told
        connection.ensure_connection()
        _measure(task, told, _ours(task, shop), connection.connection.info.backend_pid, wait)
        connection.close()
    return told


def _ours(task: Task, shop: Shop) -> Callable[[int], bool]:
    def place(number: int) -> bool:
        reference = f"{task.run}-{task.process}-{number}"
        try:
            orders.place_order(wish(shop, task.process, number, reference=reference, share=task.share), actor=SYSTEM)
        except InsufficientStock:
            return False
        return True

    return place


def _by_hand(task: Task, shop: Shop, floor: Floor, database: "psycopg.Connection[Any]") -> Callable[[int], bool]:
    def place(number: int) -> bool:
        goods = shop.goods(task.process, number, task.share)
        buyer = shop.buyer(task.process, number)
        return floor.write(database, goods, buyer, f"{task.run}-{task.process}-{number}")

    return place


def _measure(task: Task, told: Told, place: Callable[[int], bool], backend: int, wait: Callable[[], object]) -> None:
    for number in range(task.warm):
        _place(place, -1 - number, told)
    wait()
    busy, database = _own_cpu(), backend_cpu(backend)
    told.began = time.monotonic()
    for number in range(task.orders):
        began = time.perf_counter()
        _place(place, number, told)
        told.seconds.append(time.perf_counter() - began)
    told.ended = time.monotonic()
    told.cpu = _own_cpu() - busy
    after = backend_cpu(backend)
    told.database_cpu = None if database is None or after is None else after - database


def _place(place: Callable[[int], bool], number: int, told: Told) -> None:
    try:
        sold = place(number)
    except Exception as error:
        told.errors.append(f"{type(error).__name__}: {error}")
    else:
        told.sold += sold
        told.refused += not sold


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def backend_cpu(pid: int) -> float | None:
    """Return the CPU seconds that a process of PostgreSQL on this machine has used."""
    try:
        command, _, figures = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return None
    if "postgres" not in command:
        return None
    used = figures.split()
    return (int(used[11]) + int(used[12])) / TICK


@contextmanager
def _counting_retries(told: Told) -> Iterator[None]:
    """Count how often the database asks for another try."""
    ask = service._tries_for

    def asked(error: Any) -> int:
        tries = ask(error)
        told.again += tries > 1
        return tries

    service._tries_for = asked
    try:
        yield
    finally:
        service._tries_for = ask
