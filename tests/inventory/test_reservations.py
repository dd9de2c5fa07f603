"""Stock is promised, given back and taken, and every figure follows."""

from datetime import UTC, datetime

import pytest

from core.actors import SYSTEM
from core.models import EventRecord
from core.service import unit_of_work
from inventory import services as inventory
from inventory.errors import InsufficientStock, NotReserved, StockMoved
from inventory.models import Allocation, Reservation, StockMovement
from inventory.services import Demand, OpenAllocation, Pick, shelf
from inventory.services.shelf import Change, change_shelf
from tests.factories.catalog import make_product, stock_of

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 2, 29, 12, tzinfo=UTC)


def figures(product, code="HAM"):
    """Return on hand, reserved and available."""
    item = stock_of(product, code)
    return item.on_hand, item.reserved, item.available


def reserve(places, *demand, **given):
    """Promise stock to a demand."""
    return inventory.reserve(demand=list(demand), places=places, actor=SYSTEM, **given)


def test_a_promise_ties_units_and_leaves_them_on_the_shelf(places, books_balance):
    mug, tea = make_product(stock={"HAM": 10}), make_product("TEA-1", stock={"HAM": 3, "MUC": 5})

    reserved = reserve(places, Demand(1, mug.pk, 4), Demand(2, tea.pk, 3), rank=7)

    assert reserved.picks == [Pick(1, places[0].warehouse_id, 4), Pick(2, places[0].warehouse_id, 3)]
    assert (figures(mug), figures(tea)) == ((10, 4, 6), (3, 3, 0))
    assert reserved.decision["reasons"][0]["warehouses"] == ["HAM"]
    assert Reservation.objects.get(pk=reserved.reservation_id).rank == 7
    books_balance()


def test_a_shortage_leaves_no_trace_and_says_what_there_is(places):
    mug, tea = make_product(stock={"HAM": 10}), make_product("TEA-1", stock={"HAM": 1, "MUC": 1})

    with pytest.raises(InsufficientStock) as refused:
        reserve(places, Demand(1, mug.pk, 4), Demand(2, tea.pk, 3))

    assert refused.value.details == {"shortages": [{"sku": "TEA-1", "requested": 3, "available": 2}]}
    assert (figures(mug), Reservation.objects.count(), Allocation.objects.count()) == ((10, 0, 10), 0, 0)


def test_a_shortage_is_found_before_anything_is_written(places, django_assert_num_queries):
    mug = make_product(stock={"HAM": 1})

    with unit_of_work(), django_assert_num_queries(2), pytest.raises(InsufficientStock):
        inventory.reserve(demand=[Demand(1, mug.pk, 2)], places=places, actor=SYSTEM)


def test_two_lines_of_one_product_cannot_both_have_the_last_unit(places):
    mug = make_product(stock={"HAM": 3})

    with pytest.raises(InsufficientStock) as refused:
        reserve(places, Demand(1, mug.pk, 2), Demand(2, mug.pk, 2))

    assert refused.value.details["shortages"] == [{"sku": "MUG-RED", "requested": 4, "available": 3}]


def test_two_lines_of_one_product_share_one_stock_row(places, books_balance):
    mug = make_product(stock={"HAM": 4})

    reserved = reserve(places, Demand(1, mug.pk, 2), Demand(2, mug.pk, 2))

    assert figures(mug) == (4, 4, 0)
    assert [(one.key, one.quantity) for one in inventory.open_allocations(reserved.reservation_id)] == [(1, 2), (2, 2)]
    books_balance()


def test_a_line_that_may_wait_takes_what_there_is(places, books_balance):
    mug = make_product(stock={"HAM": 3})

    reserved = reserve(places, Demand(1, mug.pk, 5, may_backorder=True))

    assert (reserved.short, figures(mug)) == ({1: 2}, (3, 3, 0))
    books_balance()


def test_partial_takes_what_there_is_of_every_line(places):
    mug = make_product(stock={"HAM": 3})

    assert reserve(places, Demand(1, mug.pk, 5), partial=True).short == {1: 2}


def test_safety_stock_and_quarantine_are_not_promised(places, maya):
    mug = make_product(stock={"HAM": 10})
    inventory.update_shelf(stock_of(mug).pk, {"safety_stock": 2}, actor=maya)
    inventory.restock(
        warehouse_id=places[0].warehouse_id, units={mug.pk: 4}, disposition="quarantine", reference="RMA-1", actor=maya
    )

    assert (figures(mug), inventory.availability([mug.pk])) == ((14, 0, 8), {mug.pk: 8})
    with pytest.raises(InsufficientStock):
        reserve(places, Demand(1, mug.pk, 9))
    assert reserve(places, Demand(1, mug.pk, 8)).short == {}


def test_three_lines_are_promised_in_four_statements(places, django_assert_num_queries):
    products = [make_product(f"P-{number}", stock={"HAM": 9, "MUC": 9}) for number in range(3)]
    demand = [Demand(number, product.pk, 2) for number, product in enumerate(products)]

    with unit_of_work(), django_assert_num_queries(4):
        inventory.reserve(demand=demand, places=places, actor=SYSTEM)


def test_three_lines_leave_the_building_in_five_statements(places, django_assert_num_queries):
    products = [make_product(f"P-{number}", stock={"HAM": 9}) for number in range(3)]
    reserved = reserve(places, *[Demand(number, product.pk, 2) for number, product in enumerate(products)])

    with unit_of_work(), django_assert_num_queries(5):
        inventory.consume(
            reserved.reservation_id,
            warehouse_id=places[0].warehouse_id,
            quantities={0: 2, 1: 2, 2: 1},
            reference="SH-000001",
            actor=SYSTEM,
        )


def test_what_leaves_the_building_is_off_the_shelf_and_off_the_promise(places, maya, books_balance):
    mug = make_product(stock={"HAM": 10})
    reserved = reserve(places, Demand(1, mug.pk, 2), Demand(2, mug.pk, 3))

    inventory.consume(
        reserved.reservation_id,
        warehouse_id=places[0].warehouse_id,
        quantities={1: 2, 2: 1},
        reference="SH-000001",
        actor=maya,
        at=LONG_AGO,
    )

    movement = StockMovement.objects.get(kind="shipment")
    assert figures(mug) == (7, 2, 5)
    assert (movement.quantity, movement.reference, movement.actor) == (-3, "SH-000001", "staff:maya")
    assert movement.at == LONG_AGO
    assert [(one.key, one.quantity) for one in inventory.open_allocations(reserved.reservation_id)] == [(2, 2)]
    books_balance()


def test_only_what_is_tied_at_a_warehouse_leaves_from_there(places):
    mug = make_product(stock={"HAM": 2, "MUC": 5})
    reserved = reserve(places, Demand(1, mug.pk, 6))

    with pytest.raises(NotReserved) as refused:
        inventory.consume(
            reserved.reservation_id,
            warehouse_id=places[0].warehouse_id,
            quantities={1: 3},
            reference="SH-1",
            actor=SYSTEM,
        )

    assert refused.value.details["missing"] == {1: 1}
    assert (figures(mug), figures(mug, "MUC")) == ((2, 2, 0), (5, 4, 1))
    assert not StockMovement.objects.filter(kind="shipment").exists()


def test_nothing_leaves_twice(places):
    mug = make_product(stock={"HAM": 2})
    reserved = reserve(places, Demand(1, mug.pk, 2))
    ship = {"warehouse_id": places[0].warehouse_id, "quantities": {1: 2}, "reference": "SH-1", "actor": SYSTEM}
    inventory.consume(reserved.reservation_id, **ship)

    with pytest.raises(NotReserved):
        inventory.consume(reserved.reservation_id, **ship)

    assert figures(mug) == (0, 0, 0)


def test_released_units_are_free_again_and_announced(places, maya, books_balance):
    mug, tea = make_product(stock={"HAM": 5}), make_product("TEA-1", stock={"HAM": 5})
    reserved = reserve(places, Demand(1, mug.pk, 5), Demand(2, tea.pk, 1))

    assert inventory.release(reserved.reservation_id, actor=maya) == {1: 5, 2: 1}

    assert (figures(mug), figures(tea)) == ((5, 0, 5), (5, 0, 5))
    fact = EventRecord.objects.get(name="inventory.stock_released")
    assert fact.payload == {"reservation_id": reserved.reservation_id, "product_ids": sorted([mug.pk, tea.pk])}
    assert inventory.release(reserved.reservation_id, actor=maya) == {}
    books_balance()


def test_what_was_tied_last_is_released_first(places, books_balance):
    mug = make_product(stock={"HAM": 2, "MUC": 5})
    reserved = reserve(places, Demand(1, mug.pk, 6), Demand(2, mug.pk, 1))

    given = inventory.release(reserved.reservation_id, quantities={1: 5, 2: 9}, actor=SYSTEM)

    assert given == {1: 5, 2: 1}
    assert (figures(mug), figures(mug, "MUC")) == ((2, 1, 1), (5, 0, 5))
    books_balance()


def test_a_release_takes_four_statements(places, django_assert_num_queries):
    products = [make_product(f"P-{number}", stock={"HAM": 9}) for number in range(3)]
    reserved = reserve(places, *[Demand(number, product.pk, 2) for number, product in enumerate(products)])

    # The fact is written with all others when the outermost service ends.
    with unit_of_work(), django_assert_num_queries(4):
        inventory.release(reserved.reservation_id, actor=SYSTEM)


def test_a_demand_that_waits_takes_more_and_never_fails(places, maya, books_balance):
    mug = make_product(stock={"HAM": 1})
    reserved = reserve(places, Demand(1, mug.pk, 5, may_backorder=True))
    inventory.receive_stock(warehouse_id=places[1].warehouse_id, units={mug.pk: 3}, actor=maya)

    more = inventory.allocate_more(reserved.reservation_id, demand=[Demand(1, mug.pk, 4)], places=places, actor=SYSTEM)
    again = inventory.allocate_more(
        reserved.reservation_id, demand=[Demand(1, mug.pk, 1)], places=places, actor=SYSTEM
    )

    assert (more.picks, more.short) == ([Pick(1, places[1].warehouse_id, 3)], {1: 1})
    assert (again.picks, again.short) == ([], {1: 1})
    books_balance()


def test_open_allocations_say_where_the_units_lie(places, maya, django_assert_num_queries):
    mug = make_product(stock={"HAM": 5})
    item = inventory.update_shelf(stock_of(mug).pk, {"bin": "A-01"}, actor=maya)
    reserved = reserve(places, Demand(4, mug.pk, 2))
    inventory.allocate_more(reserved.reservation_id, demand=[Demand(4, mug.pk, 1)], places=places, actor=SYSTEM)

    with django_assert_num_queries(1):
        found = inventory.open_allocations(reserved.reservation_id)

    assert found == [OpenAllocation(4, places[0].warehouse_id, mug.pk, item.pk, "A-01", 3)]


def test_a_rank_can_change(places):
    mug = make_product(stock={"HAM": 5})
    reserved = reserve(places, Demand(1, mug.pk, 1))

    inventory.rank_reservation(reserved.reservation_id, rank=-5, actor=SYSTEM)

    assert Reservation.objects.get().rank == -5


def test_the_guard_refuses_figures_that_would_break_the_books(places):
    mug = make_product(stock={"HAM": 5})
    item = stock_of(mug)

    for change in (Change(reserved=6), Change(reserved=-1), Change(on_hand=-6), Change(quarantined=-1)):
        with pytest.raises(StockMoved):
            change_shelf({item.pk: change})

    assert figures(mug) == (5, 0, 5)


def test_very_long_demands_go_in_batches(places, books_balance, monkeypatch):
    monkeypatch.setattr(shelf, "BATCH", 10)
    products = [make_product(f"P-{number}", stock={"HAM": 2}) for number in range(25)]

    reserved = reserve(places, *[Demand(number, product.pk, 1) for number, product in enumerate(products)])

    assert len(reserved.picks) == 25
    assert set(inventory.availability(product.pk for product in products).values()) == {1}
    books_balance()
