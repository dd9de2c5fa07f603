"""Units that are on hand and do not lie in their bin: on a trolley, or packed. The floors above know, and say so here.

@takes_out
def on_trolleys(warehouse_id, product_ids): return {product_id: units}
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping

Taker = Callable[[int, Collection[int]], Mapping[int, int]]
TAKERS: dict[str, Taker] = {}


def takes_out(taker: Taker) -> Taker:
    """Register who takes units out of bins before they leave the building."""
    TAKERS[f"{taker.__module__}.{taker.__name__}"] = taker
    return taker


def out_of_bins(warehouse_id: int, product_ids: Collection[int]) -> dict[int, int]:
    """Return how many units of products are out of their bins, one query per taker."""
    units: Counter[int] = Counter()
    for taker in TAKERS.values():
        units.update(dict(taker(warehouse_id, product_ids)))
    return dict(units)
