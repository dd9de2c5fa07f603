"""Which warehouse serves which units. Plain numbers in, a reasoned decision out; no database.

The decision is exact, by these rules in this order: a warehouse of last resort only where no other
set can do it, then the fewest parcels, then the nearest places, the preferred ones, the fullest ones.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

MAX_WAREHOUSES = 20
# The search ends here at the latest, with the best answer seen so far: a decision is made under row locks.
MAX_NODES = 20_000

Stock = Mapping[tuple[int, int], int]
Cost = tuple[int, int, int, int, int, tuple[int, ...]]


@dataclass(frozen=True)
class Demand:
    """Units of one product wanted by one line, which the asker calls `key`."""

    key: int
    product_id: int
    quantity: int
    may_backorder: bool = False

    def __post_init__(self) -> None:
        """Refuse a demand for nothing."""
        if self.quantity <= 0:
            raise ValueError(f"A demand is for at least one unit, not {self.quantity}")


@dataclass(frozen=True)
class Place:
    """A warehouse as seen from the receiver; lower `distance` and lower `priority` come first."""

    warehouse_id: int
    distance: int
    priority: int
    last_resort: bool = False
    code: str = ""

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
    """Who serves what. `short` holds the units nobody has; `exact` is False where the search was cut off."""

    picks: list[Pick]
    short: dict[int, int]
    reasons: list[dict[str, Any]] = field(default_factory=list)
    exact: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "picks": [[pick.key, pick.warehouse_id, pick.quantity] for pick in self.picks],
            "short": {str(key): quantity for key, quantity in self.short.items()},
            "reasons": self.reasons,
            "exact": self.exact,
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


def decide(demand: Sequence[Demand], stock: Stock, places: Iterable[Place]) -> Decision:
    """Choose the warehouses that serve a demand, and what each of them gives.

    `stock` says how many units of (product, warehouse) are free. What all places together do not
    have is `short`; the rest is served in full. Lines that may not wait come before those that may.
    """
    wanted: dict[int, int] = {}
    for one in demand:
        wanted[one.product_id] = wanted.get(one.product_id, 0) + one.quantity
    candidates = _candidates(wanted, stock, places)
    needs = _coverable(wanted, candidates)
    usable = _without_last_resort(candidates, needs)
    chosen, exact = _choose(usable, needs)
    picks, short = _share_out(demand, stock, [usable[index].place for index in chosen])
    return Decision(picks, short, _reasons(usable, chosen, short), exact)


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
    search = _Search([candidates[index] for index in pool], needs, [pool.index(index) for index in greedy])
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


class _Search:
    """Branch and bound over sets of candidates: take one or leave it, and turn back where no better end is left.

    A bound is a cost that no completion can undercut, part by part, so comparing it as a whole is safe.
    Every member of a set with the fewest parcels is needed, therefore costs simply add up.
    """

    def __init__(self, candidates: Sequence[_Candidate], needs: Sequence[int], first: Sequence[int]) -> None:
        self.candidates = candidates
        self.size = len(candidates)
        self.nodes = 0
        self.complete = True
        self._prepare_bounds(len(needs))
        self.best: tuple[int, ...] = tuple(first)
        self.best_cost = self._cost(self.best)
        self._visit(0, (), (0, 0, 0, 0), list(needs))

    def _prepare_bounds(self, products: int) -> None:
        """For every rest of the list: the most that n places give, and the least that n places cost."""
        rests = [self.candidates[start:] for start in range(self.size + 1)]
        self.most = [
            [[0, *accumulate(sorted((one.gives[product] for one in rest), reverse=True))] for rest in rests]
            for product in range(products)
        ]
        self.distance = [[0, *accumulate(sorted(one.place.distance for one in rest))] for rest in rests]
        self.priority = [[0, *accumulate(sorted(one.place.priority for one in rest))] for rest in rests]
        self.stock = [[0, *accumulate(sorted(-one.stock for one in rest))] for rest in rests]

    def _cost(self, chosen: tuple[int, ...]) -> Cost:
        taken = [self.candidates[index] for index in chosen]
        return (
            sum(one.place.last_resort for one in taken),
            len(taken),
            sum(one.place.distance for one in taken),
            sum(one.place.priority for one in taken),
            -sum(one.stock for one in taken),
            chosen,
        )

    def _visit(
        self, start: int, chosen: tuple[int, ...], spent: tuple[int, int, int, int], missing: list[int]
    ) -> None:
        if self.nodes >= MAX_NODES:
            self.complete = False
            return
        self.nodes += 1
        more = self._places_needed(start, missing)
        if more is None:
            return
        last_resort, distance, priority, stock = spent
        bound = (
            last_resort,
            len(chosen) + more,
            distance + self.distance[start][more],
            priority + self.priority[start][more],
            stock + self.stock[start][more],
            chosen,
        )
        if bound >= self.best_cost:
            return
        if not more:
            self.best, self.best_cost = chosen, bound
            return
        one = self.candidates[start]
        if _useful(one.gives, missing):
            place = one.place
            paid = (
                last_resort + place.last_resort,
                distance + place.distance,
                priority + place.priority,
                stock - one.stock,
            )
            self._visit(start + 1, (*chosen, start), paid, _after(missing, one.gives))
        self._visit(start + 1, chosen, spent, missing)

    def _places_needed(self, start: int, missing: list[int]) -> int | None:
        """Return how many more places it takes at least, or None where all that are left are not enough."""
        needed = 0
        for product, need in enumerate(missing):
            if need:
                most = self.most[product][start]
                if most[-1] < need:
                    return None
                needed = max(needed, bisect_left(most, need))
        return needed


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
