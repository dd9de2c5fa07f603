"""The sourcing decision is exact: no other set of warehouses would be better by the rules."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import sourcing
from inventory.sourcing import Demand, Pick, Place, decide

HAM = Place(1, distance=1, priority=10, code="HAM")
MUC = Place(2, distance=2, priority=20, code="MUC")
SHOP = Place(3, distance=0, priority=5, last_resort=True, code="SHOP")
MUG, TEA, POT = 11, 12, 13


def test_one_place_that_has_it_all_beats_two_nearer_ones():
    stock = {(MUG, 1): 9, (TEA, 3): 9, (MUG, 2): 5, (TEA, 2): 5}
    near = Place(3, distance=0, priority=1)

    decision = decide([Demand(1, MUG, 2), Demand(2, TEA, 1)], stock, [HAM, MUC, near])

    assert decision.picks == [Pick(1, 2, 2), Pick(2, 2, 1)]
    assert decision.short == {}
    assert decision.exact


def test_of_equal_parcels_the_nearest_is_taken():
    decision = decide([Demand(1, MUG, 2)], {(MUG, 1): 2, (MUG, 2): 500}, [MUC, HAM])

    assert decision.picks == [Pick(1, 1, 2)]


def test_of_equally_near_places_the_preferred_is_taken_then_the_fullest():
    stock = {(MUG, 1): 5, (MUG, 2): 6, (MUG, 3): 7}
    near = [Place(1, 1, 20), Place(2, 1, 10), Place(3, 1, 10)]

    assert decide([Demand(1, MUG, 1)], stock, near).picks == [Pick(1, 3, 1)]


def test_units_come_from_the_nearest_of_the_chosen_places_first():
    decision = decide([Demand(1, MUG, 7)], {(MUG, 1): 5, (MUG, 2): 6}, [MUC, HAM])

    assert decision.picks == [Pick(1, 1, 5), Pick(1, 2, 2)]


def test_a_last_resort_serves_only_where_no_other_set_can():
    stock = {(MUG, 1): 3, (MUG, 2): 3, (MUG, 3): 9}

    enough_elsewhere = decide([Demand(1, MUG, 6)], stock, [SHOP, HAM, MUC])
    too_many = decide([Demand(1, MUG, 7)], stock, [SHOP, HAM, MUC])

    assert [pick.warehouse_id for pick in enough_elsewhere.picks] == [1, 2]
    assert too_many.picks == [Pick(1, 3, 7)]


def test_the_same_product_in_two_lines_is_counted_once():
    decision = decide([Demand(1, MUG, 2), Demand(2, MUG, 2)], {(MUG, 1): 3}, [HAM])

    assert decision.picks == [Pick(1, 1, 2), Pick(2, 1, 1)]
    assert decision.short == {2: 1}


def test_lines_that_may_wait_give_way_to_those_that_may_not():
    demand = [Demand(1, MUG, 2, may_backorder=True), Demand(2, MUG, 2)]

    decision = decide(demand, {(MUG, 1): 3}, [HAM])

    assert decision.short == {1: 1}


def test_what_nobody_has_is_short_and_the_rest_is_served():
    decision = decide([Demand(1, MUG, 5), Demand(2, POT, 1)], {(MUG, 1): 2}, [HAM, MUC])

    assert decision.picks == [Pick(1, 1, 2)]
    assert decision.short == {1: 3, 2: 1}


def test_a_shelf_below_zero_gives_nothing():
    assert decide([Demand(1, MUG, 1)], {(MUG, 1): -4}, [HAM]).short == {1: 1}


def test_a_demand_is_for_something():
    with pytest.raises(ValueError, match="at least one unit"):
        Demand(1, MUG, 0)


def test_the_reasons_can_be_told():
    stock = {(MUG, 1): 3, (MUG, 2): 3, (MUG, 3): 1}

    plain = decide([Demand(1, MUG, 1)], stock, [HAM, MUC])
    desperate = decide([Demand(1, MUG, 9)], stock, [HAM, MUC, SHOP])

    assert plain.reasons == [
        {"rule": "fewest_parcels", "parcels": 1, "warehouses": ["HAM"]},
        {"rule": "nearest", "distances": {"HAM": HAM.distance}, "passed_over": ["MUC"]},
    ]
    assert desperate.reasons == [
        {"rule": "fewest_parcels", "parcels": 3, "warehouses": ["HAM", "MUC", "SHOP"]},
        {"rule": "last_resort", "warehouses": ["SHOP"]},
        {"rule": "short", "units": 2},
    ]
    assert desperate.as_dict()["short"] == {"1": 2}


@st.composite
def situations(draw):
    """Draw a demand, stock that is mostly scarce, and up to six places."""
    products = draw(st.integers(1, 4))
    demand = [
        Demand(key, draw(st.integers(1, products)), draw(st.integers(1, 5)), draw(st.booleans()))
        for key in range(draw(st.integers(1, 5)))
    ]
    places = [
        Place(number, draw(st.integers(0, 3)), draw(st.sampled_from([10, 20])), draw(st.booleans()))
        for number in range(1, draw(st.integers(1, 6)) + 1)
    ]
    units = st.sampled_from([0, 0, 1, 2, 3, 6])
    stock = {(product, place.warehouse_id): draw(units) for product in range(1, products + 1) for place in places}
    return demand, stock, places


def best_by_brute_force(demand, stock, places):
    """Try every set of places; return the cost of the best that covers what can be covered."""
    wanted = {}
    for one in demand:
        wanted[one.product_id] = wanted.get(one.product_id, 0) + one.quantity
    total = {product: sum(stock[product, place.warehouse_id] for place in places) for product in wanted}
    needs = {product: min(want, total[product]) for product, want in wanted.items()}
    return min(
        cost_of(chosen, stock, wanted)
        for size in range(len(places) + 1)
        for chosen in combinations(places, size)
        if all(sum(stock[product, one.warehouse_id] for one in chosen) >= need for product, need in needs.items())
    )


def cost_of(chosen, stock, products):
    """Return what a set of places costs, by the rules in their order."""
    held = sum(stock[product, one.warehouse_id] for one in chosen for product in products)
    far, rank = sum(one.distance for one in chosen), sum(one.priority for one in chosen)
    return sum(one.last_resort for one in chosen), len(chosen), far, rank, -held


@settings(max_examples=400, deadline=None)
@given(situations())
def test_no_set_of_places_is_better(situation):
    demand, stock, places = situation

    decision = decide(demand, stock, places)

    used = {pick.warehouse_id for pick in decision.picks}
    chosen = [place for place in places if place.warehouse_id in used]
    products = {one.product_id for one in demand}
    assert decision.exact
    assert cost_of(chosen, stock, products) == best_by_brute_force(demand, stock, places)


@settings(max_examples=200, deadline=None)
@given(situations())
def test_every_unit_is_picked_or_short_and_no_shelf_gives_more_than_it_has(situation):
    demand, stock, places = situation

    decision = decide(demand, stock, places)

    products = {one.key: one.product_id for one in demand}
    for one in demand:
        picked = sum(pick.quantity for pick in decision.picks if pick.key == one.key)
        assert picked + decision.short.get(one.key, 0) == one.quantity
    taken = {}
    for pick in decision.picks:
        shelf = (products[pick.key], pick.warehouse_id)
        taken[shelf] = taken.get(shelf, 0) + pick.quantity
    assert all(units <= stock[shelf] for shelf, units in taken.items())


@settings(max_examples=100, deadline=None)
@given(situations(), st.randoms())
def test_the_order_in_which_places_are_named_does_not_matter(situation, random):
    demand, stock, places = situation
    shuffled = random.sample(places, len(places))

    assert decide(demand, stock, places).picks == decide(demand, stock, shuffled).picks


def test_twenty_places_are_searched_to_the_end():
    places = [Place(number, distance=number % 5, priority=10) for number in range(20)]
    stock = {(product, number): (product * number) % 5 for product in range(10) for number in range(20)}

    decision = decide([Demand(product, product, 6) for product in range(1, 5)], stock, places)

    assert decision.exact
    assert decision.short == {}


def test_more_places_than_can_be_searched_still_serve_everything():
    places = [Place(number, distance=number, priority=10) for number in range(40)]
    stock = {(MUG, number): 1 for number in range(40)} | {(TEA, 39): 5}

    decision = decide([Demand(1, MUG, 30), Demand(2, TEA, 2)], stock, places)

    assert decision.short == {}
    assert not decision.exact


def test_the_search_gives_up_in_time_with_the_best_it_has(monkeypatch):
    monkeypatch.setattr(sourcing, "MAX_NODES", 3)
    places = [Place(number, distance=number % 3, priority=10) for number in range(12)]
    stock = {(product, number): (product + number) % 3 for product in range(6) for number in range(12)}

    decision = decide([Demand(product, product, 4) for product in range(6)], stock, places)

    assert not decision.exact
    assert decision.short == {}
