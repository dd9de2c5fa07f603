"""The worker inside the web process: killed at any moment it loses nothing and doubles nothing of ours."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from core import outbox, tasks, worker
from core.models import AccessLink, Delivery, EventRecord
from core.service import unit_of_work
from tests.racing import database_url

CHILD = "tests.core.worker_child"
DEBTS = 40


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def paid() -> int:
    return Delivery.objects.filter(status="done").count()


@pytest.fixture
def start_child(tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    children = []

    def start() -> "subprocess.Popen[str]":
        environment = {**os.environ, "DATABASE_URL": database_url(), "SECRET_KEY": "for-tests-only"}
        environment |= {"EMBEDDED_WORKER": "1", "REDIS_URL": "", "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-c", f"from {CHILD} import main; main()", str(tmp_path / "world")]
        children.append(subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, text=True))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_again_and_again_loses_and_doubles_nothing(
    bell: Any, ring: Callable[..., int], start_child: Callable[[], "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    """Fails with `_tick_off` moved out of the transaction of `outbox._run_and_tick_off`: rows are doubled."""
    outbox.HANDLERS["tests.rang"] = {
        f"{CHILD}.work": outbox.Handler(lambda event: None, False, None),
        f"{CHILD}.speak": outbox.Handler(lambda event: None, True, None),
    }
    for number in range(DEBTS):
        ring(times=number)
    for kill in range(1, 3):
        child = start_child()
        wait_for(lambda kill=kill: paid() > kill * DEBTS // 2)
        child.kill()
        child.wait()
    start_child()
    wait_for(lambda: not Delivery.objects.exclude(status="done").exists())

    assert AccessLink.objects.count() == DEBTS
    assert EventRecord.objects.filter(name="tests.rang").count() == DEBTS
    said = (tmp_path / "world").read_text().split()
    # What was said while dying may be said again, once per kill and thread; nothing is left unsaid.
    assert {int(line) for line in said} == set(range(DEBTS))
    assert len(said) - DEBTS <= 2 * 2


@pytest.mark.django_db(transaction=True)
def test_it_ends_within_five_seconds_of_being_told(
    bell: Any, start_child: Callable[[], "subprocess.Popen[str]"]
) -> None:
    outbox.HANDLERS["tests.rang"] = {f"{CHILD}.work": outbox.Handler(lambda event: None, False, None)}
    with unit_of_work():
        outbox.emit(*[bell()] * 400)
    child = start_child()
    wait_for(lambda: paid() > 5)
    told = time.monotonic()
    child.send_signal(signal.SIGTERM)
    child.wait(10)
    assert time.monotonic() - told < 5
    assert paid() < 400


@pytest.mark.django_db(transaction=True)
def test_what_dies_is_started_again_and_a_nudge_is_quick(
    bell: Any, ring: Callable[..., int], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings.REDIS_URL:
        pytest.skip("with a broker there is no worker inside")
    outbox.handles(bell)(lambda event: None)
    ring()  # left over from a process before
    settings.EMBEDDED_WORKER = True
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    supervisor = worker.start()
    assert supervisor is not None
    try:
        assert worker.start() is None
        wait_for(lambda: paid() == 1)
        supervisor.worker.stop()
        wait_for(lambda: supervisor.starts == {"worker": 2, "beat": 1})
        ring()
        wait_for(lambda: paid() == 2, seconds=4.5)
    finally:
        worker.stop()
        worker.stopping.clear()
        tasks.worker_here.clear()
        worker._started.release()
        worker._supervisors.clear()
    assert not any(thread.is_alive() for thread in supervisor.threads.values())
