"""The shelf is not what the books say: counts, losses, finds, and what comes out of quarantine."""

from collections.abc import Iterator
from datetime import datetime

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import service
from inventory.errors import BelowZero
from inventory.events import StockAdjusted, StockReceived, StockShortfall
from inventory.models import Allocation, StockItem, StockMovement

from .shelf import Change, change_shelf, ensure_shelf, open_ones, require_room, use_allocations, write_movements
from .supply import MOST_PER_BOOKING


@service
def adjust_stock(
    *,
    stock_item_id: int | None = None,
    product_id: int | None = None,
    warehouse_id: int | None = None,
    change: int,
    reason: str,
    reference: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> StockItem:
    """Correct what is on hand by a difference, with a reason.

    A loss below what is promised is accepted: the lowest-ranked demands lose their units in the
    same transaction, and StockShortfall says which. Raises BelowZero when less would lie there
    than nothing. Returns the row with its new figures.
    """
    _require_change(change, reason)
    item = _locked_item(stock_item_id, product_id, warehouse_id)
    usable = item.on_hand - item.quarantined + change
    if usable < 0:
        raise BelowZero(
            f"Only {item.on_hand - item.quarantined} units lie there", available=item.on_hand - item.quarantined
        )
    require_room([item], change)
    drops = list(_lowest_ranked(item, units=item.reserved - usable))
    dropped = sum(units for _, units in drops)
    booked = Change(on_hand=change, reserved=-dropped)
    change_shelf({item.pk: booked})
    if drops:
        use_allocations({allocation.pk: units for allocation, units in drops}, column="released")
    write_movements(
        [(item.pk, booked)],
        kind=StockMovement.Kind.ADJUSTMENT,
        reason=reason,
        reference=reference,
        actor=actor,
        at=at,
    )
    item.on_hand += change
    item.reserved -= dropped
    _announce(item, change=change, reason=reason, drops=drops, actor=actor, at=at)
    return item


@service
def settle_quarantine(
    *,
    stock_item_id: int,
    units: int,
    scrap: bool = False,
    reason: str,
    actor: Actor,
    at: datetime | None = None,
) -> StockItem:
    """Let units out of quarantine: back to where they can be sold, or out of the books."""
    if not reason.strip():
        raise Invalid("Say why")
    item = _locked_item(stock_item_id, None, None)
    if not 1 <= units <= item.quarantined:
        raise BelowZero(f"{item.quarantined} units are in quarantine", available=item.quarantined)
    booked = Change(on_hand=-units if scrap else 0, quarantined=-units)
    change_shelf({item.pk: booked})
    write_movements([(item.pk, booked)], kind=StockMovement.Kind.QUARANTINE, reason=reason, actor=actor, at=at)
    item.quarantined -= units
    item.on_hand += booked.on_hand
    if not scrap:
        emit(StockReceived(warehouse_id=item.warehouse_id, product_ids=[item.product_id]), actor=actor, at=at)
    return item


def _require_change(change: int, reason: str) -> None:
    if change == 0 or abs(change) > MOST_PER_BOOKING:
        raise Invalid(f"A difference is a whole number up to {MOST_PER_BOOKING:,}, and not zero")
    if not reason.strip():
        raise Invalid("Say why")


def _locked_item(stock_item_id: int | None, product_id: int | None, warehouse_id: int | None) -> StockItem:
    if stock_item_id is not None:
        return StockItem.objects.locked().get(pk=stock_item_id)
    if product_id is None or warehouse_id is None:
        raise Invalid("Say which stock: its id, or product and warehouse")
    return ensure_shelf(warehouse_id=warehouse_id, product_ids=[product_id])[product_id]


def _lowest_ranked(item: StockItem, *, units: int) -> Iterator[tuple[Allocation, int]]:
    """Choose promised units to drop: the highest rank figure loses first, of equals the youngest."""
    if units <= 0:
        return
    rows = open_ones().filter(stock_item=item).order_by("-reservation__rank", "-reservation_id", "-pk")
    for allocation in rows.iterator(chunk_size=200):
        lost = min(units, allocation.open)
        units -= lost
        yield allocation, lost
        if not units:
            return


def _announce(
    item: StockItem,
    *,
    change: int,
    reason: str,
    drops: list[tuple[Allocation, int]],
    actor: Actor,
    at: datetime | None,
) -> None:
    emit(
        StockAdjusted(
            stock_item_id=item.pk,
            product_id=item.product_id,
            warehouse_id=item.warehouse_id,
            change=change,
            reason=reason,
        ),
        actor=actor,
        at=at,
    )
    if change > 0:
        emit(StockReceived(warehouse_id=item.warehouse_id, product_ids=[item.product_id]), actor=actor, at=at)
    if drops:
        emit(
            StockShortfall(
                stock_item_id=item.pk,
                product_id=item.product_id,
                warehouse_id=item.warehouse_id,
                reason=reason,
                drops=[[allocation.reservation_id, allocation.key, units] for allocation, units in drops],
            ),
            actor=actor,
            at=at,
        )
