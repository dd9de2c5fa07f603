"""Facts and debts: nothing lost, nothing paid twice."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from core import outbox, service, tasks
from core.models import AccessLink, Consumer, Delivery, EventRecord
from core.service import unit_of_work
from tests.racing import Meeting, concurrently, in_processes

pytestmark = pytest.mark.django_db


def make_a_row() -> None:
    AccessLink.objects.create(token_hash=str(time.monotonic_ns()), purpose="x", thread="x", expires_at=timezone.now())


def make_due() -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_fact_outside_a_service_is_refused(bell: Any) -> None:
    with pytest.raises(RuntimeError, match="belong inside a @service"):
        outbox.emit(bell())


def test_a_fact_and_its_debts_are_written_in_two_statements(
    bell: Any, django_assert_num_queries: Callable[..., Any]
) -> None:
    outbox.handles(bell)(lambda event: None)
    with django_assert_num_queries(4), unit_of_work():  # with the savepoint of the test's own transaction
        outbox.emit(bell(times=1), bell(times=2))
    assert EventRecord.objects.filter(name="tests.rang").count() == 2
    assert Delivery.objects.count() == 2


def test_a_rollback_takes_the_fact_with_it(bell: Any) -> None:
    @service.service
    def ring_and_fail() -> None:
        outbox.emit(bell())
        raise ZeroDivisionError

    outbox.handles(bell)(lambda event: None)
    with pytest.raises(ZeroDivisionError):
        ring_and_fail()
    assert not EventRecord.objects.exists()
    assert not Delivery.objects.exists()


def test_a_handler_may_say_beforehand_that_it_does_not_care(bell: Any, ring: Callable[..., int]) -> None:
    outbox.handles(bell, when=lambda event: event.times > 1)(lambda event: None)
    ring(times=1)
    assert Delivery.objects.count() == 0
    ring(times=2)
    assert Delivery.objects.count() == 1


def test_a_debt_is_paid_with_what_was_said(bell: Any, ring: Callable[..., int]) -> None:
    heard: list[Any] = []
    outbox.handles(bell)(heard.append)
    assert outbox.deliver(ring(times=3)) is True
    assert heard == [bell(times=3)]
    assert Delivery.objects.get().status == "done"


def test_a_failing_handler_leaves_no_rows_and_keeps_its_debt(bell: Any, ring: Callable[..., int]) -> None:
    def fail(event: Any) -> None:
        make_a_row()
        raise ValueError("no ink")

    outbox.handles(bell)(fail)
    debt = ring()
    assert outbox.deliver(debt) is False
    assert outbox.deliver(debt) is False  # not due yet
    kept = Delivery.objects.get()
    assert (kept.status, kept.attempts, kept.last_error) == ("pending", 1, "ValueError: no ink")
    assert kept.due_at > timezone.now()
    assert not AccessLink.objects.exists()


def test_a_debt_dies_after_eight_attempts_says_so_and_can_be_retried(bell: Any, ring: Callable[..., int]) -> None:
    ink = []

    def write(event: Any) -> None:
        if not ink:
            raise ValueError("no ink")

    outbox.handles(bell)(write)
    debt = ring(bell_id=7)
    for _ in range(10):
        outbox.deliver(debt)
        make_due()
    dead = Delivery.objects.get(pk=debt)
    assert (dead.status, dead.attempts, dead.last_error) == ("dead", 8, "ValueError: no ink")
    died = EventRecord.objects.get(name="core.delivery_died")
    assert died.payload["delivery_id"] == debt
    assert died.payload["subject_thread"] == "tests.bell:7"

    ink.append("blue")
    assert outbox.retry_dead([debt, debt + 1000]) == 1
    assert outbox.deliver(debt) is True
    assert Delivery.objects.get(pk=debt).status == "done"


def test_a_debt_that_kills_its_workers_is_given_up_too(bell: Any, ring: Callable[..., int]) -> None:
    """A process that dies says nothing; only the count of attempts tells."""
    outbox.handles(bell)(lambda event: None)
    debt = ring()
    Delivery.objects.filter(pk=debt).update(attempts=8)
    assert outbox.deliver(debt) is False
    dead = Delivery.objects.get(pk=debt)
    assert (dead.status, dead.last_error) == ("dead", "Every attempt ended with the end of its process")
    assert EventRecord.objects.filter(name="core.delivery_died").count() == 1


def test_a_debt_of_a_handler_that_is_gone_is_kept_with_a_reason(bell: Any, ring: Callable[..., int]) -> None:
    outbox.handles(bell)(lambda event: None)
    debt = ring()
    outbox.HANDLERS.pop("tests.rang")
    assert outbox.deliver(debt) is False
    assert Delivery.objects.get().last_error.startswith("KeyError")


def test_draining_pays_the_debts_that_debts_make(bell: Any, ring: Callable[..., int]) -> None:
    def echo(event: Any) -> None:
        if event.times > 1:
            outbox.emit(bell(times=event.times - 1))

    outbox.handles(bell)(echo)
    ring(times=4)
    assert outbox.drain() == 4


def test_draining_can_be_limited_to_some_histories(bell: Any, ring: Callable[..., int]) -> None:
    outbox.handles(bell)(lambda event: None)
    ring(bell_id=1)
    ring(bell_id=2)
    assert outbox.drain(threads=["tests.bell:2"]) == 1
    assert Delivery.objects.get(status="pending").event.thread == "tests.bell:1"


def test_draining_stops_between_two_debts_when_told(bell: Any, ring: Callable[..., int]) -> None:
    heard: list[Any] = []
    outbox.handles(bell)(heard.append)
    for _ in range(3):
        ring()
    assert outbox.drain(enough=lambda: len(heard) == 2) == 2
    assert Delivery.objects.filter(status="pending").count() == 1


def test_one_failing_debt_does_not_stop_the_others(bell: Any, ring: Callable[..., int]) -> None:
    def pay(event: Any) -> None:
        if event.times == 1:
            raise ValueError

    outbox.handles(bell)(pay)
    ring(times=1)
    ring(times=2)
    assert outbox.drain() == 1


def test_a_request_pays_its_own_debt_only_after_the_commit(bell: Any, ring: Callable[..., int]) -> None:
    outbox.handles(bell)(lambda event: None)
    debt = ring()
    with unit_of_work(), pytest.raises(RuntimeError, match="after the commit"):
        outbox.deliver_now(debt)


def test_one_nudge_per_commit_and_none_for_a_job_that_pays_itself(
    bell: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    nudges: list[list[int]] = []
    monkeypatch.setattr(service, "_nudge", [nudges.append])
    outbox.handles(bell)(lambda event: None)
    with django_capture_on_commit_callbacks(execute=True), unit_of_work():
        outbox.emit(bell(), bell())
    assert [len(nudge) for nudge in nudges] == [2]
    with django_capture_on_commit_callbacks(execute=True), service.paying_its_own_debts(), unit_of_work():
        outbox.emit(bell())
    assert len(nudges) == 1


def test_a_broker_that_is_away_is_asked_once_and_then_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []

    def refuse(delivery_ids: list[int]) -> None:
        asked.append(delivery_ids)
        raise ConnectionError("refused")

    messenger = tasks.Messenger(refuse)
    messenger.tell_now([1])
    for debt in range(5):
        messenger.pass_on([debt])
    assert asked == [[1]]
    messenger.circuit.close()
    messenger.pass_on([9])
    deadline = time.monotonic() + 5
    while asked == [[1]] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert asked == [[1], [9]]


# --- races ----------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("outside", [False, True])
def test_eight_workers_one_run(bell: Any, ring: Callable[..., int], outside: bool) -> None:
    """Fails with `due_at__lte=now` taken out of `outbox._claim`: eight runs outside, rolled back ones inside."""
    runs: list[int] = []
    lock = threading.Lock()

    def slow(event: Any) -> None:
        with lock:
            runs.append(1)
        time.sleep(0.3)

    outbox.handles(bell, outside=outside)(slow)
    debt = ring()
    outcomes = concurrently(*[lambda: outbox.deliver(debt)] * 8)
    assert runs == [1]
    assert sorted(outcome.value for outcome in outcomes) == [False] * 7 + [True]
    assert Delivery.objects.get().status == "done"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_overran_its_lease_changes_our_tables_once(
    bell: Any, ring: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails with the `raise` taken out of `outbox._tick_off`: a row for every worker."""
    monkeypatch.setattr(outbox, "LEASE", timedelta(0))

    def slow(event: Any) -> None:
        make_a_row()
        time.sleep(0.2)

    outbox.handles(bell)(slow)
    debt = ring()
    concurrently(*[lambda: outbox.deliver(debt)] * 4)
    assert AccessLink.objects.count() == 1
    assert Delivery.objects.get().status == "done"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_feed_misses_no_slow_transaction(bell: Any, ring: Callable[..., int]) -> None:
    """Fails when readers go by `id` instead of `position`: the slow fact has the lower id and commits last."""
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time: nothing commits out of order")
    slow_wrote, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with unit_of_work():
            outbox.emit(bell(times=1))
            unit = service.current_unit()
            service._write_down(unit)
            slow_wrote.set()
            may_commit.wait(10)

    def quick() -> list[int]:
        slow_wrote.wait(10)
        ring(times=2)
        read: list[int] = []
        outbox.sequence_events()
        outbox.consume("reader", lambda batch: read.extend(record.payload["times"] for record in batch))
        may_commit.set()
        return read

    outcomes = concurrently(slow, quick)
    assert outcomes[1].value == [2]
    late: list[int] = []
    outbox.sequence_events()
    outbox.consume("reader", lambda batch: late.extend(record.payload["times"] for record in batch))
    assert late == [1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_four_sequencers_number_each_event_once(
    bell: Any, ring: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails on PostgreSQL with the `select_for_update` taken out of `outbox._number_events`: positions collide.

    (It did with `23505` taken out of `service.TRIES_FOR`, too: the second try mends it. So tries are counted.)
    """
    for _ in range(40):
        ring()
    meeting, turns, last_position = Meeting(4, patience=0.5), iter(range(100)), outbox._last_position

    def read_together() -> int:
        last = last_position()
        turn = next(turns)
        meeting.wait()
        time.sleep(turn * 0.1)
        return last

    monkeypatch.setattr(outbox, "_last_position", read_together)
    concurrently(*[lambda: outbox.sequence_events(limit=10)] * 4)
    assert next(turns) == 4
    positions = EventRecord.objects.order_by("id").values_list("position", flat=True)
    assert list(positions) == list(range(1, 41))


def test_a_reader_of_everything_goes_on_where_it_stopped(ring: Callable[..., int]) -> None:
    for times in range(5):
        ring(times=times)
    assert outbox.sequence_events() == 5
    assert outbox.sequence_events() == 0
    read: list[int] = []

    def note(batch: list[EventRecord]) -> None:
        read.extend(record.payload["times"] for record in batch)

    assert outbox.consume("reader", note, limit=3) == 3
    assert outbox.consume("reader", note, limit=3) == 2
    assert outbox.consume("reader", note) == 0
    assert read == [0, 1, 2, 3, 4]
    assert Consumer.objects.get(name="reader").position == 5


def test_a_reader_that_fails_reads_again(ring: Callable[..., int]) -> None:
    ring()
    outbox.sequence_events()
    with pytest.raises(ZeroDivisionError):
        outbox.consume("reader", lambda batch: 1 / 0)  # type: ignore[arg-type, return-value]
    assert outbox.consume("reader", lambda batch: None) == 1


@pytest.mark.race
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_processes_share_the_debts_between_them(bell: Any, ring: Callable[..., int]) -> None:
    """A claim, and behind it the conditional tick-off.

    Fails with the condition of `outbox._claim` and the `raise` in `outbox._tick_off` taken out: more rows
    than debts.
    """
    outbox.handles(bell)(note_in_a_row)
    for _ in range(30):
        ring()
    outcomes = in_processes(f"{__name__}:drain_with_notes", [()] * 4)
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert sum(outcome.value for outcome in outcomes) == 30
    assert AccessLink.objects.count() == 30


def note_in_a_row(event: Any) -> None:
    """Leave a row for each run."""
    make_a_row()


def drain_with_notes() -> int:
    """Pay what is due, in a process of its own."""
    from tests.core.conftest import Rang

    outbox.handles(Rang)(note_in_a_row)
    return outbox.drain()
