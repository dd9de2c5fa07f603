"""Kits: sold as one, made of units that lie apart. Plain figures in, plain figures out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

# What goes into one kit: (product, units).
Parts = tuple[tuple[int, int], ...]
Stock = Mapping[tuple[int, int], int]


class Wanting(Protocol):
    """A line that wants units of a product, or of a kit."""

    @property
    def product_id(self) -> int:
        """What is sold."""

    @property
    def parts(self) -> Parts:
        """What it is made of; nothing where it lies on the shelf as it is."""


def needs_of(one: Wanting) -> Parts:
    """Return what lies on the shelves for one unit of a line."""
    return one.parts or ((one.product_id, 1),)


def take_from(left: dict[tuple[int, int], int], line: Wanting, place: int, units: int) -> None:
    """Take units of a line out of what is free in a place."""
    for product, per in needs_of(line):
        left[product, place] = left.get((product, place), 0) - per * units


def complete(parts: Parts, there: Mapping[int, int]) -> int:
    """Return how many kits the scarcest part allows, from units of products in one place."""
    return min((max(0, there.get(product, 0)) // per for product, per in parts), default=0)


def scarcest(parts: Parts, there: Mapping[int, int]) -> int | None:
    """Return the part of which the fewest kits can be made; None where there are no parts."""
    return min(parts, key=lambda part: there.get(part[0], 0) // part[1], default=(None,))[0]


def with_kits(stock: Stock, wanted: Iterable[Wanting]) -> dict[tuple[int, int], int]:
    """Return free units of (product, place) with those of kits, each as if nobody else wanted its parts.

    A kit comes whole from one place. Where two lines want a kit in two compositions, both get what suits either.
    """
    kits: dict[int, dict[int, int]] = defaultdict(dict)
    for one in wanted:
        for product, per in one.parts:
            kits[one.product_id][product] = max(per, kits[one.product_id].get(product, 0))
    found = dict(stock)
    if not kits:
        return found
    places: dict[int, dict[int, int]] = defaultdict(dict)
    for (product, place), units in stock.items():
        places[place][product] = units
    for kit, parts in kits.items():
        for place, there in places.items():
            found[kit, place] = complete(tuple(parts.items()), there)
    return found
