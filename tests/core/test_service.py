"""A service: all of it happens, or nothing."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy

from core import outbox, service
from core.actors import Actor, within_request
from core.errors import Conflict, Missing, Overtaken
from core.models import ApiKey, EventRecord, NumberSeries
from core.service import note_change, unit_of_work
from tests.core.lamps import Lamp
from tests.racing import concurrently

pytestmark = pytest.mark.django_db


class Serialization(Exception):
    """What psycopg raises beneath Django's error."""

    sqlstate = "40001"


class Unique(Exception):
    """The same, when a twin wrote the row first."""

    sqlstate = "23505"


def conflict() -> OperationalError:
    error = OperationalError("could not serialize access")
    error.__cause__ = Serialization()
    return error


def twin() -> IntegrityError:
    error = IntegrityError("duplicate key")
    error.__cause__ = Unique()
    return error


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.service.time.sleep", lambda seconds: None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_pause")
def test_it_tries_again_when_the_database_asks_for_it(bell: Any) -> None:
    tries: list[int] = []

    @service.service
    def work() -> str:
        tries.append(1)
        outbox.emit(bell())
        if len(tries) < 3:
            raise conflict()
        return "done"

    assert work() == "done"
    assert len(tries) == 3
    assert EventRecord.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_pause")
def test_it_gives_up_after_four_tries_and_at_once_for_other_errors() -> None:
    tries: list[int] = []

    @service.service
    def work(error: OperationalError) -> None:
        tries.append(1)
        raise error

    with pytest.raises(OperationalError, match="serialize"):
        work(conflict())
    assert len(tries) == 4
    with pytest.raises(OperationalError, match="disk full"):
        work(OperationalError("disk full"))
    assert len(tries) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_pause")
def test_it_looks_once_more_when_a_twin_was_first() -> None:
    tries: list[int] = []

    @service.service
    def work() -> None:
        tries.append(1)
        raise twin()

    with pytest.raises(IntegrityError):
        work()
    assert len(tries) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_pause")
def test_it_looks_again_when_somebody_was_quicker(bell: Any) -> None:
    tries: list[int] = []

    @service.service
    def work(overtaken: int) -> str:
        tries.append(1)
        outbox.emit(bell())
        if len(tries) <= overtaken:
            raise Overtaken("Somebody was quicker")
        return "done"

    assert work(3) == "done"
    assert (len(tries), EventRecord.objects.count()) == (4, 1)
    tries.clear()
    with pytest.raises(Overtaken):
        work(4)
    assert (len(tries), EventRecord.objects.count()) == (4, 1)


@pytest.mark.usefixtures("_no_pause")
def test_inside_somebody_elses_transaction_it_does_not_try_again() -> None:
    """A savepoint cannot take back the snapshot; only the outermost transaction can start anew."""
    tries: list[int] = []

    @service.service
    def work() -> None:
        tries.append(1)
        raise conflict()

    with transaction.atomic(), pytest.raises(OperationalError):
        work()
    assert len(tries) == 1


def test_a_service_called_by_a_service_joins_it(bell: Any, django_assert_num_queries: Callable[..., Any]) -> None:
    @service.service
    def inner() -> None:
        outbox.emit(bell(times=2))

    @service.service
    def outer() -> None:
        outbox.emit(bell(times=1))
        inner()

    with django_assert_num_queries(3):  # savepoint, one insert for both facts, release
        outer()
    assert [record.payload["times"] for record in EventRecord.objects.order_by("id")] == [1, 2]


def test_nothing_is_written_when_it_fails(bell: Any) -> None:
    @service.service
    def work() -> None:
        NumberSeries.objects.create(key="x")
        outbox.emit(bell())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert not NumberSeries.objects.exists()
    assert not EventRecord.objects.exists()
    with pytest.raises(RuntimeError):
        service.current_unit()


def test_a_change_says_who_when_why_before_and_after() -> None:
    key = ApiKey.objects.create(name="shop", prefix="x", hashed_secret="y")
    with within_request("req-1"), unit_of_work():
        note_change(
            key,
            "core.key_changed",
            actor=Actor("staff", "maya"),
            before={"limit": Decimal("1.50"), "on": date(2026, 1, 2)},
            after={"limit": None, "label": gettext_lazy("Yes")},
            note="asked by phone",
        )
    note = EventRecord.objects.get()
    assert (note.actor, note.note, note.request_id) == ("staff:maya", "asked by phone", "req-1")
    assert (note.subject_type, note.subject_id, note.thread) == ("core.apikey", key.pk, f"core.apikey:{key.pk}")
    assert note.payload == {
        "before": {"limit": "1.50", "on": "2026-01-02"},
        "after": {"limit": None, "label": "Yes"},
    }


@pytest.fixture
def two_lamps(lamps: Any) -> tuple[int, int]:
    return lamps.create().pk, lamps.create().pk


@pytest.mark.race
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_no_deadlock_reaches_the_caller(two_lamps: tuple[int, int]) -> None:
    """Fails with 40P01 taken out of `service.TRIES_FOR`: PostgreSQL kills one of the two."""
    first, second = two_lamps
    tries: list[int] = []

    def switch(one: int, other: int) -> None:
        @service.service
        def work() -> None:
            tries.append(1)
            Lamp.objects.filter(pk=one).update(version=1)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.3)")
            Lamp.objects.filter(pk=other).update(version=1)

        work()

    concurrently(lambda: switch(first, second), lambda: switch(second, first))
    assert len(tries) > 2


def test_what_led_to_a_refusal_stays_though_the_refusal_undoes_the_rest() -> None:
    @service.service
    def keep(prefix: str) -> None:
        NumberSeries.objects.create(key=prefix)

    @service.service
    def stumble() -> None:
        raise Missing("It is gone meanwhile")

    @service.service
    def work(prefix: str, *, refused: bool) -> None:
        NumberSeries.objects.create(key=f"{prefix}-undone")
        service.when_refused(stumble)
        service.when_refused(partial(keep, prefix))
        if refused:
            raise Conflict("Over the limit")

    with pytest.raises(Conflict, match="Over the limit"):
        work("REFUSED", refused=True)
    work("FINE", refused=False)

    assert set(NumberSeries.objects.values_list("key", flat=True)) == {"REFUSED", "FINE-undone"}
