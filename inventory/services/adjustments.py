"""The shelf is not what the books say: counts, losses, finds, and what comes out of quarantine."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import service
from inventory.errors import BelowZero
from inventory.events import StockAdjusted, StockReceived, StockShortfall
from inventory.models import Allocation, StockItem, StockMovement
from inventory.out_of_bins import taken_out

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
    lying = item.on_hand - item.quarantined
    if lying + change < 0:
        raise BelowZero(f"Only {lying} units lie there", available=lying)
    require_room([item], change)
    _correct({item.pk: item}, {item.pk: change}, reason=reason, reference=reference, actor=actor, at=at)
    return item


@service
def adjust_shelves(
    changes: Mapping[int, int], *, reason: str, reference: str = "", actor: Actor, at: datetime | None = None
) -> dict[int, int]:
    """Correct many shelves by their differences, {stock_item_id: units}, in the same statements however many.

    No shelf can hold less than nothing: what moved since the difference was found cuts it. Promised units that are
    gone are dropped as by `adjust_stock`. Returns what was booked.
    """
    items = {item.pk: item for item in StockItem.objects.locked().filter(pk__in=changes)}
    require_room(items.values(), max(changes.values(), default=0))
    real = {pk: max(changes[pk], items[pk].quarantined - items[pk].on_hand) for pk in items}
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
    drops = _lowest_ranked(short, items)
    booked = {
        pk: Change(
            on_hand=0 if quarantine else change,
            quarantined=-change if quarantine else 0,
            reserved=-sum(units for _, units in drops.get(pk, ())),
        )
        for pk, change in changes.items()
    }
    change_shelf(booked)
    use_allocations({one.pk: units for rows in drops.values() for one, units in rows}, column="released")
    kind = StockMovement.Kind.QUARANTINE if quarantine else StockMovement.Kind.ADJUSTMENT
    write_movements(booked.items(), kind=kind, reason=reason, reference=reference, actor=actor, at=at)
    for pk, change in booked.items():
        items[pk].on_hand += change.on_hand
        items[pk].quarantined += change.quarantined
        items[pk].reserved += change.reserved
        _announce(items[pk], change=change.on_hand, reason=reason, drops=drops.get(pk, []), actor=actor, at=at)


@service
def quarantine_stock(
    stock_item_id: int, *, units: int, reason: str, actor: Actor, at: datetime | None = None
) -> StockItem:
    """Set units apart that cannot be sold as they are: damaged, recalled, to be checked. They stay in the house.

    Where more is set apart than is free, the lowest-ranked demands lose their units, as when they were lost.
    """
    if not reason.strip():
        raise Invalid("Say why")
    item = StockItem.objects.locked().get(pk=stock_item_id)
    lying = item.on_hand - item.quarantined
    if not 1 <= units <= lying:
        raise BelowZero(f"Only {lying} units lie there", available=lying)
    _correct({item.pk: item}, {item.pk: -units}, reason=reason, reference="", actor=actor, at=at, quarantine=True)
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


def _lowest_ranked(
    short: Mapping[int, int], items: Mapping[int, StockItem]
) -> dict[int, list[tuple[Allocation, int]]]:
    """Choose promised units to drop, per shelf: the highest rank figure loses first, of equals the youngest.

    What was fetched from the shelf already is dropped only where nothing else is left.
    """
    drops: dict[int, list[tuple[Allocation, int]]] = defaultdict(list)
    if not short:
        return drops
    left = dict(short)
    lost: dict[Allocation, int] = defaultdict(int)
    fetched = _fetched(short, items)
    for spared in (fetched, {}) if fetched else ({},):
        rows = open_ones().filter(stock_item__in=left).order_by("-reservation__rank", "-reservation_id", "-pk")
        may_go = dict(spared)
        for one in rows.iterator(chunk_size=200):
            whose = (one.stock_item_id, one.reservation_id, one.key)
            units = min(left[one.stock_item_id], one.open - lost[one], may_go.get(whose, one.open))
            left[one.stock_item_id] -= units
            lost[one] += units
            if whose in may_go:
                may_go[whose] -= units
            if not any(left.values()):
                break
    for one, units in lost.items():
        if units:
            drops[one.stock_item_id].append((one, units))
    return drops


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


def _announce(
    item: StockItem,
    *,
    change: int,
    reason: str,
    drops: list[tuple[Allocation, int]],
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
                drops=[[allocation.reservation_id, allocation.key, units] for allocation, units in drops],
            ),
            actor=actor,
            at=at,
        )
