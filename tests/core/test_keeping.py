"""What is kept in the process: read once, anew when its time is over, and at once by who changed it."""

import pytest
from django.db import transaction

from core import keeping
from core.keeping import Kept


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(keeping, "time", clock)
    return clock


def test_it_is_read_once_and_anew_when_its_time_is_over(clock: Clock) -> None:
    readings = iter(range(3))
    kept = Kept(lambda: next(readings), max_age=5.0)

    assert [kept.get(), kept.get()] == [0, 0]
    clock.now += 4.9
    assert kept.get() == 0
    clock.now += 0.2
    assert kept.get() == 1


@pytest.mark.django_db(transaction=True)
def test_who_forgets_reads_anew_at_once_and_after_the_commit(clock: Clock) -> None:
    readings = iter(range(4))
    kept = Kept(lambda: next(readings), max_age=5.0)

    assert kept.get() == 0
    with transaction.atomic():
        kept.forget()
        assert [kept.get(), kept.get()] == [1, 1]
    assert [kept.get(), kept.get()] == [2, 2]
