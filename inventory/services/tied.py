"""Open allocations, in units of the lines they are tied to: the parts of a kit are used together or not at all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory.errors import StockMoved
from inventory.models import Allocation, StockItem


@dataclass(frozen=True)
class Lot:
    """Units of a line tied in one go in one warehouse; of a kit, the first of its parts speaks for the others."""

    reservation_id: int
    key: int
    warehouse_id: int
    units: int
    row: Allocation

    @property
    def place(self) -> tuple[int, int, int]:
        """Return what the parts of a kit have in common."""
        return self.reservation_id, self.key, self.warehouse_id


class Tied:
    """Allocations under the locks of their shelves, used in the order in which they are given."""

    def __init__(self, rows: Iterable[Allocation], shelf: Mapping[int, StockItem]) -> None:
        """Look at allocations; those of one line in one warehouse are of one product, or of the parts of one kit."""
        self.lots: list[Lot] = []
        # Units used by allocation, and by stock row.
        self.uses: dict[int, int] = defaultdict(int)
        self.used_of: dict[int, int] = defaultdict(int)
        self.rows: dict[int, Allocation] = {}
        self._at: dict[tuple[int, int, int], dict[int, list[Allocation]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            place = (row.reservation_id, row.key, shelf[row.stock_item_id].warehouse_id)
            self.rows[row.pk] = row
            parts = self._at[place]
            parts[row.stock_item_id].append(row)
            if next(iter(parts)) == row.stock_item_id:
                self.lots.append(Lot(*place, row.open // row.per, row))

    def use(self, lot: Lot, units: int) -> dict[int, int]:
        """Use units of a line: of each part as many as are in them. Returns what that takes, by allocation.

        Raises StockMoved where a part is missing.
        """
        used: dict[int, int] = {}
        for rows in self._at[lot.place].values():
            missing = units * rows[0].per
            for row in rows:
                some = min(missing, row.open - self.uses.get(row.pk, 0))
                if some > 0:
                    missing -= some
                    used[row.pk] = some
                    self.uses[row.pk] += some
                    self.used_of[row.stock_item_id] += some
            if missing:
                raise StockMoved("Somebody else changed these allocations at the same moment; look again")
        return used
