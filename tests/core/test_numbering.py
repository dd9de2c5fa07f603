"""Numbers of documents: without gap, without double."""

import random
from typing import Any

import pytest

from core.models import NumberSeries
from core.numbering import draw_number
from core.service import service, unit_of_work
from tests.racing import concurrently, in_processes

pytestmark = pytest.mark.django_db


class Spoilt(Exception):
    """The paper tore."""


@service
def issue(key: str, spoil: bool) -> int:
    number = draw_number(key)
    if spoil:
        raise Spoilt
    return number


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_no_number_is_drawn() -> None:
    with pytest.raises(RuntimeError):
        draw_number("INV")


def test_each_series_counts_for_itself() -> None:
    with unit_of_work():
        assert [draw_number("INV"), draw_number("INV"), draw_number("CN"), draw_number("INV")] == [1, 2, 1, 3]


def test_a_rollback_gives_the_number_back() -> None:
    assert issue("INV", False) == 1
    with pytest.raises(Spoilt):
        issue("INV", True)
    assert issue("INV", False) == 2


def draw_many(seed: int, count: int = 25) -> list[int]:
    """Issue documents, spoiling some, and return the numbers that were kept."""
    chance = random.Random(seed)
    kept = []
    for _ in range(count):
        try:
            kept.append(issue("INV", chance.random() < 0.2))
        except Spoilt:
            continue
    return kept


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_clerks_leave_no_gap() -> None:
    """Fails with the upsert in `draw_number` replaced by reading `last` and writing `last + 1`: doubles."""
    outcomes = concurrently(*[lambda seed=seed: draw_many(seed) for seed in range(8)])
    numbers = sorted(number for outcome in outcomes for number in outcome.value)
    assert numbers == list(range(1, len(numbers) + 1))
    assert NumberSeries.objects.get().last == len(numbers)
    assert all(outcome.value == sorted(outcome.value) for outcome in outcomes)


@pytest.mark.race
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_four_processes_leave_no_gap() -> None:
    outcomes: list[Any] = in_processes(f"{__name__}:draw_many", [(seed, 50) for seed in range(4)])
    assert [outcome.error for outcome in outcomes] == [None] * 4
    numbers = sorted(number for outcome in outcomes for number in outcome.value)
    assert numbers == list(range(1, len(numbers) + 1))
