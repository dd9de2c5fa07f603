"""What the model is made of: orders and their lines, the lots tied to them, and the work on them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

Shelf = tuple[str, str]
# (line, place): how many units of a line a place gives.
Gains = Mapping[tuple[int, str], int]
UNPICKED = ("planned", "released", "picking")
OPEN_WORK = (*UNPICKED, "picked", "packed")
WORKABLE = ("confirmed", "fulfilling")
UNBEGUN = ("verified", "confirmed")
LIVE = ("verified", "confirmed", "fulfilling", "fulfilled")


@dataclass
class Lot:
    """Units of a line tied to a shelf, in one go."""

    order: "Ordered"
    line: int
    shelf: Shelf
    units: int


@dataclass
class Line:
    """One line of an order, in units."""

    product: str
    quantity: int
    tied: int = 0
    waiting: int = 0
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0
    # What was shipped, by place.
    left: Counter[str] = field(default_factory=Counter)


@dataclass
class Ordered:
    """An order; `number` is when it came, `rank` how early it is served.

    Who had a time to pay and let it lapse waits in no line; `whole` orders leave whole or not at all.
    """

    number: int
    rank: int
    status: str
    lines: dict[int, Line]
    lapsed: bool = False
    whole: bool = False

    @property
    def place_in_line(self) -> tuple[int, int]:
        return self.rank, self.number

    @property
    def missing(self) -> set[str]:
        """What the order waits for."""
        in_line = self.status in LIVE and not self.lapsed
        return {line.product for line in self.lines.values() if line.waiting and in_line}

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


def products_of(order: Ordered) -> set[str]:
    return {line.product for line in order.lines.values()}
