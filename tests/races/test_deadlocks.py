"""No deadlock reaches anybody: many lines in any order, crossed by cancellations, shipments, counts and receipts.

The suite runs a small race; `RACE_SIZE=full pytest -s tests/races/test_deadlocks.py` the numbers of the design.
"""

import os
import sys
from collections import Counter

import pytest
from django.db import connection

from core import invariants, outbox
from core.models import Delivery
from orders.models import Order
from tests.factories.billing import make_seller
from tests.factories.shop import make_priced_product
from tests.racing import in_processes

pytestmark = [pytest.mark.postgres, pytest.mark.race, pytest.mark.django_db(transaction=True)]
FULL = os.environ.get("RACE_SIZE") == "full"
PROCESSES, ORDERS = (16, 10_000) if FULL else (3, 45)
LINES = (5, 20) if FULL else (5, 12)
SKUS = 60 if FULL else 16
PATIENCE = 7_200 if FULL else 60


def test_orders_of_many_lines_crossed_by_everything_show_no_deadlock(shop: object) -> None:
    """Fails with `order_by("?")` for `order_by("pk")` in `LockingQuerySet.locked`: of 45 orders five met a deadlock
    and were tried again.
    """
    make_seller()
    stock = {"HAM": 400, "MUC": 400} if FULL else {"HAM": 20, "MUC": 20}
    skus = [
        make_priced_product(f"RARE-{number}", "5.00", stock=stock, backorder=number % 2 == 0).sku
        for number in range(SKUS)
    ]
    before = deadlocks()
    each = ORDERS // PROCESSES

    outcomes = in_processes(
        "tests.races.buyers:muddle", [(skus, each, LINES, seed) for seed in range(PROCESSES)], patience=PATIENCE
    )

    assert [one.error for one in outcomes] == [None] * PROCESSES
    ends: Counter[str] = sum((one.value for one in outcomes), Counter())
    sys.stdout.write(f"{dict(ends)}, deadlocks {deadlocks() - before}\n")
    assert [end for end in ends if end.startswith("shown")] == []
    assert all(ends[deed] for deed in ("cancel", "ship", "count", "receive"))
    placed = Order.objects.count()
    assert placed + ends["insufficient_stock"] == each * PROCESSES
    assert ends["again"] <= placed // 1000
    assert deadlocks() == before
    for loss in Delivery.objects.filter(status="pending", handler="orders.handlers.lose_allocations"):
        assert outbox.deliver(loss.pk)
    findings = [check() for _code, _name, check in invariants.questions()]
    assert [(one.name, one.breaches[:3]) for one in findings if one.breaches] == []


def deadlocks() -> int:
    """Return how many deadlocks PostgreSQL has seen in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
