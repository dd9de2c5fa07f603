"""Tied units change the warehouse they come from: given back here and tied there, in one go."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from core.actors import Actor
from core.outbox import emit
from core.service import service
from inventory.errors import InsufficientStock, NotReserved
from inventory.events import StockReleased
from inventory.models import Allocation, Product, StockItem

from .shelf import Change, change_shelf, open_ones, use_allocations
from .tied import Tied


@service
def reroute(
    reservation_id: int,
    *,
    units: Mapping[int, int],
    from_warehouse: int,
    to_warehouse: int,
    actor: Actor,
    at: datetime | None = None,
) -> None:
    """Move units of a demand, by key, from one warehouse to another.

    The stock rows of both are locked once, in pk order, so that nobody takes the units in between. Raises NotReserved
    when a key has fewer units tied here, and InsufficientStock when there are not enough free ones there.
    """
    tied = open_ones().filter(reservation_id=reservation_id, stock_item__warehouse_id=from_warehouse)
    mine = tied.filter(key__in=units)
    wanted = Q(pk__in=mine.values("stock_item_id")) | Q(
        warehouse_id=to_warehouse, product_id__in=mine.values("stock_item__product_id")
    )
    shelf = {row.pk: row for row in StockItem.objects.locked().filter(wanted)}
    there = {row.product_id: row for row in shelf.values() if row.warehouse_id == to_warehouse}
    left = {key: count for key, count in units.items() if count > 0}
    tied_here = Tied(mine.order_by("-pk"), shelf)
    for lot in tied_here.lots:
        if count := min(lot.units, left.get(lot.key, 0)):
            left[lot.key] -= count
            tied_here.use(lot, count)
    changes: dict[int, int] = defaultdict(int)
    lacking: dict[int, int] = defaultdict(int)
    new: list[Allocation] = []
    for pk, count in tied_here.uses.items():
        one = tied_here.rows[pk]
        product = shelf[one.stock_item_id].product_id
        changes[one.stock_item_id] -= count
        lacking[product] += count
        if (row := there.get(product)) is not None:
            changes[row.pk] += count
            new.append(one.anew(count, stock_item_id=row.pk))
    if missing := {key: count for key, count in left.items() if count}:
        raise NotReserved(
            "These units are not reserved at this warehouse", missing=missing, warehouses=[from_warehouse]
        )
    _refuse_shortage(lacking, there)
    if not tied_here.uses:
        return
    change_shelf({pk: Change(reserved=count) for pk, count in changes.items()})
    use_allocations(tied_here.uses, column="released")
    Allocation.objects.bulk_create(new)
    emit(StockReleased(reservation_id=reservation_id, product_ids=sorted(lacking)), actor=actor, at=at)


def _refuse_shortage(wanted: Mapping[int, int], there: Mapping[int, StockItem]) -> None:
    free = {product: there[product].available if product in there else 0 for product in wanted}
    if not (short := sorted(product for product in wanted if free[product] < wanted[product])):
        return
    skus = dict(Product.objects.filter(pk__in=short).values_list("pk", "sku"))
    shortages = [{"sku": skus[product], "requested": wanted[product], "available": free[product]} for product in short]
    names = ", ".join(str(one["sku"]) for one in shortages)
    raise InsufficientStock(f"Not enough stock of {names} there", shortages=shortages)
