"""A debt stays in the hands that work on it, however slow the world is, and never in dead ones."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core import outbox
from core.models import Delivery
from tests.racing import concurrently

pytestmark = pytest.mark.django_db


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_handler_slower_than_its_lease_is_not_overtaken(
    bell: Any, ring: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails with the `update` taken out of `outbox._renew`: the second worker speaks to the world too."""
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=1.5))
    runs: list[int] = []
    speaking, over = threading.Event(), threading.Event()

    def slow(event: Any) -> None:
        runs.append(1)
        speaking.set()
        time.sleep(3.5)
        over.set()

    def overtake() -> int:
        speaking.wait(10)
        tries = 0
        while not over.wait(0.05):
            tries += 1
            outbox.drain()
        return tries

    outbox.handles(bell, outside=True)(slow)
    debt = ring()
    first, second = concurrently(lambda: outbox.deliver(debt), overtake)

    assert (runs, first.value, Delivery.objects.get().status) == ([1], True, "done")
    assert second.value > 10
    assert Delivery.objects.get().attempts == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_handler_that_hangs_lets_go_in_the_end(
    bell: Any, ring: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails with `range(...)` in `leases._keep` made endless: the debt stays in dead hands."""
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=0.3))
    monkeypatch.setattr(outbox, "LONGEST", timedelta(seconds=0.6))
    runs: list[int] = []
    hanging, paid = threading.Event(), threading.Event()

    def hang_once(event: Any) -> None:
        runs.append(1)
        hanging.set()
        if len(runs) == 1:
            paid.wait(20)

    def take_over() -> int:
        hanging.wait(10)
        deadline = time.monotonic() + 15
        while not outbox.drain() and time.monotonic() < deadline:
            time.sleep(0.05)
        paid.set()
        return len(runs)

    outbox.handles(bell, outside=True)(hang_once)
    debt = ring()
    first, second = concurrently(lambda: outbox.deliver(debt), take_over)

    assert (first.value, second.value, Delivery.objects.get().status) == (False, 2, "done")


def test_a_failure_of_an_outside_handler_waits_as_long_as_it_should(bell: Any, ring: Callable[..., int]) -> None:
    def fail(event: Any) -> None:
        raise ConnectionError("no answer")

    outbox.handles(bell, outside=True)(fail)
    assert outbox.deliver(ring()) is False
    kept = Delivery.objects.get()
    assert (kept.status, kept.attempts, kept.last_error) == ("pending", 1, "ConnectionError: no answer")
    assert timedelta(seconds=1) < kept.due_at - timezone.now() < timedelta(seconds=3)
