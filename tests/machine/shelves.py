"""What lies where and whose it is, and who loses when something is not there."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.machine.things import Lot, Needs, Ordered, Shelf, Work


@dataclass
class Shelves:
    """The goods of the house. A kit lies on no shelf: there is what its scarcest part allows, in one place."""

    may_wait: frozenset[str]
    places: tuple[str, ...]
    kits: Mapping[str, Needs] = field(default_factory=dict)
    on_hand: Counter[Shelf] = field(default_factory=Counter)
    quarantined: Counter[Shelf] = field(default_factory=Counter)
    safety: Counter[Shelf] = field(default_factory=Counter)
    # Shelves that somebody is to count, with the units that are sold to nobody until then.
    sheets: dict[Shelf, int] = field(default_factory=dict)
    lots: list[Lot] = field(default_factory=list)
    orders: list[Ordered] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)

    def tied(self, shelf: Shelf) -> int:
        return sum(lot.units * lot.per(shelf) for lot in self.lots if lot.units)

    def tied_to(self, order: Ordered, line: int, place: str) -> int:
        return sum(lot.units for lot in self.lots if (lot.order, lot.line, lot.shelf[1]) == (order, line, place))

    def tied_in_all(self, order: Ordered, line: int) -> int:
        return sum(lot.units for lot in self.lots if lot.order is order and lot.line == line)

    def lying(self, shelf: Shelf) -> int:
        return self.on_hand[shelf] - self.quarantined[shelf]

    def free(self, shelf: Shelf) -> int:
        return max(0, self.lying(shelf) - self.tied(shelf) - self.safety[shelf])

    def pool(self, kept: Mapping[str, int]) -> Counter[Shelf]:
        """Return what is free on each shelf when so many units are left to others, in the first places first."""
        shelves = sorted(self.on_hand, key=lambda shelf: (shelf[0], self.places.index(shelf[1])))
        free = Counter({shelf: self.free(shelf) for shelf in shelves})
        left = Counter(kept)
        for shelf in shelves:
            some = min(left[shelf[0]], free[shelf])
            free[shelf] -= some
            left[shelf[0]] -= some
        return free

    def in_pool(self, pool: Mapping[Shelf, int], needs: Needs) -> int:
        """Return how many units of a line there are: each comes whole from one place."""
        return sum(min(pool[part, place] // per for part, per in needs) for place in self.places)

    def free_everywhere(self, product: str) -> int:
        return self.in_pool(self.pool({}), self.kits.get(product) or ((product, 1),))

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
            self.picked_for(order, number, place) * dict(line.needs).get(product, 0)
            for order in self.orders
            for number, line in order.lines.items()
        )

    def add(self, shelf: Shelf, units: int) -> None:
        self.on_hand[shelf] += units

    def to_be_counted(self, shelf: Shelf, units: int) -> None:
        """Somebody did not find so many units: what of them nobody has a promise of is set apart."""
        apart = max(0, min(units, self.lying(shelf) - self.tied(shelf)))
        self.sheets[shelf] = self.sheets.get(shelf, 0) + apart
        self.quarantined[shelf] += apart

    def is_counted(self, shelf: Shelf) -> None:
        self.quarantined[shelf] -= min(self.sheets.pop(shelf, 0), self.quarantined[shelf])

    def lose(self, shelf: Shelf, units: int, *, quarantine: bool = False) -> list[tuple[Ordered, int, int]]:
        """Fewer lie there than was thought. Who stands last loses first, but what is out of its bin is nobody's loss
        as long as something else is; a kit goes whole. Returns who lost what: they are told later."""
        if quarantine:
            self.quarantined[shelf] += units
        else:
            self.on_hand[shelf] -= units
        missing = self.tied(shelf) - self.lying(shelf)
        drops: list[tuple[Ordered, int, int]] = []
        last_first = sorted(
            (index for index, lot in enumerate(self.lots) if lot.units and lot.per(shelf)),
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
                wanted = -(-missing // lot.per(shelf))
                gone = max(0, min(wanted, lot.units, tied - spared))
                missing -= gone * lot.per(shelf)
                lot.units -= gone
                if gone:
                    drops.append((lot.order, lot.line, gone))
        return drops

    def untie(self, order: Ordered, units: Mapping[tuple[int, str], int], *, newest_first: bool) -> None:
        """Take units of lines at places off the promise: given back the newest first, shipped the oldest first."""
        left = dict(units)
        for lot in reversed(self.lots) if newest_first else self.lots:
            key = (lot.line, lot.shelf[1])
            if lot.order is order and (some := min(lot.units, left.get(key, 0))):
                lot.units -= some
                left[key] -= some
        assert not any(left.values()), f"not tied: {left}"
