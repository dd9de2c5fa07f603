"""The shelf is right and the books follow, even where it hurts."""

import pytest

from core.actors import SYSTEM
from core.errors import Invalid
from core.models import EventRecord
from core.service import unit_of_work
from inventory import services as inventory
from inventory.errors import BelowZero
from inventory.models import StockItem, StockMovement
from inventory.services import Demand
from tests.factories.catalog import make_product, stock_of

pytestmark = pytest.mark.django_db


def test_a_difference_is_booked_with_its_reason(places, maya, books_balance):
    mug = make_product(stock={"HAM": 10})

    item = inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-3, reason="broken in transit", actor=maya)

    movement = StockMovement.objects.get(kind="adjustment")
    assert (item.on_hand, stock_of(mug).on_hand) == (7, 7)
    assert (movement.quantity, movement.reason, movement.actor) == (-3, "broken in transit", "staff:maya")
    assert EventRecord.objects.filter(name="inventory.stock_adjusted").count() == 1
    assert not EventRecord.objects.filter(name="inventory.stock_shortfall").exists()
    books_balance()


def test_a_find_may_be_promised_again(places, maya, books_balance):
    mug = make_product()

    inventory.adjust_stock(
        product_id=mug.pk, warehouse_id=places[0].warehouse_id, change=4, reason="found behind a shelf", actor=maya
    )

    assert stock_of(mug).on_hand == 4
    assert EventRecord.objects.filter(name="inventory.stock_received").count() == 1
    books_balance()


def test_a_loss_below_the_promise_takes_from_the_lowest_ranked(places, maya, books_balance):
    mug = make_product(stock={"HAM": 10})
    first, last, middle = (
        inventory.reserve(demand=[Demand(key, mug.pk, 3)], places=places, rank=rank, actor=SYSTEM).reservation_id
        for key, rank in ((1, 10), (2, 30), (3, 20))
    )

    item = inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-6, reason="water damage", actor=maya)

    assert (item.on_hand, item.reserved, item.available) == (4, 4, 0)
    fact = EventRecord.objects.get(name="inventory.stock_shortfall")
    assert fact.payload["drops"] == [[last, 2, 3], [middle, 3, 2]]
    assert (fact.payload["reason"], fact.actor) == ("water damage", "staff:maya")
    left = {
        reservation: sum(one.quantity for one in inventory.open_allocations(reservation))
        for reservation in (first, last, middle)
    }
    assert left == {first: 3, last: 0, middle: 1}
    books_balance()


def test_of_equal_rank_the_youngest_promise_is_dropped(places, maya, books_balance):
    mug = make_product(stock={"HAM": 2})
    old, young = (
        inventory.reserve(demand=[Demand(1, mug.pk, 1)], places=places, actor=SYSTEM).reservation_id for _ in "ab"
    )

    inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-1, reason="gone", actor=maya)

    assert EventRecord.objects.get(name="inventory.stock_shortfall").payload["drops"] == [[young, 1, 1]]
    assert inventory.open_allocations(old)
    books_balance()


def test_all_of_a_shelf_can_be_lost_and_no_more(places, maya, books_balance):
    mug = make_product(stock={"HAM": 5})
    inventory.reserve(demand=[Demand(1, mug.pk, 5)], places=places, actor=SYSTEM)
    inventory.restock(
        warehouse_id=places[0].warehouse_id, units={mug.pk: 2}, disposition="quarantine", reference="R", actor=maya
    )

    with pytest.raises(BelowZero) as refused:
        inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-6, reason="fire", actor=maya)
    assert refused.value.details == {"available": 5}
    inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-5, reason="fire", actor=maya)

    item = stock_of(mug)
    assert (item.on_hand, item.quarantined, item.reserved) == (2, 2, 0)
    books_balance()


@pytest.mark.parametrize(("change", "reason"), [(0, "nothing"), (1_000_001, "too many"), (-1, "  ")])
def test_a_difference_says_how_many_and_why(places, maya, change, reason):
    mug = make_product(stock={"HAM": 5})

    with pytest.raises(Invalid):
        inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=change, reason=reason, actor=maya)
    with pytest.raises(Invalid):
        inventory.adjust_stock(product_id=mug.pk, change=1, reason="where?", actor=maya)
    with pytest.raises(StockItem.DoesNotExist):
        inventory.adjust_stock(stock_item_id=404, change=1, reason="where?", actor=maya)


def test_what_is_dropped_costs_as_many_statements_as_what_is_not(places, maya, django_assert_num_queries):
    mug = make_product(stock={"HAM": 30})
    for key in range(30):
        inventory.reserve(demand=[Demand(key, mug.pk, 1)], places=places, rank=key, actor=SYSTEM)

    item = stock_of(mug)
    # Lock, what is on trolleys, allocations, two updates, movement.
    with unit_of_work(), django_assert_num_queries(6):
        inventory.adjust_stock(stock_item_id=item.pk, change=-20, reason="flood", actor=maya)


def test_quarantine_ends_on_the_shelf_or_out_of_the_books(places, maya, books_balance):
    mug = make_product(stock={"HAM": 1})
    inventory.restock(
        warehouse_id=places[0].warehouse_id, units={mug.pk: 5}, disposition="quarantine", reference="R", actor=maya
    )
    item = stock_of(mug)

    inventory.settle_quarantine(stock_item_id=item.pk, units=3, reason="looks new", actor=maya)
    left = inventory.settle_quarantine(stock_item_id=item.pk, units=1, scrap=True, reason="chipped", actor=maya)

    assert (left.on_hand, left.quarantined, left.available) == (5, 1, 4)
    with pytest.raises(BelowZero):
        inventory.settle_quarantine(stock_item_id=item.pk, units=2, reason="more", actor=maya)
    with pytest.raises(Invalid):
        inventory.settle_quarantine(stock_item_id=item.pk, units=1, reason="", actor=maya)
    books_balance()
