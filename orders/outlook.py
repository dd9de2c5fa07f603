"""What can still be promised of products, and when: their shelves, what is on its way, and who waits before."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, ExpressionWrapper, F, IntegerField, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Cast

from core import seat
from core.often import RememberedValues, one_of
from inventory import selectors as stock
from inventory.atp import KitOutlook, Outlook
from inventory.kits import Parts, complete
from inventory.models import Product
from orders.lending import Lot, lend
from orders.models import OrderLine, parts_in
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

    def wait(self, place: int, units: int) -> None:
        """Count units that somebody waits for, ahead of who asks or behind."""
        if place == AHEAD:
            self.ahead += units
        else:
            self.behind += units

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
        today = seat.today()
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


@dataclass
class KitFigures(Figures):
    """A kit: its parts decide, per warehouse. `ahead` and `behind` are of those who wait for the kit itself."""

    parts: list[tuple[Figures, int]] = field(default_factory=list)

    @property
    def shelves(self) -> dict[int, int]:
        """What new demand may take now, per warehouse, as the scarcest part allows."""
        return self.whole([part.shelves for part, _per in self.parts])

    def whole(self, shelves: Sequence[Mapping[int, int]]) -> dict[int, int]:
        """Return how many kits there are per warehouse, from the units of each part there."""
        parts = tuple((index, per) for index, (_part, per) in enumerate(self.parts))
        places = sorted(set().union(*shelves))
        return {
            place: complete(parts, {index: there.get(place, 0) for index, there in enumerate(shelves)})
            for place in places
        }

    def shelf_and_supply(self) -> Outlook:
        """Look ahead as whoever is served first does."""
        return KitOutlook([(part.shelf_and_supply(), per) for part, per in self.parts])

    def outlook(self, *, taken: Mapping[int, int] | None = None, borrowed: int = 0) -> Outlook:
        """Look ahead, after kits were `taken` from warehouses; kits are neither lent nor borrowed."""
        gone = taken or {}
        return KitOutlook(
            [
                (part.outlook(taken={place: per * units for place, units in gone.items()}), per)
                for part, per in self.parts
            ]
        )


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


def figures(
    product_ids: Iterable[int], demand: Demanding = LAST, *, kits: Mapping[int, Parts] | None = None
) -> dict[int, Figures]:
    """Return the figures of products, as seen by who asks, in one statement.

    Of `kits` their parts are told, and the figures of these come along. Who waits for a kit waits for its parts.
    """
    made_of = kits or {}
    wanted = set(product_ids)
    found: dict[int, Figures] = {
        product: Figures() for product in wanted | {part for parts in made_of.values() for part, _per in parts}
    }
    for kit, parts in made_of.items():
        found[kit] = KitFigures(parts=[(found[part], per) for part, per in parts])
    if not found:
        return found
    for product, place_id, day, units, frozen in _rows(found, demand):
        if frozen is not None:
            for part, per in parts_in(json.loads(frozen)):
                if part in found:
                    found[part].wait(place_id, per * units)
            continue
        one = found[product]
        if place_id in (AHEAD, BEHIND):
            one.wait(place_id, units)
        elif place_id == LENT:
            one.lent.append((day, units))
        elif place_id < LENDABLE:
            one.lendable.append(Lot(day, LENDABLE - place_id, units))
        elif day is None:
            one.free[place_id] = units
        else:
            one.supply.append((day, place_id, units))
    return found


def _rows(product_ids: Iterable[int], demand: Demanding) -> list[Any]:
    """Return rows of (product, place, day, units, parts): shelves, what comes, who waits and what may be lent."""
    return _ROWS.rows(
        products=list(product_ids),
        today=seat.today(),
        rank=demand.rank,
        order_id=demand.order_id,
        until=demand.until,
    )


def _write(*, products: Any, today: Any, **demand: Any) -> "QuerySet[Any, Any]":
    asking = Demanding(**demand)
    no_parts = Cast(Value(None), TextField())
    place = Case(
        When(asking.lent_before(), then=_told(LENT)),
        When(Q(lent__gt=0), then=_told(BEHIND)),
        When(asking.before(), then=_told(AHEAD)),
        default=_told(BEHIND),
        output_field=IntegerField(),
    )
    waiting = in_line().order_by()
    queues = [
        lines.values("product_id")
        .annotate(place=place, day=F("lent_until"), frozen=frozen, units=Sum("backordered"))
        .values_list("product_id", "place", "day", "units", "frozen")
        for lines, frozen in (
            (waiting.filter(one_of("product_id", products)), no_parts),
            (waiting.filter(stock.kits_with(products), kind=Product.Kind.KIT), Cast("parts", TextField())),
        )
    ]
    below = ExpressionWrapper(_told(LENDABLE) - F("stock_item__warehouse_id"), output_field=IntegerField())
    lots = lendable(products, today=today).order_by().values_list("stock_item__product_id", below, SAFE_ON, TIED)
    shelves, *others = (rows.annotate(frozen=no_parts) for rows in (*stock.supply_rows(products), lots))
    return shelves.union(*others, *queues, all=True)


def _told(place: int) -> Cast:
    return Cast(Value(place), IntegerField())


# Asked with every order that is short, and of hundreds of products at once.
_ROWS = RememberedValues(_write)


def figures_of(lines: Iterable[OrderLine], short: Mapping[int, int], demand: Demanding) -> dict[int, Figures]:
    """Return the figures of what is short, by position, with those of the parts of kits."""
    lacking = [line for line in lines if short.get(line.position)]
    return figures({line.product_id for line in lacking}, demand, kits=kits_in(lacking))


def outlooks(
    known: Mapping[int, Figures],
    taken: Mapping[tuple[int, int], int] | None = None,
    *,
    borrowed: Mapping[int, int] | None = None,
    whole: bool = False,
) -> dict[int, Outlook]:
    """Look ahead at products that several demands share: who takes a kit takes its parts from the others.

    `taken` are units of (product, warehouse) that are gone from the shelves, `borrowed` ones per product come back
    first. The `whole` of it sees who is served first.
    """
    gone: dict[int, dict[int, int]] = defaultdict(dict)
    for (product, place), units in (taken or {}).items():
        gone[product][place] = units
    return {
        product: one.shelf_and_supply()
        if whole
        else one.outlook(taken=gone[product], borrowed=(borrowed or {}).get(product, 0))
        for product, one in known.items()
        if not isinstance(one, KitFigures)
    }


def of_line(ahead: Mapping[int, Outlook], product_id: int, parts: Parts) -> Outlook:
    """Return the outlook of a line, by its parts where it is a kit: the same kit may have been sold of others."""
    return KitOutlook([(ahead[part], per) for part, per in parts]) if parts else ahead[product_id]


def kits_in(lines: Iterable[OrderLine]) -> dict[int, Parts]:
    """Return what the kits among lines are made of."""
    return {line.product_id: line.made_of for line in lines if line.parts}


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
