"""A request that needs the result of a debt it just made: it pays it, or waits for the worker who does."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from core import outbox
from core.models import Delivery

Ring = Callable[..., int]


@pytest.mark.django_db(transaction=True)
def test_a_request_waits_for_the_worker_who_was_quicker(bell: Any, ring: Ring) -> None:
    started, may_end = threading.Event(), threading.Event()

    def pay(event: Any) -> None:
        started.set()
        may_end.wait(10)

    def work() -> None:
        outbox.deliver(debt)
        connection.close()

    outbox.handles(bell, outside=True)(pay)
    debt = ring()
    worker = threading.Thread(target=work)
    worker.start()
    started.wait(10)
    assert outbox.deliver_now(debt, timeout=0.1) is False
    may_end.set()
    assert outbox.deliver_now(debt, timeout=10) is True
    worker.join()
    assert Delivery.objects.get(pk=debt).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_whose_own_try_fails_does_not_wait_for_the_next(bell: Any, ring: Ring) -> None:
    def fail(event: Any) -> None:
        raise ValueError

    outbox.handles(bell, outside=True)(fail)
    debt = ring()
    begun = time.monotonic()
    assert outbox.deliver_now(debt, timeout=30) is False
    assert time.monotonic() - begun < 15
    assert Delivery.objects.get(pk=debt).status == "pending"


@pytest.mark.django_db
def test_the_debt_of_a_fact_is_found_by_its_history(bell: Any, ring: Ring) -> None:
    outbox.handles(bell)(lambda event: None)
    ring()
    last = ring()
    thread = Delivery.objects.get(pk=last).event.thread
    assert outbox.debt_of(bell, thread=thread) == last
    assert outbox.debt_of(bell, thread="core.user:0") is None
