"""What can still be promised of products, and when: their shelves, what is on its way, and who waits before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Case, DateField, IntegerField, Q, Sum, Value, When
from django.db.models.functions import Cast

from inventory import selectors as stock
from inventory.atp import Outlook
from orders.models import OrderLine
from orders.selectors import in_line

# Not the keys of warehouses: those who wait, before and after who asks.
AHEAD, BEHIND = 0, -1
# More than anybody orders.
MANY = 1_000_000_000


@dataclass
class Figures:
    """One product: what is free per warehouse (below zero where safety stock is missing), what comes, who waits."""

    free: dict[int, int] = field(default_factory=dict)
    supply: list[tuple[date, int, int]] = field(default_factory=list)
    ahead: int = 0
    behind: int = 0

    @property
    def waiting(self) -> int:
        """Units for which somebody waits, whoever it is."""
        return self.ahead + self.behind

    @property
    def shelves(self) -> dict[int, int]:
        """What new demand may take now, per warehouse."""
        return {place: max(0, units) for place, units in self.free.items()}

    def shelf_and_supply(self) -> Outlook:
        """Look ahead as whoever is served first does."""
        return Outlook(self.free, self.supply)

    def outlook(self, *, taken: Mapping[int, int] | None = None) -> Outlook:
        """Look ahead, after units were `taken` from warehouses."""
        gone = taken or {}
        free = {place: units - gone.get(place, 0) for place, units in self.free.items()}
        return Outlook(free, self.supply, ahead=self.ahead)


@dataclass(frozen=True)
class Demanding:
    """Who asks: a lower rank is served first, of the same rank who was here before. Without a rank it comes last."""

    rank: int | None = None
    order_id: int | None = None

    def before(self) -> Q:
        """Return the condition of the lines of those who are served first."""
        if self.rank is None:
            return Q(backordered__gt=0)
        lower = Q(order__rank__lt=self.rank)
        if self.order_id is None:
            return lower | Q(order__rank=self.rank)
        return lower | Q(order__rank=self.rank, order__lt=self.order_id)


LAST = Demanding()


def figures(product_ids: Iterable[int], demand: Demanding = LAST) -> dict[int, Figures]:
    """Return the figures of products, as seen by who asks, in one statement."""
    wanted = set(product_ids)
    found = {product: Figures() for product in wanted}
    if not wanted:
        return found
    waiting = in_line().filter(product__in=wanted)
    place = Case(When(demand.before(), then=Value(AHEAD)), default=Value(BEHIND), output_field=IntegerField())
    queue = (
        waiting.order_by()
        .values("product_id")
        .annotate(place=place, day=Cast(Value(None), DateField()), units=Sum("backordered"))
    )
    shelves, *coming = stock.supply_rows(wanted)
    rows = shelves.union(*coming, queue.values_list("product_id", "place", "day", "units"), all=True)
    for product, place_id, day, units in rows:
        one = found[product]
        if place_id == AHEAD:
            one.ahead += units
        elif place_id == BEHIND:
            one.behind += units
        elif day is None:
            one.free[place_id] = units
        else:
            one.supply.append((day, place_id, units))
    return found


def room(limit: int | None, waiting: int) -> int:
    """Return how many units more may wait for a product."""
    return MANY if limit is None else max(0, limit - waiting)


def missing_units(lines: Iterable[OrderLine], short: Mapping[int, int]) -> dict[int, int]:
    """Return what is missing per product, from what is short per position."""
    missing: dict[int, int] = defaultdict(int)
    for line in lines:
        if units := short.get(line.position, 0):
            missing[line.product_id] += units
    return dict(missing)
