"""Nothing is sold twice, and nothing stays unsold that somebody wanted: orders by many processes on PostgreSQL.

The suite runs a small race; `RACE_SIZE=full pytest tests/races/test_stock.py` the numbers of the design.
"""

import os
from collections import Counter
from typing import Any

import pytest
from django.db.models import Sum

from core import invariants, outbox
from core.models import EventRecord
from inventory.models import StockItem
from orders.models import Order, OrderLine
from tests.factories.shop import make_priced_product
from tests.races.buyers import shop_until_empty
from tests.racing import in_processes

pytestmark = [pytest.mark.postgres, pytest.mark.race, pytest.mark.django_db(transaction=True)]
FULL = os.environ.get("RACE_SIZE") == "full"
PROCESSES = 16 if FULL else 3
ATTEMPTS, SKUS, UNITS = (20_000, 40, 50) if FULL else (150, 8, 9)
ROUNDS = 1_000 if FULL else 12
CORRECTIONS = 2_000 if FULL else 40
PATIENCE = 3_600 if FULL else 60


@pytest.fixture
def skus(shop: object) -> list[str]:
    """Goods of which there are few, and too many who want them."""
    return [make_priced_product(f"RARE-{number}", "5.00", stock={"HAM": UNITS}).sku for number in range(SKUS)]


def race(parts: list[tuple[object, ...]], *, meeting: bool = False) -> list[Any]:
    """Let processes play their parts (`tests.races.buyers`) and return what each of them says; none may fail."""
    outcomes = in_processes("tests.races.buyers:take_part", parts, meeting=meeting, patience=PATIENCE)
    assert [one.error for one in outcomes] == [None] * len(parts)
    return [one.value for one in outcomes]


def nothing_is_broken() -> None:
    findings = [check() for _code, _name, check in invariants.questions()]
    assert [(one.name, one.breaches[:3]) for one in findings if one.breaches] == []


def units(**of: object) -> dict[str, tuple[int, int]]:
    """Return (on hand, reserved) by SKU."""
    rows = StockItem.objects.filter(product__sku__startswith="RARE-", **of)
    return {sku: (there, tied) for sku, there, tied in rows.values_list("product__sku", "on_hand", "reserved")}


def shown(ends: Counter[str]) -> list[str]:
    return [end for end in ends if end.startswith("shown")]


def test_all_there_is_is_sold_and_no_unit_twice(skus: list[str]) -> None:
    """Fails without `.locked()` in `_SHELF` of inventory/services/shelf.py: buyers are told `concurrent_change`, while
    units are left.
    """
    each = ATTEMPTS // PROCESSES

    ends: Counter[str] = sum(race([("shop_until_empty", skus, each, seed) for seed in range(PROCESSES)]), Counter())

    assert shown(ends) == []
    assert set(ends) <= {"sold", "insufficient_stock", "again"}
    assert ends["sold"] == SKUS * UNITS
    assert units() == dict.fromkeys(skus, (UNITS, UNITS))
    sold = OrderLine.objects.filter(sku__in=skus).aggregate(n=Sum("allocated"))["n"]
    assert (sold, OrderLine.objects.filter(backordered__gt=0).count()) == (SKUS * UNITS, 0)
    nothing_is_broken()


def test_the_last_unit_has_one_buyer_every_time(shop: object) -> None:
    skus = [make_priced_product(f"RARE-{number}", "5.00", stock={"HAM": 1}).sku for number in range(ROUNDS)]

    bought = race([("race_for_the_last", skus, seed) for seed in range(PROCESSES)], meeting=True)

    assert sorted(sku for one in bought for sku in one) == sorted(skus)
    assert Order.objects.count() == ROUNDS
    nothing_is_broken()


def test_counts_that_cross_with_orders_lose_nobody_and_nothing(skus: list[str]) -> None:
    """Units that a count finds are sold, those it misses are taken from whom it says; the books agree throughout."""
    buyers = [("shop_until_empty", skus, ATTEMPTS // PROCESSES, seed) for seed in range(PROCESSES)]
    *ends, found = race([*buyers, ("correct_counts", skus, CORRECTIONS, 2026)])
    ends.append(shop_until_empty(skus, 0, 999))

    assert [shown(one) for one in ends] == [[]] * len(ends)
    there = {sku: UNITS + found.get(sku, 0) for sku in skus}
    assert units() == {sku: (count, count) for sku, count in there.items()}
    shortfalls = EventRecord.objects.filter(name="inventory.stock_shortfall")
    lost = sum(drop[-1] for fact in shortfalls for drop in fact.payload["drops"])
    assert lost > 0
    assert sum(one["sold"] for one in ends) - lost == sum(there.values())

    outbox.drain()
    lines = OrderLine.objects.filter(sku__in=skus).aggregate(tied=Sum("allocated"), waiting=Sum("backordered"))
    assert lines == {"tied": sum(there.values()), "waiting": lost}
    nothing_is_broken()
