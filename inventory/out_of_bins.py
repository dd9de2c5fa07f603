"""Units that are on hand and do not lie in their bin: on a trolley, or packed. The floors above know, and say so here.

@takes_out
def on_trolleys(warehouse_id, product_ids): return {Taken(product_id, reservation_id, key): units}
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple


class Taken(NamedTuple):
    """Whose units are out: those of one product, for one line of a demand."""

    product_id: int
    reservation_id: int | None
    key: int


Taker = Callable[[int, Collection[int]], Mapping[Taken, int]]
TAKERS: dict[str, Taker] = {}


def takes_out(taker: Taker) -> Taker:
    """Register who takes units out of bins before they leave the building."""
    TAKERS[f"{taker.__module__}.{taker.__name__}"] = taker
    return taker


def taken_out(warehouse_id: int, product_ids: Collection[int]) -> dict[Taken, int]:
    """Return how many units of products are out of their bins, and for whom; one query per taker."""
    units: Counter[Taken] = Counter()
    for taker in TAKERS.values():
        units.update(dict(taker(warehouse_id, product_ids)))
    return dict(units)


def out_of_bins(warehouse_id: int, product_ids: Collection[int]) -> dict[int, int]:
    """Return how many units of products are out of their bins."""
    units: Counter[int] = Counter()
    for taken, some in taken_out(warehouse_id, product_ids).items():
        units[taken.product_id] += some
    return dict(units)
