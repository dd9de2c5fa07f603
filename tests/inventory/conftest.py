"""Two warehouses and someone to do things."""

import pytest

from core.actors import Actor
from core.invariants import INVARIANTS, ask
from inventory.services import Place
from tests.factories.catalog import make_warehouse


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
