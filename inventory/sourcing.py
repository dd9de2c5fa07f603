"""Which warehouse serves which units. Plain numbers in, a reasoned decision out; no database.

The decision is exact, by these rules in this order: a warehouse of last resort only where no other
set can do it, then the fewest parcels, then the nearest places, the preferred ones, the fullest ones.
Where costs are given, money decides after the last resort: see `inventory.costing`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from inventory.costing import Cheapest, Costs, Offer, ParcelCost, as_parts, money, parcel_cost
from inventory.fewest import Fewest
from inventory.kits import Parts, Stock, needs_of, take_from, with_kits

MAX_WAREHOUSES = 20
# The search ends here at the latest, with the best answer seen so far: a decision is made under row locks.
MAX_NODES = 20_000


@dataclass(frozen=True)
class Demand:
    """Units of one product wanted by one line, which the asker calls `key`; of a kit its `parts` are taken."""

    key: int
    product_id: int
    quantity: int
    may_backorder: bool = False
    parts: Parts = ()

    def __post_init__(self) -> None:
        """Refuse a demand for nothing."""
        if self.quantity <= 0:
            raise ValueError(f"A demand is for at least one unit, not {self.quantity}")


@dataclass(frozen=True)
class Place:
    """A warehouse as seen from the receiver; lower `distance` and lower `priority` come first.

    Where `favored` places can do all of it, the others do nothing. `cannot` are products it may not give.
    """

    warehouse_id: int
    distance: int
    priority: int
    last_resort: bool = False
    code: str = ""
    favored: bool = False
    cannot: frozenset[int] = frozenset()

    @property
    def label(self) -> str:
        """What people call it."""
        return self.code or str(self.warehouse_id)


@dataclass(frozen=True)
class Pick:
    """Units of one line to be taken from one warehouse."""

    key: int
    warehouse_id: int
    quantity: int


@dataclass(frozen=True)
class Decision:
    """Who serves what. `short` holds the units nobody has; `exact` is False where the search was cut off.

    `candidates` says of every place what it could give, and `cost` is in parts, where money decided.
    """

    picks: list[Pick]
    short: dict[int, int]
    reasons: list[dict[str, Any]] = field(default_factory=list)
    exact: bool = True
    candidates: list[dict[str, Any]] = field(default_factory=list)
    cost: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "picks": [[pick.key, pick.warehouse_id, pick.quantity] for pick in self.picks],
            "short": {str(key): quantity for key, quantity in self.short.items()},
            "reasons": self.reasons,
            "exact": self.exact,
            "candidates": self.candidates,
            **({"cost": self.cost} if self.cost is not None else {}),
        }


@dataclass(frozen=True)
class _Candidate:
    """A place with something of use: what it can give of each product, and how much it holds in all."""

    place: Place
    gives: tuple[int, ...]
    stock: int

    @property
    def preference(self) -> tuple[bool, int, int, int, int]:
        place = self.place
        return place.last_resort, place.distance, place.priority, -self.stock, place.warehouse_id

    @property
    def ties(self) -> tuple[int, int, int, int]:
        """What speaks against it, the gravest first."""
        place = self.place
        return int(place.last_resort), place.distance, place.priority, -self.stock


def decide(demand: Sequence[Demand], stock: Stock, places: Iterable[Place], costs: Costs | None = None) -> Decision:
    """Choose the warehouses that serve a demand, and what each of them gives.

    `stock` says how many units of (product, warehouse) are free. What all places together do not
    have is `short`; the rest is served in full. Lines that may not wait come before those that may.
    Of a kit the stock of its parts counts, and each unit comes whole from one place.
    """
    places = list(places)
    if not any(one.parts for one in demand):
        return _decide(demand, stock, places, costs)
    # At first as if nobody wanted the parts of anybody else: that is the best answer wherever it can be done.
    best = _decide(demand, with_kits(stock, demand), places, costs)
    if _is_there(demand, best.picks, stock):
        return best
    given = _one_by_one(demand, stock, places, costs)
    return replace(_decide(demand, given, places, costs), exact=False, candidates=best.candidates)


def _is_there(demand: Sequence[Demand], picks: Iterable[Pick], stock: Stock) -> bool:
    """Whether the shelves have all that is picked, where lines share products."""
    left, lines = dict(stock), {one.key: one for one in demand}
    for pick in picks:
        take_from(left, lines[pick.key], pick.warehouse_id, pick.quantity)
    return all(
        left.get((product, pick.warehouse_id), 0) >= 0 for pick in picks for product, _ in needs_of(lines[pick.key])
    )


def _one_by_one(
    demand: Sequence[Demand], stock: Stock, places: Sequence[Place], costs: Costs | None
) -> dict[tuple[int, int], int]:
    """Give lines that want the same units theirs one after the other, kits first: they find fewer places.

    Returns what is then there for each of them, per (product, warehouse).
    """
    left, given = dict(stock), defaultdict[tuple[int, int], int](int)
    for one in sorted(demand, key=lambda line: (line.may_backorder, not line.parts)):
        for pick in _decide([one], with_kits(left, [one]), places, costs).picks:
            take_from(left, one, pick.warehouse_id, pick.quantity)
            given[one.product_id, pick.warehouse_id] += pick.quantity
    return given


def _decide(demand: Sequence[Demand], stock: Stock, places: Sequence[Place], costs: Costs | None) -> Decision:
    if barred := {(product, place.warehouse_id) for place in places for product in place.cannot}:
        stock = {shelf: units for shelf, units in stock.items() if shelf not in barred}
    wanted: dict[int, int] = {}
    for one in demand:
        wanted[one.product_id] = wanted.get(one.product_id, 0) + one.quantity
    candidates = _candidates(wanted, stock, places)
    needs = _coverable(wanted, candidates)
    usable = _favored(_without_last_resort(candidates, needs), needs)
    if costs is not None and any(needs):
        return _decide_by_cost(demand, stock, places, usable, needs, wanted, costs)
    chosen, exact = _choose(usable, needs)
    picks, short = _share_out(demand, stock, [usable[index].place for index in chosen])
    known = [{"at": place.label, "gives": _given(place, stock, wanted)} for place in places]
    return Decision(picks, short, _reasons(usable, chosen, short), exact, known)


def _given(place: Place, stock: Stock, wanted: Mapping[int, int]) -> int:
    """Return how many of the wanted units a place has."""
    return sum(min(want, max(0, stock.get((product, place.warehouse_id), 0))) for product, want in wanted.items())


def _decide_by_cost(
    demand: Sequence[Demand],
    stock: Stock,
    places: Sequence[Place],
    usable: Sequence[_Candidate],
    needs: Sequence[int],
    wanted: Mapping[int, int],
    costs: Costs,
) -> Decision:
    """Choose what costs least, and say what every other place would have cost."""
    grams = [costs.weights.get(product, 0) for product in wanted]
    late = costs.days_late([one.place.warehouse_id for one in usable])
    offers = [_offer(one, late[one.place.warehouse_id], costs) for one in usable]
    pool, first = _pool(offers, _greedy(usable, needs))
    search = Cheapest(
        [offers[index] for index in pool], needs, grams, split=costs.split, first=first, most_nodes=MAX_NODES
    )
    given: dict[tuple[int, int], int] = {}
    for product, share in zip(wanted, search.best, strict=True):
        for index, units in share:
            given[product, usable[pool[index]].place.warehouse_id] = units
    used = {warehouse for _, warehouse in given}
    taken = [one.place for one in usable if one.place.warehouse_id in used]
    picks, short = _share_out(demand, given, taken)
    parcels = {}
    for place in taken:
        units_of = [given.get((product, place.warehouse_id), 0) for product in wanted]
        parcels[place.label] = _cost_of(place, units_of, grams, late[place.warehouse_id], costs)
    known = []
    for place in places:
        one: dict[str, Any] = {"at": place.label, "gives": _given(place, stock, wanted)}
        held = next((can for can in usable if can.place.warehouse_id == place.warehouse_id), None)
        if held is not None and list(held.gives) == list(needs):
            alone = _cost_of(place, held.gives, grams, late[place.warehouse_id], costs)
            one |= {"alone": money(alone.total)}
        known.append(one)
    return Decision(
        picks,
        short,
        _reasons_of_cost(taken, known, short),
        search.complete and len(pool) == len(usable),
        known,
        as_parts(parcels, split=costs.split, currency=costs.currency),
    )


def _offer(one: _Candidate, days_late: int, costs: Costs) -> Offer:
    tariff = costs.of(one.place.warehouse_id)
    return Offer(
        one.gives,
        one.ties,
        fixed=tariff.base + tariff.parcel + days_late * costs.late,
        per_kg=tariff.per_kg,
        line=tariff.line,
        unit=tariff.unit,
    )


def _cost_of(place: Place, units: Sequence[int], grams: Sequence[int], days_late: int, costs: Costs) -> ParcelCost:
    return parcel_cost(
        costs.of(place.warehouse_id),
        grams=sum(count * weight for count, weight in zip(units, grams, strict=True)),
        products=sum(1 for count in units if count),
        units=sum(units),
        late=days_late * costs.late,
    )


def _pool(offers: Sequence[Offer], greedy: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the places that are looked at, the cheapest beside those that can do it, and the latter among them."""
    if len(offers) > MAX_WAREHOUSES:
        others = sorted((one.fixed, index) for index, one in enumerate(offers) if index not in greedy)
        pool = sorted([*greedy, *(index for _, index in others[: max(0, MAX_WAREHOUSES - len(greedy))])])
    else:
        pool = list(range(len(offers)))
    return pool, [pool.index(index) for index in greedy]


def _candidates(wanted: Mapping[int, int], stock: Stock, places: Iterable[Place]) -> list[_Candidate]:
    found: dict[int, _Candidate] = {}
    for place in places:
        held = [max(0, stock.get((product, place.warehouse_id), 0)) for product in wanted]
        gives = tuple(min(have, want) for have, want in zip(held, wanted.values(), strict=True))
        candidate = _Candidate(place, gives, sum(held))
        known = found.get(place.warehouse_id)
        if any(gives) and (known is None or candidate.preference < known.preference):
            found[place.warehouse_id] = candidate
    return sorted(found.values(), key=lambda candidate: candidate.preference)


def _coverable(wanted: Mapping[int, int], candidates: Sequence[_Candidate]) -> list[int]:
    return [
        min(want, sum(candidate.gives[index] for candidate in candidates))
        for index, want in enumerate(wanted.values())
    ]


def _without_last_resort(candidates: list[_Candidate], needs: list[int]) -> list[_Candidate]:
    """Leave out the places of last resort where the others can do it, be it with more parcels."""
    ordinary = [candidate for candidate in candidates if not candidate.place.last_resort]
    enough = all(sum(candidate.gives[index] for candidate in ordinary) >= need for index, need in enumerate(needs))
    return ordinary if enough else candidates


def _favored(candidates: list[_Candidate], needs: list[int]) -> list[_Candidate]:
    """Keep to the places somebody favors, where they can do all of it."""
    favored = [candidate for candidate in candidates if candidate.place.favored]
    enough = all(sum(candidate.gives[index] for candidate in favored) >= need for index, need in enumerate(needs))
    return favored if favored and enough else candidates


def _choose(candidates: list[_Candidate], needs: list[int]) -> tuple[list[int], bool]:
    """Return the indices of the best set that covers the needs, and whether it is proven best."""
    if not any(needs):
        return [], True
    greedy = _greedy(candidates, needs)
    pool = list(range(len(candidates)))
    if len(pool) > MAX_WAREHOUSES:
        if len(greedy) >= MAX_WAREHOUSES:
            return greedy, False
        others = [index for index in pool if index not in greedy]
        pool = sorted([*greedy, *others[: MAX_WAREHOUSES - len(greedy)]])
    offers = [Offer(candidates[index].gives, candidates[index].ties) for index in pool]
    search = Fewest(offers, needs, first=[pool.index(index) for index in greedy], most_nodes=MAX_NODES)
    return [pool[index] for index in search.best], search.complete and len(pool) == len(candidates)


def _greedy(candidates: Sequence[_Candidate], needs: Sequence[int]) -> list[int]:
    """Take the place that gives most of what is still missing, again and again: a first answer, not the best."""
    missing = list(needs)
    chosen: list[int] = []
    while any(missing):
        left = [index for index in range(len(candidates)) if index not in chosen]
        best = max(left, key=lambda index: (_useful(candidates[index].gives, missing), -index))
        chosen.append(best)
        missing = _after(missing, candidates[best].gives)
    return sorted(chosen)


def _useful(gives: Sequence[int], missing: Sequence[int]) -> int:
    return sum(min(have, need) for have, need in zip(gives, missing, strict=True))


def _after(missing: Sequence[int], gives: Sequence[int]) -> list[int]:
    return [max(0, need - have) for need, have in zip(missing, gives, strict=True)]


def _share_out(demand: Sequence[Demand], stock: Stock, chosen: Sequence[Place]) -> tuple[list[Pick], dict[int, int]]:
    """Give every line its units, from the most preferred of the chosen places first."""
    left = {
        (one.product_id, place.warehouse_id): max(0, stock.get((one.product_id, place.warehouse_id), 0))
        for one in demand
        for place in chosen
    }
    picks: list[Pick] = []
    short: dict[int, int] = {}
    for one in sorted(demand, key=lambda line: line.may_backorder):
        missing = one.quantity
        for place in chosen:
            shelf = (one.product_id, place.warehouse_id)
            if taken := min(missing, left[shelf]):
                picks.append(Pick(one.key, place.warehouse_id, taken))
                left[shelf] -= taken
                missing -= taken
        if missing:
            short[one.key] = short.get(one.key, 0) + missing
    return picks, short


def _reasons(usable: Sequence[_Candidate], chosen: Sequence[int], short: Mapping[int, int]) -> list[dict[str, Any]]:
    """Say which rules spoke, as data: whoever shows it puts it into words."""
    reasons: list[dict[str, Any]] = []
    taken = [usable[index].place for index in chosen]
    if taken:
        reasons.append({"rule": "fewest_parcels", "parcels": len(taken), "warehouses": [one.label for one in taken]})
    if len(usable) > len(taken) > 0:
        passed_over = [one.place.label for index, one in enumerate(usable) if index not in chosen]
        reasons.append(
            {"rule": "nearest", "distances": {one.label: one.distance for one in taken}, "passed_over": passed_over}
        )
    if last := [one.label for one in taken if one.last_resort]:
        reasons.append({"rule": "last_resort", "warehouses": last})
    if short:
        reasons.append({"rule": "short", "units": sum(short.values())})
    return reasons


def _reasons_of_cost(
    taken: Sequence[Place], known: Sequence[Mapping[str, Any]], short: Mapping[int, int]
) -> list[dict[str, Any]]:
    """Say what decided, as data."""
    labels = [place.label for place in taken]
    reasons: list[dict[str, Any]] = [{"rule": "cheapest", "warehouses": labels}]
    if last := [place.label for place in taken if place.last_resort]:
        reasons.append({"rule": "last_resort", "warehouses": last})
    others = [one for one in known if "alone" in one and [one["at"]] != labels]
    if others:
        best = min(others, key=lambda one: Decimal(one["alone"]))
        reasons[0] |= {"instead_of": best["at"], "for": best["alone"]}
    if short:
        reasons.append({"rule": "short", "units": sum(short.values())})
    return reasons
