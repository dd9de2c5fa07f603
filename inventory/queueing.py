"""Free units that a demand leaves to those who stand in front of it. Plain figures in, plain figures out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from inventory.kits import Wanting, needs_of


class Asking(Wanting, Protocol):
    """A line that asks for units, now or when they come."""

    @property
    def quantity(self) -> int:
        """How many."""

    @property
    def may_backorder(self) -> bool:
        """Whether it may wait."""


def leave(free: dict[tuple[int, int], int], kept: Mapping[int, int], demand: Iterable[Asking] = ()) -> list[int]:
    """Take units out of what is free, as if others had them already. Returns the products that were free.

    Units that a line of the demand wants which may not wait are not left to anybody.
    """
    firm: dict[int, int] = defaultdict(int)
    for one in demand if kept else ():
        if not one.may_backorder:
            for product, per in needs_of(one):
                firm[product] += per * one.quantity
    left = []
    for product, wanted in sorted(kept.items()):
        places = sorted(place for place in free if place[0] == product)
        units = min(wanted, sum(free[place] for place in places) - firm[product])
        for place in places:
            if (taken := min(units, free[place])) > 0:
                free[place] -= taken
                units -= taken
                if product not in left:
                    left.append(product)
    return left
