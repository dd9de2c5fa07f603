"""What rules would have done with orders of the past: two sets of rules side by side. Plain figures, no database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Any

from inventory.costing import Costs, parcel_cost
from inventory.sourcing import Pick
from orders.calendar import arrival, is_working_day, working_days_after

# So many examples of orders that would come from elsewhere are told.
EXAMPLES = 12


@dataclass(frozen=True)
class Passed:
    """An order of the past, as far as it matters where it came from. `came_from` is what it took: units by shelf."""

    pk: int
    number: str
    placed_at: datetime
    shipped_at: datetime | None
    promised_on: date | None
    facts: Any
    demand: Sequence[Any]
    came_from: Mapping[tuple[int, int], int]
    weights: Mapping[int, int]

    @property
    def only_place(self) -> int | None:
        """Return the warehouse that all of it came from; None where there were several."""
        places = {place for _product, place in self.came_from}
        return places.pop() if len(places) == 1 else None


@dataclass
class Side:
    """What one set of rules would have done."""

    orders: int = 0
    parcels: int = 0
    split: int = 0
    late: int = 0
    missing: int = 0
    cost: Decimal = Decimal(0)
    load: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_day: dict[date, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def as_dict(self, *, has_costs: bool) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "orders": self.orders,
            "parcels": self.parcels,
            "split_orders": self.split,
            "late_orders": self.late,
            "orders_with_missing_units": self.missing,
            "cost": f"{self.cost:.2f}" if has_costs else None,
            "cost_per_order": f"{self.cost / self.orders:.2f}" if has_costs and self.orders else None,
            "parcels_by_warehouse": dict(sorted(self.load.items())),
        }


@dataclass(frozen=True)
class Outcome:
    """What one set of rules would have done with one order."""

    places: tuple[str, ...]
    cost: Decimal
    arrives_on: date | None
    is_late: bool


class Pace:
    """How many working days each warehouse really took, week by week: the middle of what left it alone."""

    def __init__(self, passed: Iterable[Passed]) -> None:
        seen: dict[tuple[int, tuple[int, int]], list[int]] = defaultdict(list)
        for one in passed:
            if one.shipped_at is not None and (place := one.only_place) is not None:
                days = working_days(one.placed_at.date(), one.shipped_at.date())
                seen[place, week_of(one.placed_at)].append(days)
        self._days = {where: median_low(days) for where, days in seen.items()}

    def days(self, place: int, at: datetime, usual: int) -> int:
        """Return the days a warehouse took in a week; where nothing left it then, what it usually takes."""
        return self._days.get((place, week_of(at)), usual)


def week_of(at: datetime) -> tuple[int, int]:
    """Return year and week of a moment."""
    return at.isocalendar()[:2]


def working_days(first: date, last: date) -> int:
    """Return the working days from one day to a later one."""
    return sum(is_working_day(first + timedelta(days=count)) for count in range(1, min((last - first).days, 90) + 1))


def judge(
    order: Passed,
    picks: Sequence[Pick],
    *,
    codes: Mapping[int, str],
    ways: Mapping[int, int],
    usual: int,
    pace: Pace,
    costs: Costs | None,
) -> Outcome:
    """Say what a decision would have cost and when the last parcel would have been there."""
    products = {one.key: one.product_id for one in order.demand}
    taken: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for pick in picks:
        taken[pick.warehouse_id][products[pick.key]] += pick.quantity
    spent, arrives = Decimal(0), None
    for place, units in taken.items():
        if costs is not None:
            spent += _paid(place, units, order.weights, costs)
        leaves = working_days_after(order.placed_at.date(), pace.days(place, order.placed_at, usual))
        there = arrival(leaves, ways[place])
        arrives = there if arrives is None else max(arrives, there)
    is_late = arrives is not None and order.promised_on is not None and arrives > order.promised_on
    return Outcome(tuple(sorted(codes[place] for place in taken)), spent, arrives, is_late)


def _paid(place: int, units: Mapping[int, int], weights: Mapping[int, int], costs: Costs) -> Decimal:
    """Return what is really paid for a parcel: its way and the hands; lateness is counted, not priced."""
    cost = parcel_cost(
        costs.of(place),
        grams=sum(count * weights.get(product, 0) for product, count in units.items()),
        products=len(units),
        units=sum(units.values()),
        late=0,
    )
    return Decimal(cost.total).scaleb(-3)


def add(side: Side, outcome: Outcome, *, short: int, at: datetime, ids: Mapping[str, int]) -> None:
    """Count an outcome."""
    side.orders += 1
    side.parcels += len(outcome.places)
    side.split += len(outcome.places) > 1
    side.late += outcome.is_late
    side.missing += short > 0
    side.cost += outcome.cost
    for code in outcome.places:
        side.load[code] += 1
        side.by_day[at.date()][ids[code]] += 1
