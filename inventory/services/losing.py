"""Who loses units that are promised and not there: chosen under the locks of the shelves, kits as a whole."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inventory.errors import StockMoved
from inventory.models import Allocation, StockItem
from inventory.out_of_bins import taken_out

from .shelf import open_ones

# Units of one line of a demand on one shelf: (shelf, reservation, key).
Whose = tuple[int, int, int]


@dataclass
class Drops:
    """Promised units that go: by which allocations, what is freed per shelf, and what the demands lose."""

    uses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    freed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    # The shelves of kits that are free now, by the demand that had them.
    spared: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _lost: dict[int, dict[int, list[int]]] = field(default_factory=lambda: defaultdict(dict))

    def lost(self, shelf: int) -> list[list[int]]:
        """Return what is lost for the sake of a shelf as (reservation, key, units of the line)."""
        return [one for one in self._lost.get(shelf, {}).values() if one[2]]

    def lose(self, one: Allocation, units: int) -> None:
        """Note what a line loses for the sake of the shelf of an allocation."""
        noted = self._lost[one.stock_item_id].setdefault(one.pk, [one.reservation_id, one.key, 0])
        noted[2] += units

    def use(self, one: Allocation, units: int) -> None:
        """Take units out of an allocation."""
        self.uses[one.pk] += units
        self.freed[one.stock_item_id] += units

    def left_of(self, one: Allocation) -> int:
        """Return what is still tied by an allocation."""
        return one.open - self.uses.get(one.pk, 0)


def lowest_ranked(short: Mapping[int, int], items: Mapping[int, StockItem]) -> Drops:
    """Choose promised units to drop, per shelf: the highest rank figure loses first, of equals the youngest.

    What was fetched from the shelf already is dropped only where nothing else is left. Of a kit all parts go that
    lie in the same place, in whole kits.
    """
    drops = Drops()
    if not short:
        return drops
    left = dict(short)
    fetched = _fetched(short, items)
    for spared in (fetched, {}) if fetched else ({},):
        rows = open_ones().filter(stock_item__in=left).order_by("-reservation__rank", "-reservation_id", "-pk")
        may_go = dict(spared)
        for one in rows.iterator(chunk_size=200):
            there = drops.left_of(one)
            there = min(there, may_go.get((one.stock_item_id, one.reservation_id, one.key), there))
            units = min(max(0, left[one.stock_item_id]), there)
            kits = min(-(-units // one.per), there // one.per)
            gone = _of_kit(one, kits, drops, items) if one.kit_id is not None and kits else [(one, units)]
            for row, some in gone:
                drops.use(row, some)
                whose = (row.stock_item_id, row.reservation_id, row.key)
                if whose in may_go:
                    may_go[whose] -= some
                if row.stock_item_id in left:
                    left[row.stock_item_id] -= some
            drops.lose(one, kits if one.kit_id is not None else units)
            if not any(units > 0 for units in left.values()):
                break
    drops.uses = {pk: units for pk, units in drops.uses.items() if units}
    return drops


def _of_kit(
    one: Allocation, kits: int, drops: Drops, items: Mapping[int, StockItem]
) -> Iterable[tuple[Allocation, int]]:
    """Return which allocations lose how many units where whole kits go for the sake of one of their parts."""
    missing: dict[int, int] = {}
    gone = []
    same = open_ones().filter(reservation=one.reservation_id, key=one.key).order_by("-pk")
    for row in same.filter(stock_item__warehouse=items[one.stock_item_id].warehouse_id):
        if row.stock_item_id not in items:
            raise StockMoved("Somebody else changed this stock at the same moment; look again")
        some = min(missing.setdefault(row.stock_item_id, kits * row.per), drops.left_of(row))
        missing[row.stock_item_id] -= some
        gone.append((row, some))
        drops.spared[row.reservation_id].add(row.stock_item_id)
    return gone


def _fetched(short: Mapping[int, int], items: Mapping[int, StockItem]) -> dict[tuple[int, int, int], int]:
    """Return, by (shelf, reservation, key) of which some were fetched already, how many units were not."""
    shelves: dict[int, dict[int, int]] = defaultdict(dict)
    for pk in short:
        shelves[items[pk].warehouse_id][items[pk].product_id] = pk
    out = {
        (shelf[taken.product_id], taken.reservation_id, taken.key): units
        for warehouse_id, shelf in shelves.items()
        for taken, units in taken_out(warehouse_id, shelf).items()
        if taken.reservation_id is not None
    }
    if not out:
        return {}
    rows = open_ones().filter(stock_item__in=short, reservation_id__in={reservation for _, reservation, _ in out})
    tied: dict[tuple[int, int, int], int] = defaultdict(int)
    for one in rows:
        tied[one.stock_item_id, one.reservation_id, one.key] += one.open
    return {whose: max(0, tied[whose] - units) for whose, units in out.items()}
