"""When to order again, and how many: plain arithmetic on demand per day and on how long a supplier takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from statistics import NormalDist, median, pstdev


@dataclass(frozen=True)
class Demand:
    """What left a shelf per day, on average, and how much the days differ."""

    daily: Decimal
    deviation: Decimal


@dataclass(frozen=True)
class LeadTime:
    """How many days a supplier takes, and how much his deliveries differ."""

    days: Decimal
    deviation: Decimal = Decimal(0)


@dataclass(frozen=True)
class Proposal:
    """What to keep back against surprises, and the position at which to order again."""

    safety_stock: int
    reorder_point: int


def demand_of(units: int, squares: int, *, days: int) -> Demand:
    """Return the demand of so many days from the sum of the units per day and the sum of their squares."""
    daily = Decimal(units) / days
    variance = max(Decimal(0), Decimal(squares) / days - daily * daily)
    return Demand(daily, variance.sqrt())


def lead_time_of(days: Sequence[int], *, usual: int) -> LeadTime:
    """Return how long deliveries took: the middle one, so that one that was forgotten moves nothing; else as usual."""
    if not days:
        return LeadTime(Decimal(usual))
    return LeadTime(Decimal(str(median(days))), Decimal(str(pstdev(days))))


def factor_for(service_level: Decimal) -> Decimal:
    """Return how many deviations of the normal distribution a service level stands for: 0.95 is 1.64."""
    return Decimal(str(NormalDist().inv_cdf(float(service_level)))).quantize(Decimal("0.0001"))


def propose(demand: Demand, lead_time: LeadTime, *, factor: Decimal) -> Proposal:
    """Propose safety stock = z · √(L·σd² + d²·σL²), and reorder point = d·L + safety stock.

    The formula is King's, “Crack the Code: Understanding safety stock and mastering its equations”, APICS Magazine,
    July/August 2011. Where deliveries take equally long (σL = 0) it is z · σd · √L. Both are rounded up.
    """
    variance = lead_time.days * demand.deviation**2 + demand.daily**2 * lead_time.deviation**2
    safety = factor * variance.sqrt()
    return Proposal(_up(safety), _up(demand.daily * lead_time.days + safety))


def suggested(*, reorder_point: int, position: int, daily: Decimal, cover_days: int) -> int:
    """Return how many to order: up to the reorder point, and what the days after it will need."""
    return max(0, reorder_point - position + _up(daily * cover_days))


def _up(units: Decimal) -> int:
    return int(units.quantize(Decimal("0.0001")).to_integral_value(rounding=ROUND_CEILING))
