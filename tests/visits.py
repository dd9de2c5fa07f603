"""Who is still asking the live server: a browser that closes leaves requests behind that are not answered yet."""

import threading
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer

PATIENCE = 10.0  # seconds; longer than any page takes, shorter than anybody waits for a test

_gone = threading.Condition()
_visitors = 0


def count(patch: pytest.MonkeyPatch) -> None:
    """Count each connection of a live server from its first byte to its last."""
    answer = ThreadedWSGIServer.process_request_thread

    def process_request_thread(server: Any, *connection: Any) -> None:
        try:
            answer(server, *connection)
        finally:
            _add(-1)

    let_in = ThreadedWSGIServer.process_request

    def process_request(server: Any, *connection: Any) -> None:
        _add(1)
        let_in(server, *connection)

    patch.setattr(ThreadedWSGIServer, "process_request", process_request)
    patch.setattr(ThreadedWSGIServer, "process_request_thread", process_request_thread)


def wait_for_the_last() -> None:
    """Wait until nobody is connected: who empties tables under a request waits for it, and it for them."""
    with _gone:
        _gone.wait_for(lambda: _visitors == 0, PATIENCE)


def _add(number: int) -> None:
    global _visitors
    with _gone:
        _visitors += number
        _gone.notify_all()
