"""The shelf is not what the books say: counts, losses, finds, and what comes out of quarantine."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import service
from inventory.errors import BelowZero
from inventory.events import StockAdjusted, StockReceived, StockReleased, StockShortfall
from inventory.models import StockItem, StockMovement

from .losing import lowest_ranked
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
    item, items = _locked_item(stock_item_id, product_id, warehouse_id)
    lying = item.on_hand - item.quarantined
    if lying + change < 0:
        raise BelowZero(f"Only {lying} units lie there", available=lying)
    require_room([item], change)
    _correct(items, {item.pk: change}, reason=reason, reference=reference, actor=actor, at=at)
    return item


@service
def adjust_shelves(
    changes: Mapping[int, int], *, reason: str, reference: str = "", actor: Actor, at: datetime | None = None
) -> dict[int, int]:
    """Correct many shelves by their differences, {stock_item_id: units}, in the same statements however many.

    No shelf can hold less than nothing: what moved since the difference was found cuts it. Promised units that are
    gone are dropped as by `adjust_stock`. Returns what was booked.
    """
    items = locked_with_kits(Q(pk__in=changes))
    require_room(items.values(), max(changes.values(), default=0))
    real = {pk: max(changes[pk], items[pk].quarantined - items[pk].on_hand) for pk in items if pk in changes}
    booked = {pk: change for pk, change in real.items() if change}
    _correct(items, booked, reason=reason, reference=reference, actor=actor, at=at)
    return real


@service
def _correct(
    items: Mapping[int, StockItem],
    changes: Mapping[int, int],
    *,
    reason: str,
    reference: str,
    actor: Actor,
    at: datetime | None,
    quarantine: bool = False,
) -> None:
    """Book differences of locked shelves, and drop the lowest-ranked promises that they leave without a unit.

    With `quarantine` the units stay in the house and are set apart: a difference of -3 puts three there.
    """
    short = {
        pk: missing
        for pk, change in changes.items()
        if (missing := items[pk].reserved - (items[pk].on_hand - items[pk].quarantined + change)) > 0
    }
    drops = lowest_ranked(short, items)
    booked = {
        pk: Change(
            on_hand=0 if quarantine else changes.get(pk, 0),
            quarantined=-changes.get(pk, 0) if quarantine else 0,
            reserved=-drops.freed.get(pk, 0),
        )
        for pk in {**changes, **drops.freed}
    }
    change_shelf(booked)
    use_allocations(drops.uses, column="released")
    kind = StockMovement.Kind.QUARANTINE if quarantine else StockMovement.Kind.ADJUSTMENT
    moved = [(pk, booked[pk]) for pk in changes]
    write_movements(moved, kind=kind, reason=reason, reference=reference, actor=actor, at=at)
    for pk, change in booked.items():
        items[pk].on_hand += change.on_hand
        items[pk].quarantined += change.quarantined
        items[pk].reserved += change.reserved
    for pk, change in moved:
        _announce(items[pk], change=change.on_hand, reason=reason, drops=drops.lost(pk), actor=actor, at=at)
    # The other parts of kits that are gone are free again.
    for reservation_id, shelves in sorted(drops.spared.items()):
        products = sorted({items[pk].product_id for pk in shelves})
        emit(StockReleased(reservation_id=reservation_id, product_ids=products), actor=actor, at=at)


@service
def quarantine_stock(
    stock_item_id: int, *, units: int, reason: str, actor: Actor, at: datetime | None = None
) -> StockItem:
    """Set units apart that cannot be sold as they are: damaged, recalled, to be checked. They stay in the house.

    Where more is set apart than is free, the lowest-ranked demands lose their units, as when they were lost.
    """
    if not reason.strip():
        raise Invalid("Say why")
    item, items = _locked_item(stock_item_id, None, None)
    lying = item.on_hand - item.quarantined
    if not 1 <= units <= lying:
        raise BelowZero(f"Only {lying} units lie there", available=lying)
    _correct(items, {item.pk: -units}, reason=reason, reference="", actor=actor, at=at, quarantine=True)
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
    item = StockItem.objects.locked().get(pk=stock_item_id)
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


def _locked_item(
    stock_item_id: int | None, product_id: int | None, warehouse_id: int | None
) -> tuple[StockItem, dict[int, StockItem]]:
    """Lock a shelf, and those that its kits are tied to as well. Returns it, and all of them."""
    if stock_item_id is None and (product_id is None or warehouse_id is None):
        raise Invalid("Say which stock: its id, or product and warehouse")
    wanted = Q(pk=stock_item_id) if stock_item_id is not None else Q(product_id=product_id, warehouse_id=warehouse_id)
    items = locked_with_kits(wanted)
    for item in items.values():
        if stock_item_id == item.pk or (item.product_id, item.warehouse_id) == (product_id, warehouse_id):
            return item, items
    if product_id is None or warehouse_id is None:
        raise StockItem.DoesNotExist
    item = ensure_shelf(warehouse_id=warehouse_id, product_ids=[product_id])[product_id]
    return item, {item.pk: item}


def locked_with_kits(wanted: Q) -> dict[int, StockItem]:
    """Lock shelves and, in the same pk order, those of the other parts of kits that are tied to them.

    Who loses a part loses the kit.
    """
    mine = open_ones().filter(kit__isnull=False, stock_item__in=StockItem.objects.filter(wanted).values("pk"))
    same = mine.filter(reservation=OuterRef("reservation"), key=OuterRef("key"))
    others = open_ones().filter(Exists(same), kit__isnull=False, reservation__in=mine.values("reservation"))
    rows = StockItem.objects.locked().filter(wanted | Q(pk__in=others.values("stock_item")))
    return {row.pk: row for row in rows}


def _announce(
    item: StockItem,
    *,
    change: int,
    reason: str,
    drops: list[list[int]],
    actor: Actor,
    at: datetime | None,
) -> None:
    if change:
        adjusted = StockAdjusted(
            stock_item_id=item.pk,
            product_id=item.product_id,
            warehouse_id=item.warehouse_id,
            change=change,
            reason=reason,
        )
        emit(adjusted, actor=actor, at=at)
    if change > 0:
        emit(StockReceived(warehouse_id=item.warehouse_id, product_ids=[item.product_id]), actor=actor, at=at)
    if drops:
        emit(
            StockShortfall(
                stock_item_id=item.pk,
                product_id=item.product_id,
                warehouse_id=item.warehouse_id,
                reason=reason,
                drops=drops,
            ),
            actor=actor,
            at=at,
        )
