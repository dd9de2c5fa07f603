"""The worker inside the web process, where there is no broker: Celery on memory, truth in the database.

Killing the process at any moment loses nothing: debts lie in a table, and the first thing a new
process does is to sweep them up.
"""

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from celery import current_app
from celery.beat import EmbeddedService
from celery.worker import state as worker_state
from celery.worker.worker import WorkController
from django.conf import settings
from django.db import connection

from core import tasks
from core.stopping import stopping

logger = logging.getLogger(__name__)
LOOK = 1.0
GRACE = 4.0

_started = threading.Lock()
_supervisors: list["Supervisor"] = []


class Supervisor(threading.Thread):
    """Keeps a worker and a beat alive: what dies is started again, until the process is told to stop."""

    def __init__(self) -> None:
        super().__init__(name="worker-supervisor", daemon=True)
        self.worker: WorkController | None = None
        self.threads: dict[str, threading.Thread] = {}
        self.starts: dict[str, int] = {}

    def run(self) -> None:
        """Look after the threads."""
        while not stopping.is_set():
            try:
                self._keep("worker", self._start_worker)
                self._keep("beat", self._start_beat)
            except Exception:
                logger.exception("The worker could not be started; trying again")
            stopping.wait(LOOK)
        self._stop()

    def _keep(self, name: str, start: Callable[[], threading.Thread]) -> None:
        thread = self.threads.get(name)
        if thread is not None and thread.is_alive():
            return
        if thread is not None:
            logger.error("The embedded %s ended; starting it again", name)
        self.threads[name] = start()
        self.starts[name] = self.starts.get(name, 0) + 1
        # What was promised while nobody listened, in this process or in the one before.
        tasks.wake()

    def _start_worker(self) -> threading.Thread:
        worker_state.should_stop = worker_state.should_terminate = None
        self.worker = WorkController(
            app=current_app._get_current_object(),
            pool="threads",
            concurrency=1 if connection.vendor == "sqlite" else 2,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        thread = threading.Thread(target=self.worker.start, name="embedded-worker", daemon=True)
        thread.start()
        return thread

    def _start_beat(self) -> threading.Thread:
        # The plain scheduler keeps its times in memory; the default one would write a file.
        beat: Any = EmbeddedService(
            current_app._get_current_object(), thread=True, scheduler_cls="celery.beat:Scheduler"
        )
        beat.start()
        return beat

    def _stop(self) -> None:
        worker_state.should_stop = 0
        beat: Any = self.threads.get("beat")
        if beat is not None:
            beat.service.stop()
        if self.worker is not None:
            with contextlib.suppress(Exception):
                self.worker.stop()
        end = time.monotonic() + GRACE
        for thread in self.threads.values():
            thread.join(max(0.0, end - time.monotonic()))


def start() -> Supervisor | None:
    """Start the worker of this process, once, if the settings want one."""
    if not settings.EMBEDDED_WORKER or not _started.acquire(blocking=False):
        return None
    # Our own checks have run; a second time they would only delay the first debt.
    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
    _listen_for_the_end()
    tasks.worker_here.set()
    supervisor = Supervisor()
    _supervisors.append(supervisor)
    supervisor.start()
    return supervisor


def stop() -> None:
    """End the worker: the debt in hand is finished if it is quick, the rest waits in the table."""
    stopping.set()
    for supervisor in _supervisors:
        supervisor.join(GRACE)


def _listen_for_the_end() -> None:
    """Hear SIGTERM beside the web server, so that a long sweep does not keep the process alive."""
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGTERM)

    def stop_first(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, stop_first)
