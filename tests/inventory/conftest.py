"""Two warehouses and someone to do things."""

from decimal import Decimal

import pytest

from core.actors import Actor
from core.invariants import INVARIANTS, ask
from inventory.models import StockItem
from inventory.services import Place
from tests.factories.catalog import make_product, make_warehouse


@pytest.fixture
def maya():
    """Return a person of the warehouse."""
    return Actor("staff", "maya")


@pytest.fixture
def places(db):
    """Return Hamburg, one day away, and Munich, two days away."""
    return [
        Place(make_warehouse("HAM", priority=10).pk, distance=1, priority=10, code="HAM"),
        Place(make_warehouse("MUC", priority=20).pk, distance=2, priority=20, code="MUC"),
    ]


@pytest.fixture
def books_balance():
    """Return a check that invariant I1 holds for every stock row."""

    def check():
        findings = [ask(invariant) for invariant in INVARIANTS if invariant.name.endswith("per stock row")]
        assert [(finding.name, finding.breaches) for finding in findings if finding.breaches] == []
        assert len(findings) == 3

    return check


@pytest.fixture
def shelves(places):
    """Return a mug in A-01 (10), a tea in A-02 (5) and a pot in B-01 (3), all in Hamburg."""
    made = {}
    goods = (("MUG-RED", 10, "A-01", "4.50"), ("TEA-1", 5, "A-02", None), ("POT-1", 3, "B-01", "20"))
    for sku, units, code, cost in goods:
        made[sku] = make_product(sku, stock={"HAM": units}, unit_cost=cost and Decimal(cost))
        StockItem.objects.filter(product=made[sku]).update(bin=code)
    return made


@pytest.fixture
def mug(shelves):
    """Return the mug of the shelves."""
    return shelves["MUG-RED"]
