"""A demand is changed: units are given back and others tied under one lock of all shelves that either is about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from core.actors import Actor
from core.inserting import insert_rows
from core.outbox import emit
from core.service import service
from inventory.costing import Costs
from inventory.events import StockReleased
from inventory.kits import needs_of
from inventory.models import Allocation, Reservation, StockItem
from inventory.queueing import leave
from inventory.sourcing import Decision, Demand, Pick, Place, decide

from .reservations import refuse_shortage
from .shelf import Change, change_shelf, open_ones, use_allocations
from .tied import Tied

At = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """All that is wanted of a demand from now on, by key, and the places that may give it.

    Of a key, `waiting` units stood in line before; they stay there, and so does what of `noted` ones is tied no more:
    they are lost, and the one who asks is about to hear of it. `fixed` units of (key, warehouse) cannot be given
    back: they are off the shelf. `kept` units per product are left to others, who stand in front.
    """

    demand: Sequence[Demand]
    places: Sequence[Place]
    costs: Costs | None = None
    waiting: Mapping[int, int] = field(default_factory=dict)
    noted: Mapping[int, int] = field(default_factory=dict)
    fixed: Mapping[At, int] = field(default_factory=dict)
    kept: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What a change does to a demand: units newly tied and given back, by key and warehouse; `tied` and `short` are
    all there is afterwards, `had` all there was. `decision` says why the new ones come from there."""

    reservation_id: int
    picks: list[Pick]
    had: dict[At, int]
    given_back: dict[At, int]
    tied: dict[At, int]
    short: dict[int, int]
    decision: dict[str, Any]


@service
def change_reservation(
    reservation_id: int | None,
    *,
    wanted: Wanted,
    rank: int = 0,
    expires_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> Changed:
    """Make a demand another one. What is wanted as before stays where it is tied.

    Raises InsufficientStock, before anything is written, when units are missing that may not wait. Call it last: it
    locks the stock rows of both, before and after.
    """
    plan = _Plan(reservation_id, wanted, lock=True)
    plan.refuse_shortage()
    if reservation_id is None:
        reservation = Reservation(rank=rank, expires_at=expires_at, created_at=at)
        insert_rows([reservation])
        reservation_id = reservation.pk
    plan.write(reservation_id, actor=actor, at=at)
    return plan.outcome(reservation_id)


def foresee_change(reservation_id: int | None, *, wanted: Wanted) -> Changed:
    """Say what `change_reservation` would do now. Nothing is locked, written or refused."""
    return _Plan(reservation_id, wanted, lock=False).outcome(reservation_id or 0)


class _Plan:
    """The shelves, what is tied to them, and what becomes of that."""

    def __init__(self, reservation_id: int | None, wanted: Wanted, *, lock: bool) -> None:
        self.wanted = wanted
        self.lines = {one.key: one for one in wanted.demand}
        mine = open_ones().filter(reservation_id=reservation_id or 0)
        there = Q(
            product_id__in={product for one in wanted.demand for product, _per in needs_of(one)},
            warehouse_id__in=[place.warehouse_id for place in wanted.places],
        )
        rows = StockItem.objects.locked() if lock else StockItem.objects.order_by("pk")
        self.shelf = {row.pk: row for row in rows.filter(Q(pk__in=mine.values("stock_item_id")) | there)}
        self.tied = Tied(mine.filter(stock_item_id__in=self.shelf).order_by("-pk"), self.shelf)
        self.have: dict[At, int] = defaultdict(int)
        for lot in self.tied.lots:
            self.have[lot.key, lot.warehouse_id] += lot.units
        self.given: dict[At, int] = defaultdict(int)
        self._give_back()
        self.more = self._ask_for_more()
        self.decision = self._decide()

    def _give_back(self) -> None:
        """Take away what is wanted no longer, what was tied last first, and what lies where nothing may come from."""
        able = {place.warehouse_id for place in self.wanted.places}
        surplus = {
            key: units - (self.lines[key].quantity if key in self.lines else 0)
            for key, units in _sum_by_key(self.have).items()
        }
        for lot in self.tied.lots:
            place = (lot.key, lot.warehouse_id)
            loose = min(lot.units, self.have[place] - self.given[place] - self.wanted.fixed.get(place, 0))
            units = loose if lot.warehouse_id not in able else min(loose, surplus[lot.key])
            if units > 0:
                self.tied.use(lot, units)
                self.given[place] += units
                surplus[lot.key] -= units

    def _ask_for_more(self) -> list[Demand]:
        left, had = _sum_by_key(self.after()), _sum_by_key(self.have)
        more = []
        for one in self.wanted.demand:
            missing = one.quantity - left.get(one.key, 0)
            lost = max(0, self.wanted.noted.get(one.key, 0) - had.get(one.key, 0))
            if (units := missing - min(missing, self.wanted.waiting.get(one.key, 0) + lost)) > 0:
                more.append(replace(one, quantity=units))
        return more

    def _decide(self) -> Decision:
        if not self.more:
            return Decision([], {})
        self.free = {(row.product_id, row.warehouse_id): row.available for row in self.shelf.values()}
        for pk, units in self.tied.used_of.items():
            row = self.shelf[pk]
            self.free[row.product_id, row.warehouse_id] += units
        self.left = leave(self.free, self.wanted.kept, self.more)
        serving = {warehouse for (_key, warehouse), units in self.after().items() if units}
        places = list(self.wanted.places)
        if not any(place.favored for place in places):
            # One parcel rather than two: what is added comes from where the rest comes from, if it is there.
            places = [replace(place, favored=place.warehouse_id in serving) for place in places]
        return decide(self.more, self.free, places, self.wanted.costs)

    def after(self) -> dict[At, int]:
        """Return what stays tied, without what is new."""
        return {place: units - self.given[place] for place, units in self.have.items()}

    def refuse_shortage(self) -> None:
        """Raise InsufficientStock where what is new may not wait."""
        refuse_shortage(self.more, self.decision.short, list(self.shelf.values()))

    def write(self, reservation_id: int, *, actor: Actor, at: datetime) -> None:
        """Give back and tie, each figure of a shelf written once."""
        changes: dict[int, int] = defaultdict(int)
        for pk, units in self.tied.used_of.items():
            changes[pk] -= units
        rows = {(row.product_id, row.warehouse_id): row.pk for row in self.shelf.values()}
        new = []
        for pick in self.decision.picks:
            line = self.lines[pick.key]
            for product, per in needs_of(line):
                item, units = rows[product, pick.warehouse_id], per * pick.quantity
                changes[item] += units
                tied = {"reservation_id": reservation_id, "stock_item_id": item, "key": pick.key}
                kit = line.product_id if line.parts else None
                new.append(Allocation(**tied, kit_id=kit, per=per, quantity=units))
        if moved := {pk: Change(reserved=units) for pk, units in changes.items() if units}:
            change_shelf(moved)
        if self.tied.uses:
            use_allocations(self.tied.uses, column="released")
        if new:
            insert_rows(new)
        fallen = {self.shelf[pk].product_id for pk, units in changes.items() if units < 0}
        if self.more and self.decision.short:
            fallen |= set(self.left)
        if fallen:
            emit(StockReleased(reservation_id=reservation_id, product_ids=sorted(fallen)), actor=actor, at=at)

    def outcome(self, reservation_id: int) -> Changed:
        """Return what is tied afterwards, and what is missing then."""
        tied: dict[At, int] = defaultdict(int, self.after())
        for pick in self.decision.picks:
            tied[pick.key, pick.warehouse_id] += pick.quantity
        there = _sum_by_key(tied)
        short = {one.key: one.quantity - there.get(one.key, 0) for one in self.wanted.demand}
        return Changed(
            reservation_id=reservation_id,
            picks=self.decision.picks,
            had=dict(self.have),
            given_back={place: units for place, units in self.given.items() if units},
            tied={place: units for place, units in tied.items() if units},
            short={key: units for key, units in short.items() if units > 0},
            decision=self.decision.as_dict(),
        )


def _sum_by_key(units: Mapping[At, int] | Iterable[tuple[At, int]]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for (key, _warehouse), count in units.items() if isinstance(units, Mapping) else units:
        found[key] += count
    return dict(found)
