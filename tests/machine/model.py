"""What stock, promises and orders must look like, in plain Python: written from the design, knows no service.

A shelf is (product, place). What is tied to a line is a list of lots in the order in which they were tied. Which of
several warehouses gives is the routing's to decide: the model is told, and says whether it could be so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from tests.machine.things import (
    OPEN_WORK,
    UNBEGUN,
    UNPICKED,
    WORKABLE,
    Gains,
    Job,
    Line,
    Lot,
    Ordered,
    Shelf,
    Work,
    products_of,
)


@dataclass
class Model:
    """The whole house."""

    may_wait: frozenset[str]
    places: tuple[str, ...]
    on_hand: Counter[Shelf] = field(default_factory=Counter)
    quarantined: Counter[Shelf] = field(default_factory=Counter)
    safety: Counter[Shelf] = field(default_factory=Counter)
    lots: list[Lot] = field(default_factory=list)
    orders: list[Ordered] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    ages: "count[int]" = field(default_factory=count)

    # What lies where, and whose it is.

    def tied(self, shelf: Shelf) -> int:
        return sum(lot.units for lot in self.lots if lot.shelf == shelf)

    def tied_to(self, order: Ordered, line: int, place: str) -> int:
        return sum(lot.units for lot in self.lots if (lot.order, lot.line, lot.shelf[1]) == (order, line, place))

    def lying(self, shelf: Shelf) -> int:
        return self.on_hand[shelf] - self.quarantined[shelf]

    def free(self, shelf: Shelf) -> int:
        return max(0, self.lying(shelf) - self.tied(shelf) - self.safety[shelf])

    def free_everywhere(self, product: str) -> int:
        return sum(self.free((product, place)) for place in self.places)

    def picked_for(self, order: Ordered, line: int, place: str) -> int:
        """Units that are out of their bin for a line."""
        return sum(
            work.jobs[line].picked
            for work in self.works
            if work.order is order and work.place == place and line in work.jobs
            if work.status in ("picked", "packed") or work.put_back
        )

    def away(self, shelf: Shelf) -> int:
        product, place = shelf
        return sum(
            self.picked_for(order, number, place)
            for order in self.orders
            for number, line in order.lines.items()
            if line.product == product
        )

    # Orders come.

    def kept(self, product: str, rank: int) -> int:
        """Free units that are left to those who wait and stand before an order of this rank."""
        lines = [line for order in self.orders if order.waits and order.rank <= rank for line in order.lines.values()]
        return min(self.free_everywhere(product), sum(line.waiting for line in lines if line.product == product))

    def can_take(self, product: str, rank: int) -> int:
        kept = self.kept(product, rank) if product in self.may_wait else 0
        return self.free_everywhere(product) - kept

    def lacks(self, wanted: Mapping[int, tuple[str, int]]) -> bool:
        """Whether units are missing of something that may not wait: then nothing may happen at all."""
        asked: Counter[str] = Counter()
        for product, units in wanted.values():
            asked[product] += units
        return any(
            units > self.free_everywhere(product) for product, units in asked.items() if product not in self.may_wait
        )

    def order(
        self, number: int, rank: int, status: str, wanted: Mapping[int, tuple[str, int]], gains: Gains
    ) -> Ordered:
        new = Ordered(number, rank, status, {key: Line(product, units) for key, (product, units) in wanted.items()})
        free = {product: self.can_take(product, rank) for product, _units in wanted.values()}
        self._share(new, {key: line.quantity for key, line in new.lines.items()}, free, gains)
        for line in new.lines.values():
            line.waiting = line.quantity - line.tied
        self.orders.append(new)
        return new

    def _share(self, order: Ordered, wanted: Mapping[int, int], free: dict[str, int], gains: Gains) -> None:
        """Give each line in turn what is free; the places that give it must have it."""
        for key, units in sorted(wanted.items()):
            line = order.lines[key]
            got = min(units, free[line.product])
            free[line.product] -= got
            given = {place: some for (of, place), some in gains.items() if of == key and some}
            assert sum(given.values()) == got, f"line {key} got {given}, not {got} in all"
            for place, some in given.items():
                shelf = (line.product, place)
                assert some <= self.lying(shelf) - self.tied(shelf), f"{some} of {shelf} were not free"
                self.lots.append(Lot(order, key, shelf, some))
            line.tied += got

    def fill(self, products: Iterable[str], gains: Mapping[int, Gains]) -> None:
        """Fresh units go down the line by rank; `gains` are by the number of the order."""
        fresh = {product for product in products if self.free_everywhere(product)}
        line_up = [
            order
            for order in sorted(self.orders, key=lambda order: order.place_in_line)
            if order.waits and any(line.waiting and line.product in fresh for line in order.lines.values())
        ]
        free = {product: self.free_everywhere(product) for order in line_up for product in products_of(order)}
        for order in line_up:
            missing = {key: line.waiting for key, line in order.lines.items() if line.waiting}
            before = {key: order.lines[key].tied for key in missing}
            self._share(order, missing, free, gains.get(order.number, {}))
            for key in missing:
                order.lines[key].waiting -= order.lines[key].tied - before[key]
        assert set(gains) <= {order.number for order in line_up}, "somebody got units who was not in line"

    # Units come and go.

    def add(self, shelf: Shelf, units: int) -> None:
        self.on_hand[shelf] += units

    def lose(self, shelf: Shelf, units: int, *, quarantine: bool = False) -> list[tuple[Ordered, int, int]]:
        """Fewer lie there than was thought. Who stands last loses first, but what is out of its bin is nobody's loss
        as long as something else is. Returns who lost what: they are told later."""
        if quarantine:
            self.quarantined[shelf] += units
        else:
            self.on_hand[shelf] -= units
        missing = self.tied(shelf) - self.lying(shelf)
        drops: list[tuple[Ordered, int, int]] = []
        last_first = sorted(
            (index for index, lot in enumerate(self.lots) if lot.shelf == shelf and lot.units),
            key=lambda index: (*self.lots[index].order.place_in_line, index),
            reverse=True,
        )
        out = {
            (id(lot.order), lot.line): self.picked_for(lot.order, lot.line, shelf[1])
            for lot in (self.lots[index] for index in last_first)
        }
        for spare_picked in (True, False):
            for index in last_first:
                lot = self.lots[index]
                tied = self.tied_to(lot.order, lot.line, shelf[1])
                spared = out[id(lot.order), lot.line] if spare_picked else 0
                gone = max(0, min(missing, lot.units, tied - spared))
                missing -= gone
                lot.units -= gone
                if gone:
                    drops.append((lot.order, lot.line, gone))
        return drops

    def hear_of_loss(self, drops: Iterable[tuple[Ordered, int, int]]) -> set[int]:
        """The orders learn of it. Returns the numbers of those that really lost something."""
        lost: Counter[tuple[int, int]] = Counter()
        orders = {order.number: order for order, _line, _units in drops}
        for order, line, units in drops:
            lost[order.number, line] += units
        bereft = set()
        for (number, key), units in lost.items():
            line = orders[number].lines[key]
            if gone := min(units, line.tied):
                line.tied -= gone
                line.waiting += gone
                bereft.add(number)
        return bereft

    def untie(self, order: Ordered, units: Mapping[tuple[int, str], int], *, newest_first: bool) -> None:
        """Take units of lines at places off the promise: given back the newest first, shipped the oldest first."""
        left = dict(units)
        for lot in reversed(self.lots) if newest_first else self.lots:
            key = (lot.line, lot.shelf[1])
            if lot.order is order and (some := min(lot.units, left.get(key, 0))):
                lot.units -= some
                left[key] -= some
        assert not any(left.values()), f"not tied: {left}"

    def lapse(self, order: Ordered) -> None:
        """Nobody paid in time: what was kept is free, and the order stands in no line."""
        order.lapsed = True
        for line in order.lines.values():
            line.waiting, line.tied = line.waiting + line.tied, 0
        self._let_go(order)

    def tie_again(self, order: Ordered, gains: Gains) -> None:
        """It is paid after all: it gets what nobody before it waits for."""
        missing = {key: line.waiting for key, line in order.lines.items() if line.waiting}
        # Asked before it is in line itself: nobody stands in front of himself.
        free = {
            product: self.free_everywhere(product) - self.kept(product, order.rank) for product in products_of(order)
        }
        order.lapsed = False
        self._share(order, missing, free, gains)
        for key, units in missing.items():
            order.lines[key].waiting = units - order.lines[key].tied

    # Orders go.

    def cancel(self, order: Ordered) -> None:
        """All that is open is cancelled; where somebody is at work, the units come back by the hand of that place."""
        at_work = order.status == "fulfilling"
        order.status, order.lapsed = "cancelled", False
        for line in order.lines.values():
            line.cancelled, line.tied, line.waiting = line.quantity, 0, 0
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
        if order.status not in WORKABLE:
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

    def cut_back(self, order: Ordered) -> None:
        """Nobody fetches what is not tied any more: the youngest work that nobody has picked loses it."""
        excess = {
            (place, key): self.live_units(order, place, key) - self.tied_to(order, key, place)
            for place in self.places
            for key in order.lines
        }
        mine = [work for work in self.works if work.order is order and work.status in UNPICKED]
        jobs = [(job.age, key, work) for work in mine for key, job in work.jobs.items()]
        for _age, key, work in sorted(jobs, key=lambda one: -one[0]):
            if (gone := min(work.jobs[key].units, excess[work.place, key])) > 0:
                excess[work.place, key] -= gone
                work.jobs[key].units -= gone
                if not work.jobs[key].units:
                    del work.jobs[key]
        for work in mine:
            if not work.jobs:
                work.status = "cancelled"

    def split_off(self, work: Work, missing: Mapping[int, int]) -> Work | None:
        """What was not found becomes new work; where nothing was, the work itself begins anew."""
        if sum(missing.values()) == sum(job.units for job in work.jobs.values()):
            work.status = "planned"
            return None
        rest = Work(work.order, work.place, jobs={key: Job(units, next(self.ages)) for key, units in missing.items()})
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
            giver = lot.order.lines[lot.line]
            lot.units -= units
            giver.tied -= units
            giver.waiting += units
            gained[lot.shelf, key] += units
            taker.lines[key].tied += units
            taker.lines[key].waiting -= units
        self.lots += [Lot(taker, key, shelf, units) for (shelf, key), units in sorted(gained.items())]

    def move(self, work: Work, target: str) -> None:
        """Planned work goes to another place, with the units that are tied for it."""
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
        work.place = target

    def ship(self, order: Ordered, units: Mapping[tuple[int, str], int]) -> None:
        """Units leave the building."""
        self.untie(order, units, newest_first=False)
        for (key, place), some in units.items():
            line = order.lines[key]
            self.on_hand[line.product, place] -= some
            line.shipped += some
            line.left[place] += some
            line.tied -= some
        if all(line.shipped + line.cancelled == line.quantity for line in order.lines.values()):
            order.status = "fulfilled"
