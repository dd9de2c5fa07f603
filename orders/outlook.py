"""What can still be promised of products, and when: their shelves, what is on its way, and who waits before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Case, ExpressionWrapper, F, IntegerField, Q, Sum, Value, When
from django.utils import timezone

from inventory import selectors as stock
from inventory.atp import Outlook
from orders.lending import Lot, lend
from orders.models import OrderLine
from orders.selectors import SAFE_ON, TIED, in_line, lendable

# Not the keys of warehouses: those who wait, before and after who asks, and those who lent what they had.
AHEAD, BEHIND, LENT = 0, -1, -2
# What may be lent, by warehouse: its key below this.
LENDABLE = -10
# More than anybody orders.
MANY = 1_000_000_000


@dataclass
class Figures:
    """One product: what is free per warehouse (below zero where safety stock is missing), what comes, who waits.

    `lent` are units that are wanted back before a day; they stand in front of everybody. `lendable` may be lent.
    """

    free: dict[int, int] = field(default_factory=dict)
    supply: list[tuple[date, int, int]] = field(default_factory=list)
    ahead: int = 0
    behind: int = 0
    lent: list[tuple[date, int]] = field(default_factory=list)
    lendable: list[Lot] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Units for which somebody waits, whoever it is."""
        return self.ahead + self.behind

    @property
    def in_front(self) -> int:
        """Units that others get before who asks: who waits in front, and who lent what they had."""
        return self.ahead + sum(units for _until, units in self.lent)

    def may_lend(self, lots: Sequence[Lot], *, in_order: bool = False) -> list[tuple[Lot, int]]:
        """Return what of lots may be lent to who asks; nothing while somebody waits in front."""
        if not lots or self.ahead:
            return []
        stages = self.shelf_and_supply().stages
        today = timezone.localdate()
        return lend(lots, stages, claimed=self.in_front, today=today, in_order=in_order)

    def borrowable(self) -> dict[int, int]:
        """Return what can be had now, per warehouse, from orders that want it later and get it back in time."""
        found: dict[int, int] = defaultdict(int)
        for lot, units in self.may_lend(self.lendable):
            found[lot.warehouse_id] += units
        return dict(found)

    @property
    def shelves(self) -> dict[int, int]:
        """What new demand may take now, per warehouse."""
        return {place: max(0, units) for place, units in self.free.items()}

    def shelf_and_supply(self) -> Outlook:
        """Look ahead as whoever is served first does."""
        return Outlook(self.free, self.supply)

    def outlook(self, *, taken: Mapping[int, int] | None = None, borrowed: int = 0) -> Outlook:
        """Look ahead, after units were `taken` from warehouses, and `borrowed` ones are to come back first."""
        gone = taken or {}
        free = {place: units - gone.get(place, 0) for place, units in self.free.items()}
        return Outlook(free, self.supply, ahead=self.in_front + borrowed)

    def by_day(self) -> list[tuple[date | None, int]]:
        """Return how many units can be promised from each day on, what may be borrowed included."""
        borrowed = sum(self.borrowable().values())
        days = self.outlook().by_day()
        if not borrowed:
            return days
        now = borrowed + sum(units for day, units in days if day is None)
        return [(None, now), *((day, units) for day, units in days if day is not None and units > now)]


@dataclass(frozen=True)
class Demanding:
    """Who asks: a lower rank is served first, of the same rank who was here before. Without a rank it comes last.

    Who lent units that are wanted back before a day (`until`) stands in front of all, the earliest day first.
    """

    rank: int | None = None
    order_id: int | None = None
    until: date | None = None

    def before(self) -> Q:
        """Return the condition of the lines of those who are served first, among those who lent nothing."""
        if self.until is not None:
            return Q(pk__in=[])
        if self.rank is None:
            return Q(backordered__gt=0)
        lower = Q(order__rank__lt=self.rank)
        if self.order_id is None:
            return lower | Q(order__rank=self.rank)
        return lower | Q(order__rank=self.rank, order__lt=self.order_id)

    def lent_before(self) -> Q:
        """Return the condition of the lines that lent units and get them back first."""
        if self.until is None:
            return Q(lent__gt=0) & ~Q(order=self.order_id) if self.order_id else Q(lent__gt=0)
        return Q(lent__gt=0, lent_until__lt=self.until) & ~Q(order=self.order_id)


LAST = Demanding()


def figures(product_ids: Iterable[int], demand: Demanding = LAST) -> dict[int, Figures]:
    """Return the figures of products, as seen by who asks, in one statement."""
    wanted = set(product_ids)
    found = {product: Figures() for product in wanted}
    if not wanted:
        return found
    waiting = in_line().filter(product__in=wanted)
    place = Case(
        When(demand.lent_before(), then=Value(LENT)),
        When(Q(lent__gt=0), then=Value(BEHIND)),
        When(demand.before(), then=Value(AHEAD)),
        default=Value(BEHIND),
        output_field=IntegerField(),
    )
    queue = (
        waiting.order_by()
        .values("product_id")
        .annotate(place=place, day=F("lent_until"), units=Sum("backordered"))
        .values_list("product_id", "place", "day", "units")
    )
    below = ExpressionWrapper(Value(LENDABLE) - F("stock_item__warehouse_id"), output_field=IntegerField())
    lots = lendable(wanted).order_by().values_list("stock_item__product_id", below, SAFE_ON, TIED)
    shelves, *coming = stock.supply_rows(wanted)
    rows = shelves.union(*coming, queue, lots, all=True)
    for product, place_id, day, units in rows:
        one = found[product]
        if place_id == AHEAD:
            one.ahead += units
        elif place_id == BEHIND:
            one.behind += units
        elif place_id == LENT:
            one.lent.append((day, units))
        elif place_id < LENDABLE:
            one.lendable.append(Lot(day, LENDABLE - place_id, units))
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
