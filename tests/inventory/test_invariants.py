"""The invariants find every planted lie, and nothing else."""

import pytest
from django.db.models import F

from core.actors import SYSTEM
from core.invariants import INVARIANTS, ask
from inventory import services as inventory
from inventory.models import Allocation, StockItem
from inventory.services import Demand
from tests.factories.catalog import make_product, stock_of

pytestmark = pytest.mark.django_db


def breaches():
    """Return the breaches of I1, invariant by invariant."""
    return [ask(one).breaches for one in INVARIANTS if one.name.endswith("per stock row")]


@pytest.fixture
def items(places):
    """Return two stock rows, one with a promise and one with a shipment behind it."""
    mug, tea = make_product(stock={"HAM": 5}), make_product("TEA-1", stock={"HAM": 5})
    demand = [Demand(1, mug.pk, 3), Demand(2, tea.pk, 2)]
    reserved = inventory.reserve(demand=demand, places=places, actor=SYSTEM)
    inventory.consume(
        reserved.reservation_id,
        warehouse_id=places[0].warehouse_id,
        quantities={2: 2},
        reference="SH-1",
        actor=SYSTEM,
    )
    return stock_of(mug), stock_of(tea)


def test_true_books_have_no_breach(items):
    assert breaches() == [[], [], []]


def test_units_that_no_movement_brought_are_found(items):
    StockItem.objects.filter(pk=items[1].pk).update(on_hand=F("on_hand") + 1)

    assert breaches() == [[], [str(items[1].pk)], []]


def test_a_promise_that_no_allocation_made_is_found(items):
    StockItem.objects.filter(pk=items[0].pk).update(reserved=F("reserved") + 1)
    Allocation.objects.filter(stock_item=items[1]).update(consumed=1)

    assert breaches() == [[], [], [str(items[0].pk), str(items[1].pk)]]
