"""What can still be promised of products, and when: their shelves, what is on its way, and who waits before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import DateField, IntegerField, Q, Sum, Value
from django.db.models.functions import Cast

from inventory import selectors as stock
from inventory.atp import Outlook
from orders.models import OrderLine
from orders.selectors import LIVE


@dataclass
class Figures:
    """One product: what is free per warehouse (below zero where safety stock is missing), what comes, who waits."""

    free: dict[int, int] = field(default_factory=dict)
    supply: list[tuple[date, int, int]] = field(default_factory=list)
    ahead: int = 0

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
            return Q()
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
    waiting = OrderLine.objects.filter(demand.before(), product__in=wanted, backordered__gt=0, order__status__in=LIVE)
    nobody, no_day = Value(0, output_field=IntegerField()), Cast(Value(None), DateField())
    queue = waiting.order_by().values("product_id").annotate(place=nobody, day=no_day, units=Sum("backordered"))
    shelves, *coming = stock.supply_rows(wanted)
    rows = shelves.union(*coming, queue.values_list("product_id", "place", "day", "units"), all=True)
    for product, place, day, units in rows:
        one = found[product]
        if not place:
            one.ahead += units
        elif day is None:
            one.free[place] = units
        else:
            one.supply.append((day, place, units))
    return found


def missing_units(lines: Iterable[OrderLine], short: Mapping[int, int]) -> dict[int, int]:
    """Return what is missing per product, from what is short per position."""
    missing: dict[int, int] = defaultdict(int)
    for line in lines:
        if units := short.get(line.position, 0):
            missing[line.product_id] += units
    return dict(missing)
