"""What stock, promises and orders must look like, in plain Python: written from the design, knows no service.

A shelf is (product, place), and kits lie on none. What is tied to a line is a list of lots in the order in which they
were tied. Which of several warehouses gives is the routing's to decide, and what is lent the calendar's: the model is
told, and says whether it could be so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count

from tests.machine.shelves import Shelves
from tests.machine.things import (
    OPEN_WORK,
    UNBEGUN,
    UNPICKED,
    WORKABLE,
    Gains,
    Given,
    Job,
    Line,
    Lot,
    Ordered,
    Shelf,
    Work,
)


@dataclass
class Model(Shelves):
    """The whole house."""

    ages: "count[int]" = field(default_factory=count)

    # Orders come.

    def kept(self, products: Iterable[str], rank: int) -> Counter[str]:
        """Units of products that are left to those who wait and stand before an order of this rank."""
        found: Counter[str] = Counter()
        for order in self.orders:
            for line in order.lines.values() if order.waits else ():
                if order.rank <= rank or line.lent:
                    found.update({product: per * line.waiting for product, per in line.needs})
        return Counter({product: found[product] for product in products})

    def firm(self, wanted: Mapping[int, tuple[str, int]]) -> Counter[str]:
        """Return the units that may not wait."""
        asked: Counter[str] = Counter()
        for product, units in wanted.values():
            asked[product] += units if product not in self.may_wait else 0
        return +asked

    def may_come(self, wanted: Mapping[int, tuple[str, int]]) -> bool | None:
        """Whether an order may be placed: not where units are missing of what may not wait.

        Nobody can say where somebody has them who wants them later: he lends them, or does not.
        """
        missing = {product for product, units in self.firm(wanted).items() if units > self.free_everywhere(product)}
        able = {lot.shelf[0] for lot in self.lots if lot.units and lot.order.may_lend}
        return None if missing and missing <= able else not missing

    def order(
        self,
        new: Ordered,
        wanted: Mapping[int, tuple[str, int]],
        gains: Gains,
        lent: Given,
        back: Mapping[tuple[int, int], date],
    ) -> Ordered:
        """A new order gets what is free, less what those who stand before it wait for; what may not wait gets its own
        in any case. Of the rest it may be lent some."""
        new.lines = {
            key: Line(product, units, parts=self.kits.get(product, ()), waiting=units)
            for key, (product, units) in wanted.items()
        }
        waiting = [line for line in new.lines.values() if line.product in self.may_wait]
        kept = self.kept({part for line in waiting for part, _per in line.needs}, new.rank)
        firm = self.firm(wanted)
        for product in kept:
            kept[product] = max(0, min(kept[product], self.free_everywhere(product) - firm[product]))
        pool = self.pool(kept)
        loans = self._lend(lent, back)
        self._share(new, pool, gains, loans=loans, firm_first=True)
        assert not any(line.waiting for line in new.lines.values() if line.product not in self.may_wait)
        self.orders.append(new)
        return new

    def _share(
        self,
        order: Ordered,
        pool: Counter[Shelf],
        gains: Gains,
        *,
        loans: Counter[Shelf] | None = None,
        firm_first: bool = False,
    ) -> None:
        """Give each line in turn what is in the pool, and what is lent besides; the places that give must have it.

        Where kits compete with their parts nobody says which line gets how much, but none misses what is left over.
        """
        wanted = sorted(
            ((key, line) for key, line in order.lines.items() if line.waiting),
            key=lambda one: (firm_first and one[1].product in self.may_wait, one[0]),
        )
        lent = loans or Counter()
        pool.update(lent)
        plain = not any(line.parts for _key, line in wanted)
        own = Counter[Shelf]()
        for (key, place), some in gains.items():
            own[order.lines[key].product, place] += some
        own.subtract(lent)
        borrowed: list[Lot] = []
        for key, line in wanted:
            given = {place: some for (of, place), some in gains.items() if of == key and some}
            there = self.in_pool(pool, line.needs)
            got = sum(given.values())
            assert not plain or got == min(line.waiting, there), f"line {key} got {given} of {there}"
            for place, some in given.items():
                shelf = (line.product, place)
                for part, per in line.needs:
                    pool[part, place] -= per * some
                    assert pool[part, place] >= 0, f"{some} of {shelf} were not free"
                mine = min(some, own[shelf])
                own[shelf] -= mine
                self.lots += [Lot(order, key, shelf, mine)] if mine else []
                borrowed += [Lot(order, key, shelf, some - mine)] if some > mine else []
            line.gain(got)
        self.lots += sorted(borrowed, key=lambda lot: (lot.shelf, lot.line))
        assert not [key for key, line in wanted if line.waiting and self.in_pool(pool, line.needs)], (
            "some is left over"
        )
        assert not [shelf for shelf in lent if pool[shelf]], "nobody needed what was lent"

    def fill(self, products: Iterable[str], gains: Mapping[int, Gains]) -> None:
        """Fresh units go down the line by rank; `gains` are by the number of the order."""
        fresh = {product for product in products if self.free_everywhere(product)}
        line_up = sorted((order for order in self.orders if order.missing & fresh), key=lambda order: order.turn)
        pool = self.pool({})
        for order in line_up:
            self._share(order, pool, gains.get(order.number, {}))
        assert set(gains) <= {order.number for order in line_up}, "somebody got units who was not in line"

    # Somebody needs it now, somebody else later.

    def _lend(self, lent: Given, back: Mapping[tuple[int, int], date]) -> Counter[Shelf]:
        """Units go from those who want them later; returns where they lie. They are to be back before a day."""
        loans: Counter[Shelf] = Counter()
        lenders = {order.number: order for order in self.orders}
        assert all(lenders[number].may_lend for number, _key, _place in lent), f"who lent {lent}?"
        for (number, key, place), units in lent.items():
            line = lenders[number].lines[key]
            assert not line.parts, "a part of a kit was lent"
            self.untie(lenders[number], {(key, place): units}, newest_first=True)
            line.lose(units)
            line.lent += units
            line.lent_until = back[number, key]
            loans[line.product, place] += units
        return loans

    def borrow(self, order: Ordered, gains: Gains, lent: Given, back: Mapping[tuple[int, int], date]) -> None:
        """An order that waits is lent something, and what is free and nobody before it waits for."""
        pool = self.pool(self.kept(order.missing, order.rank - 1))
        self._share(order, pool, gains, loans=self._lend(lent, back))

    def fill_one(self, order: Ordered, gains: Gains) -> None:
        """An order gets what is free, before all others."""
        self._share(order, self.pool({}), gains)

    def give_up(self, taker: Ordered, gains: Gains, given: Given) -> None:
        """Those who stand behind and whose work nobody has begun give an order what it misses."""
        givers = {order.number: order for order in self.orders}
        there: Counter[Shelf] = Counter()
        for (number, key, place), units in given.items():
            giver = givers[number]
            assert giver.status in UNBEGUN, f"{number} gave what somebody works on"
            assert giver.rank > taker.rank, f"{number} gave to {taker.number}"
            self.untie(giver, {(key, place): units}, newest_first=True)
            giver.lines[key].lose(units)
            there[giver.lines[key].product, place] += units
        lots = [Lot(taker, key, (taker.lines[key].product, place), units) for (key, place), units in gains.items()]
        for lot in sorted(lots, key=lambda lot: (lot.shelf, lot.line)):
            taker.lines[lot.line].gain(lot.units)
            there[lot.shelf] -= lot.units
            self.lots.append(lot)
        assert not any(there.values()), f"{there} changed hands and is nowhere"

    # Units go, and come again.

    def hear_of_loss(self, drops: Iterable[tuple[Ordered, int, int]]) -> set[int]:
        """The orders learn of it. Returns the numbers of those that really lost something."""
        lost: Counter[tuple[int, int]] = Counter()
        orders = {order.number: order for order, _line, _units in drops}
        for order, line, units in drops:
            lost[order.number, line] += units
        bereft = set()
        for (number, key), units in lost.items():
            line = orders[number].lines[key]
            # What a cancelled order has on a trolley is tied until it is put back, and not its own any more.
            if (gone := min(units, line.tied - self.tied_in_all(orders[number], key))) > 0:
                line.lose(gone)
                bereft.add(number)
        return bereft

    def lapse(self, order: Ordered) -> None:
        """Nobody paid in time: what was kept is free, and the order stands in no line."""
        order.lapsed = True
        for line in order.lines.values():
            line.lose(line.tied)
        self._let_go(order)

    def tie_again(self, order: Ordered, gains: Gains) -> None:
        """It is paid after all: it gets what nobody before it waits for."""
        # Asked before it is in line itself: nobody stands in front of himself.
        pool = self.pool(self.kept({part for line in order.lines.values() for part, _per in line.needs}, order.rank))
        order.lapsed = False
        self._share(order, pool, gains)

    # Orders go.

    def cancel(self, order: Ordered) -> None:
        """All that is open is cancelled; where somebody is at work, the units come back by the hand of that place."""
        at_work = order.status == "fulfilling"
        order.status, order.lapsed = "cancelled", False
        for line in order.lines.values():
            line.cancelled, line.tied, line.waiting = line.quantity, 0, 0
            line.settle()
        if not at_work:
            self._let_go(order)

    def _let_go(self, order: Ordered) -> None:
        for lot in self.lots:
            if lot.order is order:
                lot.units = 0

    def stop_work(self, order: Ordered) -> None:
        """The work of a cancelled order ends: what is on a trolley stays tied until it is put back."""
        for work in self.works:
            if work.order is order and work.status in OPEN_WORK:
                work.put_back = work.status in ("picked", "packed")
                work.status = "cancelled"
        for key in order.lines:
            for place in self.places:
                spare = self.tied_to(order, key, place) - self.picked_for(order, key, place)
                self.untie(order, {(key, place): max(0, spare)}, newest_first=True)

    def put_back(self, work: Work) -> None:
        work.put_back = False
        for key, job in work.jobs.items():
            back = min(job.picked, self.tied_to(work.order, key, work.place))
            self.untie(work.order, {(key, work.place): back}, newest_first=True)

    # Work.

    def live_units(self, order: Ordered, place: str, key: int) -> int:
        mine = [work for work in self.works if work.order is order and work.place == place]
        return sum(work.jobs[key].units for work in mine if work.status in OPEN_WORK and key in work.jobs)

    def plan(self, order: Ordered) -> list[Work]:
        """Every unit that is tied and in nobody's work becomes work of its place."""
        if order.status not in WORKABLE or order.later:
            return []
        new = []
        for place in self.places:
            missing = {
                key: units
                for key in order.lines
                if (units := self.tied_to(order, key, place) - self.live_units(order, place, key)) > 0
            }
            if missing:
                new.append(
                    Work(order, place, jobs={key: Job(units, next(self.ages)) for key, units in missing.items()})
                )
        self.works += new
        return new

    def cut_back(self, order: Ordered) -> list[Work]:
        """Nobody fetches what is not tied any more: the youngest work that nobody has picked loses it."""
        excess = {
            (place, key): self.live_units(order, place, key) - self.tied_to(order, key, place)
            for place in self.places
            for key in order.lines
        }
        mine = [work for work in self.works if work.order is order and work.status in UNPICKED]
        jobs = [(job.age, key, work) for work in mine for key, job in work.jobs.items()]
        changed: list[Work] = []
        for _age, key, work in sorted(jobs, key=lambda one: -one[0]):
            if (gone := min(work.jobs[key].units, excess[work.place, key])) > 0:
                changed.append(work)
                excess[work.place, key] -= gone
                work.jobs[key].units -= gone
                if not work.jobs[key].units:
                    del work.jobs[key]
        for work in mine:
            if not work.jobs:
                work.status = "cancelled"
        return changed

    def split_off(self, work: Work, missing: Mapping[int, int]) -> Work | None:
        """What was not found becomes new work; where nothing was, the work itself begins anew."""
        if sum(missing.values()) == sum(job.units for job in work.jobs.values()):
            work.status, work.short = "planned", True
            return None
        rest = Work(work.order, work.place, short=True)
        rest.jobs = {key: Job(units, next(self.ages)) for key, units in missing.items()}
        for key, units in missing.items():
            work.jobs[key].units -= units
            if not work.jobs[key].units:
                del work.jobs[key]
        self.works.append(rest)
        return rest

    def could_give(self, taker: Ordered) -> list[tuple[Lot, int, int]]:
        """Return what an order may take: (lot, its line that gets it, units), from whoever stands last."""
        missing = {key: line.waiting for key, line in taker.lines.items() if line.waiting}
        behind = [
            (index, lot)
            for index, lot in enumerate(self.lots)
            if lot.units and lot.order.status in UNBEGUN and lot.order.rank > taker.rank
        ]
        given = []
        for _index, lot in sorted(behind, key=lambda one: (*one[1].order.place_in_line, one[0]), reverse=True):
            left = lot.units
            for key, line in taker.lines.items():
                if line.product == lot.shelf[0] and (some := min(left, missing.get(key, 0))):
                    left -= some
                    missing[key] -= some
                    given.append((lot, key, some))
        return given

    def hand_over(self, taker: Ordered, given: Iterable[tuple[Lot, int, int]]) -> None:
        """Tied units go from one order to another."""
        gained: Counter[tuple[Shelf, int]] = Counter()
        for lot, key, units in given:
            lot.units -= units
            lot.order.lines[lot.line].lose(units)
            gained[lot.shelf, key] += units
            taker.lines[key].gain(units)
        self.lots += [Lot(taker, key, shelf, units) for (shelf, key), units in sorted(gained.items())]

    def move(self, work: Work, target: str) -> None:
        """Planned work goes to another place, with the units that are tied for it; what was not found is counted."""
        moved = []
        left = {key: job.units for key, job in work.jobs.items()}
        for lot in reversed(self.lots):
            if (
                lot.order is work.order
                and lot.shelf[1] == work.place
                and (some := min(lot.units, left.get(lot.line, 0)))
            ):
                left[lot.line] -= some
                lot.units -= some
                moved.append(Lot(work.order, lot.line, (lot.shelf[0], target), some))
        self.lots += moved
        missing: Counter[str] = Counter()
        for key, job in work.jobs.items():
            missing.update({part: per * job.units for part, per in work.order.lines[key].needs})
        for part, units in missing.items() if work.short else ():
            self.to_be_counted((part, work.place), units)
        work.place, work.short = target, False

    def ship(self, order: Ordered, units: Mapping[tuple[int, str], int]) -> None:
        """Units leave the building."""
        self.untie(order, units, newest_first=False)
        for (key, place), some in units.items():
            line = order.lines[key]
            for part, per in line.needs:
                self.on_hand[part, place] -= per * some
            line.shipped += some
            line.left[place] += some
            line.tied -= some
        if all(line.shipped + line.cancelled == line.quantity for line in order.lines.values()):
            order.status = "fulfilled"
