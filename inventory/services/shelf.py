"""The only place where figures of stock change: whole sets of rows in one guarded statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models
from django.utils import timezone

from core import often
from core.actors import Actor
from core.often import Remembered
from core.service import service
from inventory.errors import NotStocked, ShelfFull, StockMoved, UnknownProduct, UnknownWarehouse
from inventory.models import Allocation, Product, StockItem, StockMovement, Warehouse

MOST_UNITS = 2_000_000_000
# Three figures per row stay well below the 32,766 parameters that SQLite takes.
BATCH = 5_000


@dataclass(frozen=True)
class Change:
    """What is added to the figures of one stock row."""

    on_hand: int = 0
    quarantined: int = 0
    reserved: int = 0


def lock_shelf(*, products: Iterable[int], warehouses: Iterable[int]) -> list[StockItem]:
    """Lock the stock rows of products in warehouses, in pk order, and read their figures under the lock."""
    return _SHELF.rows(products=sorted(set(products)), warehouses=sorted(set(warehouses)))


# Asked with every order.
_SHELF = Remembered(
    lambda products, warehouses: StockItem.objects.locked().filter(
        product__pk__in=products, warehouse__pk__in=warehouses
    )
)


def lock_tied_shelf(reservation_id: int, *, warehouse_id: int | None = None) -> dict[int, StockItem]:
    """Lock the stock rows a demand has open units on. Whoever holds them holds the allocations too."""
    tied = open_ones().filter(reservation_id=reservation_id)
    if warehouse_id is not None:
        tied = tied.filter(stock_item__warehouse_id=warehouse_id)
    return {row.pk: row for row in StockItem.objects.locked().filter(pk__in=tied.values("stock_item_id"))}


def open_ones() -> "models.QuerySet[Allocation]":
    """Return the allocations that still tie units."""
    return Allocation.objects.filter(quantity__gt=models.F("consumed") + models.F("released"))


@service
def ensure_shelf(*, warehouse_id: int, product_ids: Iterable[int]) -> dict[int, StockItem]:
    """Lock the stock rows of products in one warehouse, by product, and make those that are missing."""
    wanted = sorted(set(product_ids))
    rows = {row.product_id: row for row in lock_shelf(products=wanted, warehouses=[warehouse_id])}
    if missing := [product for product in wanted if product not in rows]:
        require_stocked(missing, warehouse_id)
        new = [StockItem(product_id=product, warehouse_id=warehouse_id) for product in missing]
        # Somebody else may be making the same row: theirs serves as well.
        StockItem.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
        rows |= {row.product_id: row for row in lock_shelf(products=missing, warehouses=[warehouse_id])}
    return rows


def require_stocked(product_ids: Sequence[int], warehouse_id: int) -> None:
    """Refuse what is unknown, and what has no shelf."""
    known = dict(Product.objects.filter(pk__in=product_ids).values_list("pk", "kind"))
    if unknown := [str(product) for product in product_ids if product not in known]:
        raise UnknownProduct(f"There is no product {', '.join(unknown)}", products=unknown)
    if any(kind != Product.Kind.STOCKED for kind in known.values()):
        raise NotStocked("Kits, services and digital items have no stock of their own")
    if not Warehouse.objects.filter(pk=warehouse_id).exists():
        raise UnknownWarehouse(f"There is no warehouse {warehouse_id}", warehouse=warehouse_id)


@service
def change_shelf(changes: Mapping[int, Change]) -> None:
    """Change the figures of many stock rows in one statement, only where invariant I1 then still holds.

    Raises StockMoved when a row would break it: then the figures it was decided on were not the real ones.
    """
    rows = [(pk, one.on_hand, one.quarantined, one.reserved) for pk, one in sorted(changes.items())]
    assignments = (
        "on_hand = t.on_hand + v.column2, quarantined = t.quarantined + v.column3, reserved = t.reserved + v.column4"
    )
    guard = (
        "t.reserved + v.column4 >= 0 AND t.quarantined + v.column3 >= 0 "
        "AND t.on_hand + v.column2 - t.quarantined - v.column3 - t.reserved - v.column4 >= 0"
    )
    if _update_from_values(StockItem, assignments, guard, rows) != len(rows):
        raise StockMoved("Somebody else changed this stock at the same moment; look again")


@service
def use_allocations(uses: Mapping[int, int], *, column: str) -> None:
    """Mark open units of allocations as `consumed` or `released`, in one statement.

    Raises StockMoved when an allocation has not that many open units.
    """
    rows = sorted(uses.items())
    guard = "t.quantity - t.consumed - t.released >= v.column2"
    if _update_from_values(Allocation, f"{column} = t.{column} + v.column2", guard, rows) != len(rows):
        raise StockMoved("Somebody else changed these allocations at the same moment; look again")


def _update_from_values(
    model: type[models.Model], assignments: str, guard: str, rows: Sequence[tuple[int, ...]]
) -> int:
    """Run `UPDATE … FROM (VALUES …)`, which PostgreSQL and SQLite (since 3.33) both know. Returns rows changed."""
    if not rows:
        return 0
    table = connection.ops.quote_name(model._meta.db_table)
    # The casts tell PostgreSQL the types of parameters that are bound on the server.
    row = f"(CAST(%s AS bigint){', CAST(%s AS integer)' * (len(rows[0]) - 1)})"
    changed = 0
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        sql = (
            f"UPDATE {table} AS t SET {assignments} "  # noqa: S608 - our own names; figures are parameters
            f"FROM (VALUES {', '.join([row] * len(batch))}) AS v WHERE t.id = v.column1 AND {guard}"
        )
        with often.execute(sql, [figure for figures in batch for figure in figures]) as cursor:
            changed += cursor.rowcount
    return changed


@service
def write_movements(
    changes: Iterable[tuple[int, Change]],
    *,
    kind: str,
    actor: Actor,
    reason: str = "",
    reference: str = "",
    at: datetime | None = None,
) -> None:
    """Write down every change of on_hand and of quarantine (invariant I1: on_hand is their sum)."""
    when = at or timezone.now()
    StockMovement.objects.bulk_create(
        [
            StockMovement(
                stock_item_id=stock_item_id,
                kind=kind,
                quantity=change.on_hand,
                quarantine_quantity=change.quarantined,
                reason=reason,
                reference=reference,
                actor=str(actor),
                at=when,
            )
            for stock_item_id, change in changes
        ],
        batch_size=BATCH,
    )


def require_room(rows: Iterable[StockItem], units: int) -> None:
    """Refuse more units than a shelf can count."""
    if any(row.on_hand + units > MOST_UNITS for row in rows):
        raise ShelfFull(f"No shelf holds more than {MOST_UNITS:,} units")
