"""One line sold, its parts tied: kits in the catalogue and on the shelves."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actors import SYSTEM
from core.invariants import INVARIANTS, ask
from core.models import EventRecord
from inventory import selectors
from inventory import services as inventory
from inventory.atp import KitOutlook, Outlook, Stage
from inventory.errors import InsufficientStock, NotReserved
from inventory.kits import complete, scarcest, take_from, with_kits
from inventory.models import Allocation, StockMovement
from inventory.services import Demand, OpenAllocation, Passing, Pick, Place
from inventory.sourcing import decide
from tests.factories.catalog import make_product, make_warehouse, stock_of
from tests.factories.kits import make_kit

pytestmark = pytest.mark.django_db
HAM, MUC = 1, 2


def figures(product, code="HAM"):
    """Return on hand, reserved and available."""
    item = stock_of(product, code)
    return item.on_hand, item.reserved, item.available


def wants(key, kit, units, *, may_backorder=False):
    """Return a demand for a kit as it is now."""
    parts = tuple((part.product_id, part.per) for part in kit.parts.all())
    return Demand(key, kit.pk, units, may_backorder, parts)


def reserve(places, *demand, **given):
    """Promise stock to a demand."""
    return inventory.reserve(demand=list(demand), places=places, actor=SYSTEM, **given)


@pytest.fixture
def goods(places):
    """Return mugs, 10 in Hamburg and 4 in Munich, teas, 3 and 9, and a kit of two mugs and a tea."""
    mug = make_product(stock={"HAM": 10, "MUC": 4}, weight_grams=300)
    tea = make_product("TEA-1", stock={"HAM": 3, "MUC": 9}, weight_grams=100, handling=["fragile"])
    return mug, tea, make_kit()


# How many there are -----------------------------------------------------------------------------


def test_the_scarcest_part_decides_in_each_warehouse(goods, places, django_assert_num_queries):
    mug, tea, kit = goods
    ham, muc = (place.warehouse_id for place in places)

    with django_assert_num_queries(1):
        found = inventory.stock_by_warehouse([mug.pk, kit.pk])

    # Hamburg has teas for three, Munich mugs for two.
    assert found == {(mug.pk, ham): 10, (mug.pk, muc): 4, (kit.pk, ham): 3, (kit.pk, muc): 2}
    assert inventory.availability([kit.pk, tea.pk]) == {kit.pk: 5, tea.pk: 12}
    assert (complete(((mug.pk, 2), (tea.pk, 1)), {mug.pk: 5}), scarcest(((1, 2), (2, 1)), {1: 5, 2: 3})) == (0, 1)


def test_of_a_kit_with_a_part_that_lies_nowhere_there_is_none(goods):
    make_product("RARE")
    odd = make_kit("ODD", {"MUG-RED": 1, "RARE": 1})

    assert inventory.availability([odd.pk]) == {odd.pk: 0}


def test_kits_by_day_come_complete_from_one_place():
    soon, later = date(2026, 12, 1), date(2026, 12, 9)
    mugs = Outlook({HAM: 5, MUC: 1}, [(later, HAM, 3)])
    teas = Outlook({HAM: 1}, [(soon, HAM, 9), (later, MUC, 4)])
    kits = KitOutlook([(mugs, 2), (teas, 1)])

    assert kits.stages == [Stage(None, HAM, 1), Stage(soon, HAM, 1), Stage(later, HAM, 2)]
    assert (kits.now, kits.by_day()) == (1, [(None, 1), (soon, 2), (later, 4)])
    assert kits.take(2) == [Stage(None, HAM, 1), Stage(soon, HAM, 1)]
    # Who took kits took their parts, and who takes a part takes it from the kits.
    assert mugs.now == 2
    assert mugs.take(1, at={HAM}) == [Stage(None, HAM, 1)]
    assert kits.stages == [Stage(later, HAM, 1)]


# Who gets them ----------------------------------------------------------------------------------


def test_a_kit_ties_its_parts_and_is_told_in_whole_kits(goods, places, books_balance):
    mug, tea, kit = goods

    reserved = reserve(places, wants(1, kit, 3))

    ham = places[0].warehouse_id
    assert reserved.picks == [Pick(1, ham, 3)]
    assert (figures(mug), figures(tea)) == ((10, 6, 4), (3, 3, 0))
    rows = Allocation.objects.order_by("pk").values_list("stock_item__product", "kit", "per", "quantity")
    assert list(rows) == [(mug.pk, kit.pk, 2, 6), (tea.pk, kit.pk, 1, 3)]
    shelf = stock_of(mug).pk
    assert inventory.open_allocations(reserved.reservation_id) == [OpenAllocation(1, ham, kit.pk, shelf, "", 3)]
    assert selectors.allocated_from(reserved.reservation_id) == {1: [("HAM", 3)]}
    books_balance()


def test_kits_of_one_line_may_be_split_but_each_comes_whole(goods, places, books_balance):
    mug, tea, kit = goods

    reserved = reserve(places, wants(1, kit, 5))

    assert {(pick.warehouse_id, pick.quantity) for pick in reserved.picks} == {
        (places[0].warehouse_id, 3),
        (places[1].warehouse_id, 2),
    }
    assert (figures(mug, "MUC"), figures(tea, "MUC")) == ((4, 4, 0), (9, 2, 7))
    books_balance()


def test_a_shortage_names_the_kit_and_how_many_there_are(goods, places):
    _mug, _tea, kit = goods

    with pytest.raises(InsufficientStock) as refused:
        reserve(places, wants(1, kit, 6))

    assert refused.value.details == {"shortages": [{"sku": "GIFT-1", "requested": 6, "available": 5}]}


def test_a_line_of_kits_and_one_of_their_part_share_what_is_there(goods, places, books_balance):
    mug, _tea, kit = goods

    # 14 mugs: five kits take ten of them, four are left, and all of them are found.
    reserved = reserve(places, Demand(1, mug.pk, 5, True), wants(2, kit, 5, may_backorder=True))

    assert reserved.short == {1: 1}
    assert (figures(mug)[1], figures(mug, "MUC")[1]) == (10, 4)
    books_balance()


def test_who_may_not_wait_is_served_before_a_kit_that_may(goods, places):
    mug, _tea, kit = goods

    reserved = reserve(places, wants(1, kit, 5, may_backorder=True), Demand(2, mug.pk, 9))

    assert sum(pick.quantity for pick in reserved.picks if pick.key == 2) == 9
    assert reserved.short == {1: 3}


def test_two_kits_that_share_a_part_never_get_it_twice(places, books_balance):
    make_product(stock={"HAM": 3})
    make_product("TEA-1", stock={"HAM": 9})
    one, two = make_kit("ONE", {"MUG-RED": 1, "TEA-1": 1}), make_kit("TWO", {"MUG-RED": 1})

    reserved = reserve(places, wants(1, one, 2, may_backorder=True), wants(2, two, 2, may_backorder=True))

    assert (sum(pick.quantity for pick in reserved.picks), sum(reserved.short.values())) == (3, 1)
    books_balance()


def test_a_decision_prefers_one_parcel_where_the_parts_allow_it():
    kit = Demand(1, 9, 2, parts=((7, 2), (8, 1)))
    stock = {(7, HAM): 9, (8, HAM): 1, (7, MUC): 4, (8, MUC): 2}

    decision = decide([kit], stock, [Place(HAM, 1, 10, code="HAM"), Place(MUC, 2, 10, code="MUC")])

    assert (decision.picks, decision.exact) == ([Pick(1, MUC, 2)], True)
    assert [(one["at"], one["gives"]) for one in decision.candidates] == [("HAM", 1), ("MUC", 2)]


# Given back, shipped, moved, lost ---------------------------------------------------------------


def test_parts_go_back_together(goods, places, books_balance):
    mug, tea, kit = goods
    reserved = reserve(places, wants(1, kit, 5))

    assert inventory.release(reserved.reservation_id, quantities={1: 3}, actor=SYSTEM) == {1: 3}

    # What was tied last goes first: both of Munich, then one of Hamburg.
    assert (figures(mug), figures(mug, "MUC")) == ((10, 4, 6), (4, 0, 4))
    assert (figures(tea), figures(tea, "MUC")) == ((3, 2, 1), (9, 0, 9))
    assert inventory.release(reserved.reservation_id, actor=SYSTEM) == {1: 2}
    assert figures(tea) == (3, 0, 3)
    books_balance()


def test_parts_leave_together_with_a_movement_each(goods, places, books_balance):
    mug, tea, kit = goods
    reserved = reserve(places, wants(1, kit, 3), Demand(2, mug.pk, 1))
    sent = {"warehouse_id": places[0].warehouse_id, "reference": "FO-1", "actor": SYSTEM}

    inventory.consume(reserved.reservation_id, quantities={1: 2, 2: 1}, **sent)

    moved = StockMovement.objects.filter(kind="shipment").order_by("stock_item__product")
    assert list(moved.values_list("stock_item__product", "quantity")) == [(mug.pk, -5), (tea.pk, -2)]
    assert (figures(mug), figures(tea)) == ((5, 2, 3), (1, 1, 0))
    with pytest.raises(NotReserved) as refused:
        inventory.consume(reserved.reservation_id, quantities={1: 2}, **sent)
    assert refused.value.details["missing"] == {1: 1}
    books_balance()


def test_kits_are_sent_from_elsewhere_with_all_their_parts(goods, places, books_balance):
    mug, tea, kit = goods
    reserved = reserve(places, wants(1, kit, 3))
    ham, muc = (place.warehouse_id for place in places)

    with pytest.raises(InsufficientStock):
        inventory.reroute(reserved.reservation_id, units={1: 3}, from_warehouse=ham, to_warehouse=muc, actor=SYSTEM)
    inventory.reroute(reserved.reservation_id, units={1: 2}, from_warehouse=ham, to_warehouse=muc, actor=SYSTEM)

    assert (figures(mug), figures(mug, "MUC")) == ((10, 2, 8), (4, 4, 0))
    assert (figures(tea), figures(tea, "MUC")) == ((3, 1, 2), (9, 2, 7))
    assert selectors.allocated_from(reserved.reservation_id) == {1: [("HAM", 1), ("MUC", 2)]}
    books_balance()


def test_a_lost_part_costs_whole_kits_and_frees_their_other_parts(goods, places, books_balance):
    mug, tea, kit = goods
    old, new = (reserve(places, wants(1, kit, units), rank=rank) for units, rank in ((2, 1), (1, 2)))
    single = reserve(places, Demand(1, mug.pk, 4), rank=3)

    # Ten mugs are promised: six in kits. Five are lost: the single ones go first, then a kit for the sake of one.
    inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-5, reason="broken", actor=SYSTEM)

    short = EventRecord.objects.get(name="inventory.stock_shortfall")
    assert short.payload["drops"] == [[single.reservation_id, 1, 4], [new.reservation_id, 1, 1]]
    assert (figures(mug), figures(tea)) == ((5, 4, 1), (3, 2, 1))
    assert inventory.open_allocations(new.reservation_id) == []
    assert [one.quantity for one in inventory.open_allocations(old.reservation_id)] == [2]
    freed = EventRecord.objects.filter(name="inventory.stock_released").latest("pk")
    assert (freed.payload["reservation_id"], freed.payload["product_ids"]) == (new.reservation_id, [mug.pk, tea.pk])
    books_balance()


def test_two_lost_parts_of_one_kit_cost_it_once(goods, places, books_balance):
    mug, tea, kit = goods
    reserved = reserve(places, wants(1, kit, 3))

    inventory.adjust_shelves({stock_of(mug).pk: -6, stock_of(tea).pk: -1}, reason="counted", actor=SYSTEM)

    assert (figures(mug), figures(tea)) == ((4, 4, 0), (2, 2, 0))
    drops = [one.payload["drops"] for one in EventRecord.objects.filter(name="inventory.stock_shortfall")]
    assert drops == [[[reserved.reservation_id, 1, 1]]]
    books_balance()


def test_parts_set_apart_cost_kits_as_if_they_were_lost(goods, places, books_balance):
    _mug, tea, kit = goods
    reserve(places, wants(1, kit, 3))

    inventory.quarantine_stock(stock_of(tea).pk, units=2, reason="recalled", actor=SYSTEM)

    assert figures(tea) == (3, 1, 0)
    books_balance()


def test_kits_change_hands_whole_and_nobody_is_given_a_part(goods, places, books_balance):
    mug, _tea, kit = goods
    ham = places[0].warehouse_id
    giver = reserve(places, wants(1, kit, 3), rank=9)
    taker = reserve(places[:1], wants(4, kit, 2, may_backorder=True), rank=1, partial=True)
    asked = {"warehouses": [ham], "rank": 1}

    assert selectors.tied_behind([mug.pk], **asked) == []
    [lot] = selectors.tied_behind([kit.pk], **asked)
    assert lot == (giver.reservation_id, 1, ham, kit.pk, 3)
    inventory.pass_on([Passing(giver.reservation_id, 1, ham, 2, 4)], to_reservation=taker.reservation_id, actor=SYSTEM)
    assert [one.quantity for one in inventory.open_allocations(giver.reservation_id)] == [1]
    assert [(one.key, one.quantity) for one in inventory.open_allocations(taker.reservation_id)] == [(4, 2)]
    assert figures(mug) == (10, 6, 4)
    books_balance()


def test_half_a_kit_is_found_by_the_invariants(goods, places):
    _mug, tea, kit = goods
    reserve(places, wants(1, kit, 2))
    whole = [one for one in INVARIANTS if one.name.startswith("parts of a kit")]

    assert [ask(one).breaches for one in whole] == [[]]
    Allocation.objects.filter(stock_item__product=tea).update(released=1)
    assert [len(ask(one).breaches) for one in whole] == [1]


def test_three_statements_promise_kits_however_many_parts_they_have(places, django_assert_num_queries):
    parts = {f"P-{number}": 1 for number in range(12)}
    for sku in parts:
        make_product(sku, stock={"HAM": 5})
    kits = [make_kit("BIG", parts), make_kit("SMALL", {"P-1": 2})]
    demand = [wants(key, kit, 1) for key, kit in enumerate(kits)]

    # The shelves, the guarded change, the reservation and the allocations.
    with django_assert_num_queries(6):
        reserve(places, *demand)


def test_a_warehouse_that_may_not_handle_a_kit_gives_none(goods, places):
    make_warehouse("HAM")
    _mug, _tea, kit = goods
    barred = Place(places[0].warehouse_id, 1, 10, code="HAM", cannot=frozenset({kit.pk}))

    reserved = reserve([barred, places[1]], wants(1, kit, 1))

    assert [pick.warehouse_id for pick in reserved.picks] == [places[1].warehouse_id]


# Anything at all --------------------------------------------------------------------------------

A, B, C = 1, 2, 3
RECIPES = {A: (), B: (), C: (), 11: ((A, 2), (B, 1)), 12: ((B, 1), (C, 3)), 13: ((A, 1),)}
STOCKS = st.dictionaries(st.tuples(st.sampled_from((A, B, C)), st.sampled_from((HAM, MUC))), st.integers(0, 9))
LINES = st.lists(st.tuples(st.sampled_from(sorted(RECIPES)), st.integers(1, 6), st.booleans()), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(stock=STOCKS, lines=LINES)
def test_whatever_lines_share_nothing_is_given_twice_and_nothing_is_left_that_somebody_lacks(stock, lines):
    demand = [
        Demand(key, product, units, may_wait, RECIPES[product])
        for key, (product, units, may_wait) in enumerate(lines, start=1)
    ]

    decision = decide(demand, stock, [Place(HAM, 1, 10, code="HAM"), Place(MUC, 2, 10, code="MUC")])

    left, wanted = dict(stock), {one.key: one for one in demand}
    for pick in decision.picks:
        take_from(left, wanted[pick.key], pick.warehouse_id, pick.quantity)
    assert min(left.values(), default=0) >= 0
    for one in demand:
        given_to = sum(pick.quantity for pick in decision.picks if pick.key == one.key)
        short = decision.short.get(one.key, 0)
        assert given_to + short == one.quantity
        free = sum(units for (product, _place), units in with_kits(left, [one]).items() if product == one.product_id)
        assert not short or not free
