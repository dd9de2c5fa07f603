"""Nobody buys the part of a kit that somebody else bought at the same moment, alone or in another kit."""

from functools import partial

import pytest

from core.actors import SYSTEM
from inventory import services as inventory
from inventory.errors import InsufficientStock
from inventory.models import Allocation
from inventory.services import Demand
from tests.factories.catalog import make_product, stock_of
from tests.factories.kits import make_kit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def test_buyers_of_kits_and_of_their_scarce_part_get_exactly_what_is_there(places, concurrently, books_balance):
    """Two kits share a mug that is sold alone, too; of the other parts there is plenty.

    Fails without `.locked()` in `lock_shelf` on PostgreSQL (StockMoved instead of a shortage), and with kits locked by
    their own id instead of their parts (`_on_shelves`): then it is decided on figures that are not the real ones.
    """
    mug = make_product(stock={"HAM": 9})
    make_product("TEA-1", stock={"HAM": 90})
    make_product("CUP-1", stock={"HAM": 90})
    pair, mixed = make_kit("PAIR", {"MUG-RED": 2, "TEA-1": 1}), make_kit("MIXED", {"CUP-1": 1, "MUG-RED": 1})
    parts = {kit: tuple((one.product_id, one.per) for one in kit.parts.all()) for kit in (pair, mixed)}
    wanted = [
        [Demand(1, pair.pk, 1, parts=parts[pair])],
        [Demand(1, mixed.pk, 1, parts=parts[mixed])],
        [Demand(1, mug.pk, 1)],
        [Demand(1, mug.pk, 1), Demand(2, mixed.pk, 1, parts=parts[mixed])],
    ]
    jobs = [partial(inventory.reserve, demand=demand, places=places, actor=SYSTEM) for demand in wanted * 3]

    outcomes = concurrently(*jobs, raising=False)

    refused = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert {type(error) for error in refused} == {InsufficientStock}
    # Eighteen mugs are wanted; who wants one only is refused when there is none, who wants two when there is one.
    assert stock_of(mug).reserved in (8, 9)
    tied = Allocation.objects.filter(stock_item=stock_of(mug)).values_list("quantity", flat=True)
    assert sum(tied) == stock_of(mug).reserved
    books_balance()


def test_a_loss_of_one_part_and_buyers_of_the_other_never_meet_halfway(places, concurrently, books_balance):
    """Fails without the other parts in `_locked_with_kits`: the freed part is written past whoever buys it."""
    mug = make_product(stock={"HAM": 6})
    tea = make_product("TEA-1", stock={"HAM": 6})
    kit = make_kit("SET", {"MUG-RED": 1, "TEA-1": 1})
    made_of = tuple((one.product_id, one.per) for one in kit.parts.all())
    for rank in range(4):
        demand = [Demand(1, kit.pk, 1, parts=made_of)]
        inventory.reserve(demand=demand, places=places, rank=rank, actor=SYSTEM)

    def lose():
        inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-1, reason="broken", actor=SYSTEM)

    def buy():
        inventory.reserve(demand=[Demand(1, tea.pk, 1)], places=places, actor=SYSTEM)

    outcomes = concurrently(*[lose] * 4, *[buy] * 4, raising=False)

    assert [outcome.error for outcome in outcomes[:4]] == [None] * 4
    assert {type(one.error) for one in outcomes[4:] if one.error is not None} <= {InsufficientStock}
    assert (stock_of(mug).on_hand, stock_of(mug).reserved) == (2, 2)
    assert 2 <= stock_of(tea).reserved <= 6
    books_balance()
