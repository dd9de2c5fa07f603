"""What the model is made of: orders and their lines, the lots tied to them, and the work on them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Shelf = tuple[str, str]
# (line, place): how many units of a line a place gives.
Gains = Mapping[tuple[int, str], int]
# (number of the order, line, place): how many units of it somebody else got.
Given = Mapping[tuple[int, int, str], int]
# What lies on the shelves for one unit of a line: (product, units).
Needs = tuple[tuple[str, int], ...]
UNPICKED = ("planned", "released", "picking")
OPEN_WORK = (*UNPICKED, "picked", "packed")
IN_HAND = ("picking", "picked", "packed")
WORKABLE = ("confirmed", "fulfilling")
UNBEGUN = ("verified", "confirmed")
LIVE = ("verified", "confirmed", "fulfilling", "fulfilled")


@dataclass
class Lot:
    """Units of a line tied to a place, in one go; of a kit all its parts are tied there."""

    order: "Ordered"
    line: int
    shelf: Shelf
    units: int

    def per(self, shelf: Shelf) -> int:
        """Return how many units on a shelf each of them ties."""
        return dict(self.order.lines[self.line].needs).get(shelf[0], 0) if shelf[1] == self.shelf[1] else 0


@dataclass
class Line:
    """One line of an order, in units; of a kit, `parts` says what is in it.

    Of what it waits for, `lent` units went to somebody else, and are to be back before a day.
    """

    product: str
    quantity: int
    parts: Needs = ()
    tied: int = 0
    waiting: int = 0
    lent: int = 0
    lent_until: date | None = None
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0
    # What was shipped, by place.
    left: Counter[str] = field(default_factory=Counter)

    @property
    def needs(self) -> Needs:
        return self.parts or ((self.product, 1),)

    @property
    def wanted(self) -> int:
        return self.quantity - self.cancelled

    def gain(self, units: int) -> None:
        """It gets units that it waits for; first those that it lent."""
        self.tied += units
        self.waiting -= units
        self.settle()

    def lose(self, units: int) -> None:
        self.tied -= units
        self.waiting += units

    def settle(self) -> None:
        """Nobody lent more than he misses."""
        self.lent = min(self.lent, self.waiting)
        self.lent_until = self.lent_until if self.lent else None


@dataclass
class Ordered:
    """An order; `number` is when it came, `rank` how early it is served.

    Who had a time to pay and let it lapse waits in no line; `whole` orders leave whole or not at all. What is wanted
    `later` is kept, and nobody works on it.
    """

    number: int
    rank: int
    status: str
    lines: dict[int, Line]
    lapsed: bool = False
    whole: bool = False
    later: bool = False
    prepaid: bool = False

    @property
    def place_in_line(self) -> tuple[int, int]:
        return self.rank, self.number

    @property
    def turn(self) -> tuple[date, int, int]:
        """When it is served: who lent something first, the first day on which it must be back."""
        days = [line.lent_until for line in self.lines.values() if line.lent_until is not None]
        return min(days, default=date.max), self.rank, self.number

    @property
    def may_lend(self) -> bool:
        """Whether it may lend: nobody works on it, and it misses nothing but what it lent."""
        ready = self.status == "confirmed" and self.later and not self.whole
        return ready and all(line.waiting <= line.lent for line in self.lines.values())

    @property
    def missing(self) -> set[str]:
        """What the order waits for: of a kit, its parts."""
        in_line = self.status in LIVE and not self.lapsed
        waiting = [line for line in self.lines.values() if line.waiting and in_line]
        return {product for line in waiting for product, _per in line.needs}

    @property
    def lacks(self) -> bool:
        """Whether something that is to be sent is not tied."""
        return any(line.tied < line.quantity - line.cancelled - line.shipped for line in self.lines.values())

    @property
    def waits(self) -> bool:
        return bool(self.missing)


@dataclass
class Job:
    """A line of work: so many units to fetch, so many fetched; `age` tells which was planned later."""

    units: int
    age: int
    picked: int = 0


@dataclass
class Work:
    """What one place has to do for one order."""

    order: Ordered
    place: str
    status: str = "planned"
    jobs: dict[int, Job] = field(default_factory=dict)
    put_back: bool = False
    # Somebody looked for its goods and did not find them.
    short: bool = False
