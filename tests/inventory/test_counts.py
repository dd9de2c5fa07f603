"""Shelves are counted: blind, against the books of that moment, and nothing that moved since is undone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.actors import Actor
from core.errors import Invalid
from core.models import EventRecord
from inventory import out_of_bins
from inventory import services as inventory
from inventory.errors import AlreadyBooked, AlreadyCounting, CountOver, NothingToCount
from inventory.models import Allocation, StockCount, StockCountLine, StockItem, StockMovement
from inventory.services import Demand, Shelves
from tests.factories.catalog import make_product, stock_of

pytestmark = pytest.mark.django_db
LIST = "/admin/inventory/stockcount/"
BOSS = Actor("staff", "ada", frozenset({"inventory.approve_stockcount"}))


def sheet(places, maya, **given):
    """Return a sheet of shelves in Hamburg: of bins A-01 to A-99, unless said otherwise."""
    wanted = Shelves(**(given or {"first_bin": "a-01", "last_bin": "A-99"}))
    return inventory.start_count(warehouse_id=places[0].warehouse_id, shelves=wanted, actor=maya)


def lines(count):
    """Return SKU: line of a sheet."""
    return {one.stock_item.product.sku: one for one in count.lines.select_related("stock_item__product")}


def entered(count, maya, **units):
    """Enter what was counted, by SKU with an underscore."""
    known = lines(count)
    return inventory.enter_counts(
        count.pk, {known[sku.replace("_", "-")].pk: found for sku, found in units.items()}, actor=maya
    )


# --- which shelves ----------------------------------------------------------------------------


def test_a_sheet_is_chosen_by_bin_by_product_or_by_how_long_ago(places, shelves, mug, maya):
    by_bin = sheet(places, maya)
    assert (by_bin.number, sorted(lines(by_bin))) == ("CC-000001", ["MUG-RED", "TEA-1"])
    # What stands on an open sheet is on no other.
    assert sorted(lines(sheet(places, maya, product_ids=frozenset([mug.pk, shelves["POT-1"].pk])))) == ["POT-1"]
    with pytest.raises(NothingToCount):
        sheet(places, maya, days=0)

    for count in StockCount.objects.all():
        inventory.cancel_count(count.pk, reason="x", actor=maya)
    now = timezone.now()
    StockItem.objects.filter(product=mug).update(counted_at=now - timedelta(days=40))
    StockItem.objects.filter(product=shelves["TEA-1"]).update(counted_at=now - timedelta(days=5))
    count = sheet(places, maya, days=30)
    assert [one.stock_item.product.sku for one in count.lines.order_by("pk")] == ["POT-1", "MUG-RED"]
    with pytest.raises(Invalid, match="Say which shelves"):
        sheet(places, maya, first_bin=" ")


def test_a_product_without_a_shelf_gets_one_to_be_counted(places, shelves, maya):
    cup = make_product("CUP-1")

    count = sheet(places, maya, product_ids=frozenset([cup.pk]))
    entered(count, maya, CUP_1=4)
    inventory.finish_count(count.pk, actor=maya)

    assert stock_of(cup).on_hand == 4


def test_the_database_keeps_a_shelf_off_a_second_open_sheet(places, shelves, mug, maya):
    sheet(places, maya)
    other = StockCount.objects.create(number="CC-X", warehouse_id=places[0].warehouse_id)

    with pytest.raises(IntegrityError), transaction.atomic():
        StockCountLine.objects.create(count=other, stock_item=stock_of(mug))
    with pytest.raises(IntegrityError), transaction.atomic():
        StockCountLine.objects.update(counted=3)


# --- counting and booking ---------------------------------------------------------------------


def test_differences_are_booked_and_what_agrees_is_only_noted(places, shelves, mug, maya, books_balance):
    count = sheet(places, maya)

    assert entered(count, maya, MUG_RED=8, TEA_1=5) == 2
    inventory.finish_count(count.pk, actor=maya)

    count = StockCount.objects.get()
    assert (count.status, count.value) == ("booked", Decimal("9.000"))
    assert {sku: (one.counted, one.book, one.difference, one.booked) for sku, one in lines(count).items()} == {
        "MUG-RED": (8, 10, -2, -2),
        "TEA-1": (5, 5, 0, 0),
    }
    movement = StockMovement.objects.get(reference="CC-000001")
    assert (movement.stock_item, movement.kind, movement.quantity) == (stock_of(mug), "adjustment", -2)
    assert stock_of(mug).on_hand == 8
    assert stock_of(shelves["TEA-1"]).counted_at is not None
    assert stock_of(shelves["POT-1"]).counted_at is None
    fact = EventRecord.objects.get(name="inventory.count_booked")
    assert (fact.public, fact.payload["shelves"], fact.payload["units"]) == (True, 1, 2)
    books_balance()


def test_what_moves_while_somebody_counts_is_not_undone(places, shelves, mug, maya, books_balance):
    count = sheet(places, maya)
    entered(count, maya, MUG_RED=8)
    inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={mug.pk: 20}, actor=maya)
    made = inventory.reserve(demand=[Demand(1, mug.pk, 5)], places=places, actor=maya)
    inventory.consume(
        made.reservation_id, warehouse_id=places[0].warehouse_id, quantities={1: 5}, reference="SH-1", actor=maya
    )

    inventory.finish_count(count.pk, actor=maya)

    # Ten in the books, eight counted, twenty in, five out.
    assert stock_of(mug).on_hand == 10 - 2 + 20 - 5
    books_balance()


def test_the_same_figure_sent_again_keeps_its_moment_and_another_replaces_it(places, shelves, mug, maya):
    count = sheet(places, maya)
    entered(count, maya, MUG_RED=8)
    inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={mug.pk: 20}, actor=maya)

    assert entered(count, maya, MUG_RED=8) == 0
    assert lines(count)["MUG-RED"].book == 10
    assert entered(count, maya, MUG_RED=29) == 1
    assert (lines(count)["MUG-RED"].book, lines(count)["MUG-RED"].difference) == (30, -1)


def test_quarantine_and_what_is_on_a_trolley_lie_elsewhere(places, shelves, mug, maya, monkeypatch, books_balance):
    ham = places[0].warehouse_id
    inventory.restock(warehouse_id=ham, units={mug.pk: 2}, disposition="quarantine", reference="RMA", actor=maya)
    monkeypatch.setitem(
        out_of_bins.TAKERS,
        "test",
        lambda place, products: {out_of_bins.Taken(mug.pk, None, 1): 3} if place == ham else {},
    )
    count = sheet(places, maya)

    entered(count, maya, MUG_RED=7)

    assert (lines(count)["MUG-RED"].book, lines(count)["MUG-RED"].difference) == (7, 0)
    entered(count, maya, MUG_RED=0)
    inventory.finish_count(count.pk, actor=maya)
    assert (stock_of(mug).on_hand, stock_of(mug).quarantined) == (5, 2)
    books_balance()


def test_below_what_is_promised_the_last_in_rank_lose_their_units(places, shelves, mug, maya, books_balance):
    first = inventory.reserve(demand=[Demand(1, mug.pk, 4)], places=places, rank=1, actor=maya)
    last = inventory.reserve(demand=[Demand(2, mug.pk, 4)], places=places, rank=9, actor=maya)
    count = sheet(places, maya)
    entered(count, maya, MUG_RED=5)

    inventory.finish_count(count.pk, actor=maya)

    assert (stock_of(mug).on_hand, stock_of(mug).reserved) == (5, 5)
    left = {one.reservation_id: one.open for one in Allocation.objects.all()}
    assert left == {first.reservation_id: 4, last.reservation_id: 1}
    drops = EventRecord.objects.get(name="inventory.stock_shortfall").payload["drops"]
    assert drops == [[last.reservation_id, 2, 3]]
    books_balance()


def test_a_shelf_never_holds_less_than_nothing(places, shelves, mug, maya, books_balance):
    count = sheet(places, maya)
    entered(count, maya, MUG_RED=0)
    inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-7, reason="Stolen", actor=maya)

    inventory.finish_count(count.pk, actor=maya)

    assert stock_of(mug).on_hand == 0
    assert (lines(count)["MUG-RED"].difference, lines(count)["MUG-RED"].booked) == (-10, -3)
    books_balance()


def test_what_nobody_counted_stays_as_it_is(places, shelves, mug, maya):
    count = sheet(places, maya)
    with pytest.raises(NothingToCount):
        inventory.finish_count(count.pk, actor=maya)
    entered(count, maya, TEA_1=6)

    inventory.finish_count(count.pk, actor=maya)

    assert (stock_of(mug).on_hand, stock_of(mug).counted_at) == (10, None)
    assert stock_of(shelves["TEA-1"]).on_hand == 6
    # The sheet is over: its shelves may stand on the next one.
    assert sorted(lines(sheet(places, maya))) == ["MUG-RED", "TEA-1"]


def test_large_differences_wait_for_somebody_who_may_approve_them(places, shelves, maya, settings, books_balance):
    settings.COUNT_APPROVAL_ABOVE = 40
    pot = shelves["POT-1"]
    count = sheet(places, maya, first_bin="B-01")
    entered(count, maya, POT_1=0)

    assert inventory.finish_count(count.pk, actor=maya).status == "to_approve"
    assert (stock_of(pot).on_hand, StockCount.objects.get().value) == (3, Decimal("60.000"))
    with pytest.raises(CountOver):
        entered(count, maya, POT_1=1)
    inventory.count_again(count.pk, reason="Look in B-02, too", actor=BOSS)
    entered(count, maya, POT_1=1)
    # Forty is not above forty.
    assert inventory.finish_count(count.pk, actor=maya).status == "booked"
    assert stock_of(pot).on_hand == 1
    other = sheet(places, maya, first_bin="B-01")
    entered(other, maya, POT_1=4)
    assert inventory.finish_count(other.pk, actor=maya).status == "to_approve"
    assert inventory.approve_count(other.pk, actor=BOSS).status == "booked"
    third = sheet(places, maya, first_bin="B-01")
    entered(third, maya, POT_1=0)
    assert inventory.finish_count(third.pk, actor=BOSS).status == "booked"
    assert stock_of(pot).on_hand == 0
    books_balance()


def test_a_count_that_is_given_up_books_nothing(places, shelves, mug, maya):
    count = sheet(places, maya)
    entered(count, maya, MUG_RED=1)

    inventory.cancel_count(count.pk, reason="Wrong corridor", actor=maya)

    assert stock_of(mug).on_hand == 10
    for step in (
        lambda: inventory.cancel_count(count.pk, reason="x", actor=maya),
        lambda: inventory.finish_count(count.pk, actor=maya),
        lambda: inventory.approve_count(count.pk, actor=BOSS),
        lambda: inventory.count_again(count.pk, reason="x", actor=BOSS),
    ):
        with pytest.raises(CountOver):
            step()


def test_an_empty_bin_is_counted_once_however_often_it_is_said(places, shelves, mug, maya):
    one = inventory.count_empty_bin(stock_of(mug).pk, actor=maya)
    same = inventory.count_empty_bin(stock_of(mug).pk, actor=maya)

    assert (one.pk, one.note) == (same.pk, "Bin is empty")
    assert list(lines(one)) == ["MUG-RED"]
    assert lines(one)["MUG-RED"].counted is None
    assert stock_of(mug).on_hand == 10


def test_a_count_of_another_system_is_taken_over_at_once(places, shelves, mug, maya, books_balance):
    ham = places[0].warehouse_id
    count = inventory.take_count(warehouse_id=ham, counted={mug.pk: 9}, note="WMS 17", actor=maya)

    assert (count.status, stock_of(mug).on_hand) == ("booked", 9)
    sheet(places, maya)
    with pytest.raises(AlreadyCounting, match="MUG-RED"):
        inventory.take_count(warehouse_id=ham, counted={mug.pk: 1, shelves["POT-1"].pk: 1}, actor=maya)
    assert stock_of(mug).on_hand == 9
    books_balance()


def test_counting_takes_the_same_statements_however_many_shelves(places, maya, django_assert_max_num_queries):
    counts = []
    for size in (2, 60):
        made = [make_product(f"P{size}-{number}", stock={"HAM": 5}) for number in range(size)]
        demand = [Demand(number, one.pk, 5) for number, one in enumerate(made)]
        inventory.reserve(demand=demand, places=places, actor=maya)
        count = sheet(places, maya, product_ids=frozenset(one.pk for one in made))
        with django_assert_max_num_queries(8) as entering:
            inventory.enter_counts(count.pk, dict.fromkeys(count.lines.values_list("pk", flat=True), 3), actor=maya)
        with django_assert_max_num_queries(20) as booking:
            inventory.finish_count(count.pk, actor=maya)
        counts.append((len(entering), len(booking)))
    # SQLite writes many rows in bites.
    assert max(more - few for few, more in zip(*counts, strict=True)) <= 1


def test_a_form_sent_twice_is_one_sheet(places, shelves, maya):
    wanted = {"warehouse_id": places[0].warehouse_id, "shelves": Shelves(days=0), "token": "t", "actor": maya}
    inventory.start_count(**wanted)

    with pytest.raises(AlreadyBooked):
        inventory.start_count(**wanted)
