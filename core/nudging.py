"""Tells workers of fresh debts, from a thread of its own: no request ever waits for the broker."""

import logging
import os
import queue
import threading
from collections.abc import Callable

from core.circuit import Circuit

logger = logging.getLogger(__name__)
WAITING = 1000


class Messenger:
    """Passes ids on. What cannot be told, or not now, is dropped: the sweeper finds the debt in the table."""

    def __init__(self, tell: Callable[[list[int]], object]) -> None:
        self.tell = tell
        self.circuit = Circuit()
        self.lock = threading.Lock()
        self.process = 0
        self.waiting: queue.Queue[list[int]] = queue.Queue(WAITING)

    def pass_on(self, delivery_ids: list[int]) -> None:
        """Take a message along, without waiting."""
        if self.circuit.is_open:
            return
        self._be_there()
        try:
            self.waiting.put_nowait(delivery_ids)
        except queue.Full:
            logger.warning("The broker is slow; debts wait for the sweeper")

    def _be_there(self) -> None:
        """Have a thread in this process: a fork takes none along."""
        if self.process == os.getpid():
            return
        with self.lock:
            if self.process != os.getpid():
                self.waiting = queue.Queue(WAITING)
                threading.Thread(target=self._run, args=(self.waiting,), name="messenger", daemon=True).start()
                self.process = os.getpid()

    def _run(self, waiting: "queue.Queue[list[int]]") -> None:
        while True:
            delivery_ids = waiting.get()
            if not self.circuit.is_open:
                self.tell_now(delivery_ids)

    def tell_now(self, delivery_ids: list[int]) -> None:
        """Tell the broker; one that fails is left alone for a while."""
        try:
            self.tell(delivery_ids)
        except Exception as error:
            self.circuit.failed()
            logger.warning("No broker (%s); debts wait for the sweeper", error)
