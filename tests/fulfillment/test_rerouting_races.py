"""Work is sent back and forth at the same moment: nothing is tied twice, nothing is lost, nobody waits for ever."""

from functools import partial

import pytest

from core.invariants import INVARIANTS, ask
from fulfillment import services as fulfillment
from inventory.errors import InsufficientStock
from inventory.models import Warehouse
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product

from .helpers import TOM, anew, planned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def broken():
    """Return the invariants that do not hold."""
    return {one.name: found.breaches for one in INVARIANTS if (found := ask(one)).breaches}


def on_account(units):
    """Return the work of an order that nobody has to pay first."""
    (work,) = planned(units, payment_terms="net14")
    return work


def send(work, code):
    place = Warehouse.objects.get(code=code)
    return fulfillment.reroute_fulfillment(work.pk, warehouse_id=place.pk, reason="race", actor=TOM)


def test_four_works_want_the_two_units_of_munich(shop, concurrently):
    """Fails without `.locked()` in `inventory.reroute` on PostgreSQL (StockMoved instead of a shortage)."""
    pot = make_priced_product("POT", "9.00", stock={"HAM": 4, "MUC": 2})
    works = [on_account({"POT": 1}) for _ in range(4)]

    outcomes = concurrently(*[partial(send, work, "MUC") for work in works], raising=False)

    errors = [type(outcome.error) for outcome in outcomes if outcome.error is not None]
    assert errors == [InsufficientStock] * 2
    assert [stock_of(pot, code).reserved for code in ("HAM", "MUC")] == [2, 2]
    assert sorted(anew(work).warehouse.code for work in works) == ["HAM", "HAM", "MUC", "MUC"]
    assert broken() == {}


def test_back_and_forth_never_ends_in_a_deadlock(shop, concurrently):
    works = [on_account({"MUG-RED": 1, "TEA-1": 1}) for _ in range(4)]
    for work in works[:2]:
        send(work, "MUC")

    concurrently(
        *[partial(send, work, "HAM") for work in works[:2]], *[partial(send, work, "MUC") for work in works[2:]]
    )

    assert [anew(work).warehouse.code for work in works] == ["HAM", "HAM", "MUC", "MUC"]
    assert [stock_of(shop.mug, code).reserved for code in ("HAM", "MUC")] == [2, 2]
    assert broken() == {}


def test_two_clicks_move_it_once(shop, concurrently):
    work = on_account({"MUG-RED": 3})

    outcomes = concurrently(*[partial(send, work, "MUC")] * 2, raising=False)

    assert [outcome.error is None for outcome in outcomes].count(True) == 1
    assert [stock_of(shop.mug, code).reserved for code in ("HAM", "MUC")] == [0, 3]
    assert broken() == {}
