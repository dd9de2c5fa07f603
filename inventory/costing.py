"""What it costs to serve a demand from some warehouses, and the cheapest way to do it. Plain numbers, no database.

Amounts are thousandths of one currency. Of a product each place gives all it has and one gives the rest, so
nobody empties two shelves by halves; among all such ways the search finds the cheapest, and says if it gave up.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import Any, NamedTuple

GRAMS = 1000
NOWHERE = 1 << 62

Share = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Tariff:
    """What a parcel from one warehouse costs: on its way, and in the hands that pack it."""

    base: int = 0
    per_kg: int = 0
    parcel: int = 0
    line: int = 0
    unit: int = 0


@dataclass(frozen=True)
class Costs:
    """What a decision is reckoned with.

    `days` are those on the way per warehouse; a parcel that takes longer than `due_days` (or, without them, than the
    fastest place that has something) costs `late` per day. `split` is paid for each parcel after the first.
    """

    currency: str
    tariffs: Mapping[int, Tariff]
    weights: Mapping[int, int] = field(default_factory=dict)
    days: Mapping[int, int] = field(default_factory=dict)
    due_days: int | None = None
    late: int = 0
    split: int = 0

    def of(self, warehouse_id: int) -> Tariff:
        """Return the tariff of a warehouse; one that nobody entered costs nothing."""
        return self.tariffs.get(warehouse_id, FREE)

    def days_late(self, warehouse_ids: Sequence[int]) -> dict[int, int]:
        """Return by how many days a parcel from each of these places is late."""
        taken = {one: self.days.get(one, 0) for one in warehouse_ids}
        due = min(taken.values(), default=0) if self.due_days is None else self.due_days
        return {one: max(0, days - due) for one, days in taken.items()}


@dataclass(frozen=True)
class ParcelCost:
    """The parts of the cost of one parcel."""

    shipping: int
    handling: int
    late: int

    @property
    def total(self) -> int:
        """Return the sum of the parts."""
        return self.shipping + self.handling + self.late


FREE = Tariff()


def parcel_cost(tariff: Tariff, *, grams: int, products: int, units: int, late: int) -> ParcelCost:
    """Return what one parcel costs; `late` is the amount for its days of lateness."""
    return ParcelCost(
        shipping=tariff.base + tariff.per_kg * kilograms(grams),
        handling=tariff.parcel + tariff.line * products + tariff.unit * units,
        late=late,
    )


def kilograms(grams: int) -> int:
    """Return the kilograms begun."""
    return -(-grams // GRAMS)


def money(thousandths: int) -> str:
    """Write an amount with its three decimals."""
    return f"{Decimal(thousandths).scaleb(-3):.3f}"


def as_parts(parcels: Mapping[str, ParcelCost], *, split: int, currency: str) -> dict[str, Any]:
    """Return the stored form: every part, and the total they add up to."""
    apart = split * max(0, len(parcels) - 1)
    return {
        "currency": currency,
        "total": money(sum(one.total for one in parcels.values()) + apart),
        "split": money(apart),
        "parcels": {
            code: {"shipping": money(one.shipping), "handling": money(one.handling), "late": money(one.late)}
            for code, one in parcels.items()
        },
    }


class Offer(NamedTuple):
    """What one place gives of each product, and what it asks for: at all, per kilogram begun, per product, per unit.

    `ties` decides between equals, the lower first: last resort, distance, priority, stock.
    """

    gives: tuple[int, ...]
    ties: tuple[int, int, int, int]
    fixed: int = 0
    per_kg: int = 0
    line: int = 0
    unit: int = 0

    def whole(self, product: int, need: int) -> int:
        """Return what all that is needed of a product costs here, more cheaply than any part of it; no kilograms."""
        if not need:
            return 0
        return self.line + self.unit * need if self.gives[product] else NOWHERE


Cost = tuple[int, int, int, int, int, int, tuple[int, ...]]


class Cheapest:
    """Branch and bound over sets of places and what each of them gives.

    A bound is a cost that no completion can undercut, part by part, so comparing it as a whole is safe: last resorts,
    money, parcels, distance, priority, stock, and the order in which the places were named.
    """

    def __init__(
        self,
        offers: Sequence[Offer],
        needs: Sequence[int],
        grams: Sequence[int],
        *,
        split: int,
        first: Sequence[int],
        most_nodes: int,
    ) -> None:
        self.offers, self.needs, self.grams, self.split = offers, needs, grams, split
        self.size, self.products = len(offers), len(needs)
        self.nodes, self.most_nodes, self.complete = 0, most_nodes, True
        self.kilograms = kilograms(sum(need * weight for need, weight in zip(needs, grams, strict=True)))
        self._prepare_bounds()
        self.best_cost: Cost | None = None
        self.best: list[Share] = []
        for chosen in [tuple(first), *self._alone()]:
            self._try(chosen)
        self._visit(0, (), (NOWHERE,) * self.products, list(needs))

    def _alone(self) -> list[tuple[int, ...]]:
        """Return the places that can do it alone."""
        return [(index,) for index, one in enumerate(self.offers) if one.gives == tuple(self.needs)]

    def _prepare_bounds(self) -> None:
        """For every rest of the list: the most that n places give, and the least that n places cost."""
        rests = [self.offers[start:] for start in range(self.size + 1)]
        self.most = [
            [[0, *accumulate(sorted((one.gives[product] for one in rest), reverse=True))] for rest in rests]
            for product in range(self.products)
        ]
        self.fixed = [[0, *accumulate(sorted(one.fixed for one in rest))] for rest in rests]
        self.per_kg = [min((one.per_kg for one in rest), default=NOWHERE) for rest in rests]
        self.whole = [
            [
                min((one.whole(product, need) for one in rest), default=NOWHERE)
                for product, need in enumerate(self.needs)
            ]
            for rest in rests
        ]
        self.ties = [[[0, *accumulate(sorted(one.ties[part] for one in rest))] for rest in rests] for part in range(4)]

    def _count(self) -> bool:
        """Count a step; say whether there may be more."""
        if self.nodes >= self.most_nodes:
            self.complete = False
            return False
        self.nodes += 1
        return True

    def _visit(self, start: int, chosen: tuple[int, ...], whole: tuple[int, ...], missing: list[int]) -> None:
        if not self._count():
            return
        more = places_needed(self.most, start, missing)
        if more is None or (self.best_cost is not None and self._bound(start, chosen, whole, more) >= self.best_cost):
            return
        if start == self.size:
            return
        one = self.offers[start]
        taken = (*chosen, start)
        left = [max(0, need - have) for need, have in zip(missing, one.gives, strict=True)]
        cheaper = tuple(min(known, one.whole(product, self.needs[product])) for product, known in enumerate(whole))
        if not any(left) and not self._is_beaten(taken, cheaper):
            self._try(taken)
        self._visit(start + 1, taken, cheaper, left)
        self._visit(start + 1, chosen, whole, missing)

    def _bound(self, start: int, chosen: tuple[int, ...], whole: tuple[int, ...], more: int) -> Cost:
        taken = [self.offers[index] for index in chosen]
        parcels = len(chosen) + more
        per_kg = min([self.per_kg[start], *(one.per_kg for one in taken)])
        spent = (
            sum(one.fixed for one in taken)
            + self.fixed[start][more]
            + self.split * max(0, parcels - 1)
            + sum(min(known, rest) for known, rest in zip(whole, self.whole[start], strict=True))
            + (per_kg * self.kilograms if self.kilograms else 0)
        )
        # What decides between equals holds for exactly so many parcels; with more of them they are no equals.
        last, far, rank, stock = (sum(one.ties[part] for one in taken) for part in range(4))
        return (
            last,
            spent,
            parcels,
            far + self.ties[1][start][more],
            rank + self.ties[2][start][more],
            stock + self.ties[3][start][more],
            chosen,
        )

    def _is_beaten(self, chosen: tuple[int, ...], whole: tuple[int, ...]) -> bool:
        """Whether these places cost more than the best known, however they share the demand out."""
        taken = [self.offers[index] for index in chosen]
        least = sum(one.fixed for one in taken) + self.split * (len(taken) - 1) + sum(whole)
        if self.kilograms:
            least += self.kilograms * min(one.per_kg for one in taken)
        return self.best_cost is not None and (sum(one.ties[0] for one in taken), least) > self.best_cost[:2]

    def _try(self, chosen: tuple[int, ...]) -> None:
        """Share the demand out among these places as cheaply as can be, and keep it if nothing was better."""
        shares, variable = self._share(chosen)
        taken = [self.offers[index] for index in chosen]
        last, far, rank, stock = (sum(one.ties[part] for one in taken) for part in range(4))
        spent = sum(one.fixed for one in taken) + self.split * max(0, len(taken) - 1) + variable
        cost: Cost = (last, spent, len(taken), far, rank, stock, chosen)
        if self.best_cost is None or cost < self.best_cost:
            self.best, self.best_cost = shares, cost

    def _share(self, chosen: tuple[int, ...]) -> tuple[list[Share], int]:
        """Return what each place gives of each product, and what that costs beside the parcels themselves."""
        ways = [
            sorted(((self._apart(way), way) for way in self._ways(product, chosen)), key=lambda one: one[0])
            for product in range(self.products)
        ]
        cheapest = [options[0][1] for options in ways]
        cost = sum(options[0][0] for options in ways) + self._by_weight(cheapest)
        if len(chosen) > 1 and self.kilograms and any(self.offers[index].per_kg for index in chosen):
            least = _sums([(0, options[0][0]) for options in ways])
            return _Weighing(
                self, ways, least, min(self.offers[index].per_kg for index in chosen), cheapest, cost
            ).best
        return cheapest, cost

    def _apart(self, way: Share) -> int:
        """Return what a product costs on its own, without its weight."""
        return sum(self.offers[index].line + self.offers[index].unit * units for index, units in way)

    def _by_weight(self, shares: Sequence[Share]) -> int:
        grams: dict[int, int] = {}
        for weight, share in zip(self.grams, shares, strict=True):
            for index, units in share:
                grams[index] = grams.get(index, 0) + units * weight
        return sum(self.offers[index].per_kg * kilograms(weight) for index, weight in grams.items())

    def _ways(self, product: int, chosen: tuple[int, ...]) -> Iterator[Share]:
        """Yield how these places can give what is needed of a product: all they have, and one of them the rest."""
        need = self.needs[product]
        held = [(index, self.offers[index].gives[product]) for index in chosen if self.offers[index].gives[product]]
        if not need:
            yield ()
            return
        yield _in_turn(held, need)
        if len(held) == 1 or sum(have for _, have in held) == need:
            return
        for rest, most in held:
            others = [one for one in held if one[0] != rest]
            yield from self._with_rest(rest, most, others, _sums(others), 0, need, ())

    def _with_rest(
        self,
        rest: int,
        most: int,
        others: Sequence[tuple[int, int]],
        room: Sequence[int],
        start: int,
        left: int,
        full: Share,
    ) -> Iterator[Share]:
        """Yield the ways in which one place gives what the others, who give all they have, leave over."""
        if left <= 0 or left - room[start] > most or not self._count():
            return
        if start == len(others):
            yield tuple(sorted((*full, (rest, left))))
            return
        index, have = others[start]
        yield from self._with_rest(rest, most, others, room, start + 1, left - have, (*full, (index, have)))
        yield from self._with_rest(rest, most, others, room, start + 1, left, full)


def places_needed(most: Sequence[Sequence[Sequence[int]]], start: int, missing: Sequence[int]) -> int | None:
    """Return how many more places it takes at least, or None where all that are left are not enough.

    `most` says by product, for every rest of the list, how much so many places give at most.
    """
    needed = 0
    for product, need in enumerate(missing):
        if need:
            given = most[product][start]
            if given[-1] < need:
                return None
            needed = max(needed, bisect_left(given, need))
    return needed


class _Weighing:
    """Kilograms begun tie the products together: look through the ways of all of them, the cheapest first."""

    def __init__(
        self,
        search: Cheapest,
        ways: Sequence[Sequence[tuple[int, Share]]],
        least: Sequence[int],
        per_kg: int,
        first: list[Share],
        cost: int,
    ) -> None:
        self.search, self.ways, self.least, self.per_kg = search, ways, least, per_kg
        self.best = (first, cost)
        weights = [need * grams for need, grams in zip(search.needs, search.grams, strict=True)]
        self.rest = _sums([(0, weight) for weight in weights])
        self._visit(0, [], {}, 0)

    def _visit(self, product: int, shares: list[Share], grams: dict[int, int], apart: int) -> None:
        begun = {index: kilograms(weight) for index, weight in grams.items()}
        weighed = sum(self.search.offers[index].per_kg * count for index, count in begun.items())
        slack = sum(count * GRAMS - grams[index] for index, count in begun.items())
        least = apart + self.least[product] + weighed + self.per_kg * kilograms(max(0, self.rest[product] - slack))
        if least >= self.best[1]:
            return
        if product == len(self.ways):
            self.best = (list(shares), apart + weighed)
            return
        for cost, way in self.ways[product]:
            if not self.search._count():
                return
            heavier = dict(grams)
            for index, units in way:
                heavier[index] = heavier.get(index, 0) + units * self.search.grams[product]
            self._visit(product + 1, [*shares, way], heavier, apart + cost)


def _in_turn(held: Sequence[tuple[int, int]], need: int) -> Share:
    """Let each place give all it has, until there is enough."""
    found = []
    for index, have in held:
        if units := min(have, need):
            found.append((index, units))
            need -= units
    return tuple(found)


def _sums(held: Sequence[tuple[int, int]]) -> list[int]:
    """Return for every rest of the list what it holds."""
    return [*accumulate((have for _, have in reversed(held)), initial=0)][::-1]
