"""Where costs are given, no other way to serve a demand is cheaper, and the parts add up to the total."""

from decimal import Decimal
from itertools import product as every

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import sourcing
from inventory.costing import Costs, Tariff
from inventory.sourcing import Demand, Pick, Place, decide

HAM = Place(1, distance=1, priority=10, code="HAM")
MUC = Place(2, distance=2, priority=20, code="MUC")
BER = Place(3, distance=0, priority=5, last_resort=True, code="BER")
MUG, TEA = 11, 12


def costs(tariffs=None, **more) -> Costs:
    return Costs("EUR", tariffs or {1: Tariff(base=5000), 2: Tariff(base=4000)}, **more)


def test_the_cheaper_place_is_taken_though_it_is_farther():
    decision = decide([Demand(1, MUG, 2)], {(MUG, 1): 9, (MUG, 2): 9}, [HAM, MUC], costs())

    assert decision.picks == [Pick(1, 2, 2)]
    assert decision.exact
    assert decision.cost == {
        "currency": "EUR",
        "total": "4.000",
        "split": "0.000",
        "parcels": {"MUC": {"shipping": "4.000", "handling": "0.000", "late": "0.000"}},
    }
    assert decision.reasons == [
        {"rule": "cheapest", "warehouses": ["MUC"], "instead_of": "HAM", "for": "5.000"},
    ]
    assert decision.candidates == [
        {"at": "HAM", "gives": 2, "alone": "5.000"},
        {"at": "MUC", "gives": 2, "alone": "4.000"},
    ]


def test_a_day_later_than_the_fastest_has_its_price():
    late = costs(days={1: 1, 2: 2}, late=1500)

    decision = decide([Demand(1, MUG, 2)], {(MUG, 1): 9, (MUG, 2): 9}, [HAM, MUC], late)

    assert [pick.warehouse_id for pick in decision.picks] == [1]
    assert [one["alone"] for one in decision.candidates] == ["5.000", "5.500"]


def test_nothing_is_late_before_the_day_that_was_promised():
    early = costs(days={1: 1, 2: 2}, late=1500, due_days=2)

    assert [
        p.warehouse_id for p in decide([Demand(1, MUG, 1)], {(MUG, 1): 1, (MUG, 2): 1}, [HAM, MUC], early).picks
    ] == [2]


def test_kilograms_begun_and_handling_are_paid():
    tariffs = {1: Tariff(base=3000, per_kg=500, parcel=200, line=100, unit=10)}

    decision = decide(
        [Demand(1, MUG, 4), Demand(2, TEA, 1)],
        {(MUG, 1): 4, (TEA, 1): 1},
        [HAM],
        costs(tariffs, weights={MUG: 400, TEA: 401}),
    )

    assert decision.cost["parcels"] == {"HAM": {"shipping": "4.500", "handling": "0.450", "late": "0.000"}}
    assert decision.cost["total"] == "4.950"


def test_a_second_parcel_is_paid_only_where_it_saves_more():
    tariffs = {1: Tariff(base=1000, unit=900), 2: Tariff(base=1000, unit=100)}
    stock = {(MUG, 1): 9, (MUG, 2): 8}

    apart = decide([Demand(1, MUG, 9)], stock, [HAM, MUC], costs(tariffs, split=3000))
    together = decide([Demand(1, MUG, 9)], stock, [HAM, MUC], costs(tariffs, split=6000))

    assert {(pick.warehouse_id, pick.quantity) for pick in apart.picks} == {(1, 1), (2, 8)}
    assert apart.cost["split"] == "3.000"
    assert apart.cost["total"] == "6.700"
    assert together.picks == [Pick(1, 1, 9)]


def test_a_last_resort_stays_one_however_cheap_it_is():
    tariffs = {1: Tariff(base=9000), 3: Tariff(base=1)}

    decision = decide([Demand(1, MUG, 1)], {(MUG, 1): 1, (MUG, 3): 1}, [HAM, BER], costs(tariffs))

    assert decision.picks == [Pick(1, 1, 1)]


def test_a_favored_place_serves_where_it_can_do_all_of_it():
    favored = Place(1, 1, 10, code="HAM", favored=True)

    alone = decide([Demand(1, MUG, 2)], {(MUG, 1): 2, (MUG, 2): 2}, [favored, MUC], costs())
    scarce = decide([Demand(1, MUG, 2)], {(MUG, 1): 1, (MUG, 2): 2}, [favored, MUC], costs())
    plain = decide([Demand(1, MUG, 2)], {(MUG, 1): 2, (MUG, 2): 2}, [Place(2, 1, 1), favored])

    assert alone.picks == [Pick(1, 1, 2)]
    assert scarce.picks == [Pick(1, 2, 2)]
    assert plain.picks == [Pick(1, 1, 2)]


def test_what_nobody_has_is_short_and_the_rest_is_served():
    decision = decide([Demand(1, MUG, 5), Demand(2, TEA, 1)], {(MUG, 1): 2}, [HAM, MUC], costs())

    assert decision.picks == [Pick(1, 1, 2)]
    assert decision.short == {1: 3, 2: 1}
    assert decision.cost["total"] == "5.000"


def test_nothing_to_give_costs_nothing():
    decision = decide([Demand(1, MUG, 5)], {}, [HAM, MUC], costs())

    assert (decision.picks, decision.short, decision.cost) == ([], {1: 5}, None)


tariffs = st.builds(
    Tariff,
    base=st.sampled_from([0, 2000, 5000]),
    per_kg=st.just(0),
    parcel=st.sampled_from([0, 300]),
    line=st.sampled_from([0, 100, 700]),
    unit=st.sampled_from([0, 50, 900]),
)
weighing = st.builds(
    Tariff,
    base=st.sampled_from([0, 2000, 5000]),
    per_kg=st.sampled_from([0, 300, 2000]),
    line=st.sampled_from([0, 100]),
    unit=st.sampled_from([0, 50]),
)


@st.composite
def situations(draw, tariff=tariffs):
    """Draw a demand, stock that is mostly scarce, up to four places and what they cost."""
    products = draw(st.integers(1, 3))
    demand = [
        Demand(key, draw(st.integers(1, products)), draw(st.integers(1, 3)), draw(st.booleans()))
        for key in range(draw(st.integers(1, 3)))
    ]
    places = [
        Place(number, draw(st.integers(0, 3)), draw(st.sampled_from([10, 20])), draw(st.integers(0, 5)) == 0)
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    units = st.sampled_from([0, 1, 2, 3, 9])
    stock = {(product, place.warehouse_id): draw(units) for product in range(1, products + 1) for place in places}
    given = Costs(
        "EUR",
        {place.warehouse_id: draw(tariff) for place in places},
        weights={product: draw(st.sampled_from([0, 400, 999, 1000])) for product in range(1, products + 1)},
        days={place.warehouse_id: place.distance for place in places},
        due_days=draw(st.sampled_from([None, 0, 2])),
        late=draw(st.sampled_from([0, 400, 3000])),
        split=draw(st.sampled_from([0, 1500, 6000])),
    )
    return demand, stock, places, given


def wanted_of(demand):
    wanted = {}
    for one in demand:
        wanted[one.product_id] = wanted.get(one.product_id, 0) + one.quantity
    return wanted


def price(shares, places, given, fastest):
    """Reckon a way to serve a demand from scratch: `shares` is {(product, warehouse): units}."""
    used = sorted({warehouse for (_, warehouse), units in shares.items() if units})
    total = given.split * max(0, len(used) - 1)
    for place in places:
        if place.warehouse_id not in used:
            continue
        mine = {product: units for (product, warehouse), units in shares.items() if warehouse == place.warehouse_id}
        tariff = given.of(place.warehouse_id)
        grams = sum(units * given.weights[product] for product, units in mine.items())
        due = fastest if given.due_days is None else given.due_days
        total += tariff.base + tariff.per_kg * -(-grams // 1000) + tariff.parcel
        total += tariff.line * sum(1 for units in mine.values() if units) + tariff.unit * sum(mine.values())
        total += given.late * max(0, place.distance - due)
    return sum(place.last_resort for place in places if place.warehouse_id in used), total


def splits(need, shelves):
    """Yield every way to take so many units from these shelves."""
    if not shelves:
        if need == 0:
            yield ()
        return
    for units in range(min(need, shelves[0]) + 1):
        for rest in splits(need - units, shelves[1:]):
            yield (units, *rest)


def by_brute_force(demand, stock, places, given, *, halves):
    """Look at every way to serve; without `halves` of a product all places but one give what they have."""
    wanted = wanted_of(demand)
    ordinary = [place for place in places if not place.last_resort]
    held = lambda product, among: sum(stock[product, place.warehouse_id] for place in among)  # noqa: E731
    needs = {product: min(units, held(product, places)) for product, units in wanted.items()}
    if all(held(product, ordinary) >= need for product, need in needs.items()):
        places = ordinary
    able = [place for place in places if any(stock[product, place.warehouse_id] for product in wanted)]
    fastest = min((place.distance for place in able), default=0)
    ways = []
    for product, need in needs.items():
        shelves = [min(wanted[product], stock[product, place.warehouse_id]) for place in able]
        found = [
            way for way in splits(need, shelves)
            if halves or sum(0 < units < have for units, have in zip(way, shelves, strict=True)) <= 1
        ]  # fmt: skip
        ways.append([(product, way) for way in found])
    found = []
    for chosen in every(*ways):
        shares = {
            (product, place.warehouse_id): units
            for product, way in chosen
            for place, units in zip(able, way, strict=True)
        }
        found.append(price(shares, able, given, fastest))
    return min(found)


def outcome(demand, places, decision):
    products = {one.key: one.product_id for one in demand}
    used = {pick.warehouse_id for pick in decision.picks}
    total = int(Decimal(decision.cost["total"]) * 1000) if decision.cost else 0
    assert all(products[pick.key] for pick in decision.picks)
    return sum(place.last_resort for place in places if place.warehouse_id in used), total


@settings(max_examples=400, deadline=None)
@given(situations())
def test_no_way_to_share_the_units_out_is_cheaper(situation):
    demand, stock, places, given = situation

    decision = decide(demand, stock, places, given)

    assert decision.exact
    assert outcome(demand, places, decision) == by_brute_force(demand, stock, places, given, halves=True)


@settings(max_examples=300, deadline=None)
@given(situations(weighing))
def test_with_kilograms_no_way_is_cheaper_that_empties_no_two_shelves_by_halves(situation):
    demand, stock, places, given = situation

    decision = decide(demand, stock, places, given)

    assert decision.exact
    assert outcome(demand, places, decision) == by_brute_force(demand, stock, places, given, halves=False)


@settings(max_examples=200, deadline=None)
@given(situations(weighing))
def test_the_parts_add_up_to_what_the_picks_cost(situation):
    demand, stock, places, given = situation

    decision = decide(demand, stock, places, given)

    products = {one.key: one.product_id for one in demand}
    for one in demand:
        picked = sum(pick.quantity for pick in decision.picks if pick.key == one.key)
        assert picked + decision.short.get(one.key, 0) == one.quantity
    if decision.cost is None:
        assert decision.picks == []
        return
    taken = {}
    for pick in decision.picks:
        shelf = (products[pick.key], pick.warehouse_id)
        taken[shelf] = taken.get(shelf, 0) + pick.quantity
    assert all(units <= stock[shelf] for shelf, units in taken.items())
    parts = [Decimal(part) for parcel in decision.cost["parcels"].values() for part in parcel.values()]
    assert sum(parts) + Decimal(decision.cost["split"]) == Decimal(decision.cost["total"])
    assert set(decision.cost["parcels"]) == {str(pick.warehouse_id) for pick in decision.picks}


@settings(max_examples=100, deadline=None)
@given(situations(weighing), st.randoms())
def test_the_order_in_which_places_are_named_does_not_matter(situation, random):
    demand, stock, places, given = situation
    shuffled = random.sample(places, len(places))

    assert decide(demand, stock, places, given).picks == decide(demand, stock, shuffled, given).picks


def test_twenty_places_are_searched_to_the_end():
    places = [Place(number, distance=number % 5, priority=10) for number in range(20)]
    stock = {(product, number): 50 for product in range(10) for number in range(20)}
    tariffs = {number: Tariff(base=3000 + 37 * (number * 7 % 20), per_kg=300, unit=number % 3) for number in range(20)}
    given = Costs("EUR", tariffs, weights=dict.fromkeys(range(10), 350), split=2000)

    decision = decide([Demand(product, product, 6) for product in range(1, 5)], stock, places, given)

    assert decision.exact
    assert decision.short == {}


def test_more_places_than_can_be_searched_still_serve_everything():
    places = [Place(number, distance=number, priority=10) for number in range(40)]
    stock = {(MUG, number): 1 for number in range(40)} | {(TEA, 39): 5}
    given = Costs("EUR", {number: Tariff(base=1000 + number) for number in range(40)}, split=100)

    decision = decide([Demand(1, MUG, 30), Demand(2, TEA, 2)], stock, places, given)

    assert decision.short == {}
    assert not decision.exact


@pytest.mark.parametrize("most", [0, 1, 3, 40])
def test_the_search_gives_up_in_time_with_the_best_it_has(monkeypatch, most):
    monkeypatch.setattr(sourcing, "MAX_NODES", most)
    places = [Place(number, distance=number % 3, priority=10) for number in range(12)]
    stock = {(product, number): (product + number) % 3 for product in range(6) for number in range(12)}
    given = Costs(
        "EUR",
        {number: Tariff(base=100 * number, per_kg=10, unit=number) for number in range(12)},
        weights=dict.fromkeys(range(6), 300),
    )

    decision = decide([Demand(product, product, 4) for product in range(6)], stock, places, given)

    assert not decision.exact
    assert decision.short == {}
