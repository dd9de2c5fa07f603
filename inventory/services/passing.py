"""Tied units change hands: from demands that may wait to one that may not, without ever being free in between."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.actors import Actor
from core.service import service
from inventory.errors import NotReserved
from inventory.models import Allocation, StockItem

from .shelf import open_ones, use_allocations
from .tied import Tied


@dataclass(frozen=True)
class Passing:
    """Units of one line of a demand, in one warehouse, and the line of another demand that gets them."""

    reservation_id: int
    key: int
    warehouse_id: int
    units: int
    to_key: int

    @property
    def place(self) -> tuple[int, int, int]:
        """Return whose units they are, and where."""
        return self.reservation_id, self.key, self.warehouse_id


@service
def pass_on(passings: Sequence[Passing], *, to_reservation: int, actor: Actor) -> None:
    """Tie units of some demands to another one. All their stock rows are locked at once, in pk order.

    What lies on the shelves and what of it is promised stays the same, so nobody else can get in between. Raises
    NotReserved when a demand has fewer units tied there, and nothing changes.
    """
    givers = {one.reservation_id for one in passings}
    places, keys = {one.warehouse_id for one in passings}, {one.key for one in passings}
    tied = open_ones().filter(reservation_id__in=givers, stock_item__warehouse__in=places, key__in=keys)
    shelf = {row.pk: row for row in StockItem.objects.locked().filter(pk__in=tied.values("stock_item_id"))}
    # What was tied last goes first; read under the locks of the shelves, which hold the allocations too.
    rows = Tied(open_ones().filter(reservation_id__in=givers, stock_item_id__in=shelf).order_by("-pk"), shelf)
    left = [lot.units for lot in rows.lots]
    gained: dict[tuple[int, int], int] = defaultdict(int)
    like: dict[tuple[int, int], Allocation] = {}
    for passing in passings:
        wanted = passing.units
        for index, lot in enumerate(rows.lots):
            if lot.place == passing.place and (units := min(wanted, left[index])):
                wanted -= units
                left[index] -= units
                for pk, used in rows.use(lot, units).items():
                    taken = (rows.rows[pk].stock_item_id, passing.to_key)
                    like[taken] = rows.rows[pk]
                    gained[taken] += used
        if wanted:
            raise NotReserved("These units are not tied there any more", missing={passing.key: wanted})
    use_allocations(rows.uses, column="released")
    Allocation.objects.bulk_create(
        like[stock_item_id, key].anew(units, reservation_id=to_reservation, key=key)
        for (stock_item_id, key), units in sorted(gained.items())
    )
