"""Goods go from one warehouse to another: out at the source, in transit, in at the destination."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from core.actors import Actor
from core.errors import Invalid
from core.numbering import draw_number
from core.outbox import emit
from core.service import note_change, service
from core.validation import check_fields
from inventory.errors import InsufficientStock, NotExpected, TransferMoved, UnknownWarehouse
from inventory.events import StockReceived, SupplyChanged, TransferReceived, TransferSent
from inventory.models import Product, StockItem, StockMovement, Transfer, TransferLine, Warehouse

from .once import claim
from .receiving import GOODS_IN, keep_bins
from .shelf import (
    BATCH,
    Change,
    change_shelf,
    ensure_shelf,
    lock_shelf,
    require_room,
    require_stocked,
    write_movements,
)
from .supply import require_units

Status = Transfer.Status
SERIES = "transfer"


@dataclass(frozen=True, kw_only=True)
class TransferInput:
    """What somebody says about a transfer; `units` are {product_id: units}."""

    source_id: int
    destination_id: int
    units: Mapping[int, int]
    expected_on: date
    note: str = ""


@service
def create_transfer(wanted: TransferInput, *, token: str = "", actor: Actor) -> Transfer:
    """Write down what shall go to another warehouse. Nothing moves yet, and nothing is kept for it."""
    claim("inventory.transfer", token, [wanted.source_id, wanted.destination_id, sorted(wanted.units.items())])
    if wanted.source_id == wanted.destination_id:
        fault = {"pointer": "/destination", "code": "invalid", "detail": "That is where the goods are"}
        raise Invalid("A transfer goes to another warehouse", errors=[fault])
    require_units(wanted.units)
    _require_open(wanted.source_id, wanted.destination_id)
    require_stocked(sorted(wanted.units), wanted.destination_id)
    transfer = Transfer(
        source_id=wanted.source_id,
        destination_id=wanted.destination_id,
        expected_on=wanted.expected_on,
        note=wanted.note,
    )
    check_fields(transfer, ["note"])
    transfer.number = f"TR-{draw_number(SERIES):06}"
    transfer.save(force_insert=True)
    _write_lines(transfer, wanted.units)
    after = {"from": transfer.source.code, "to": transfer.destination.code, "units": sum(wanted.units.values())}
    note_change(transfer, "inventory.transfer.created", actor=actor, after=after)
    return transfer


@service
def change_transfer(transfer_id: int, changes: Mapping[str, Any], *, actor: Actor) -> Transfer:
    """Change what a draft says: `units`, `expected_on` and `note`; of one on its way only the day and the note."""
    transfer = Transfer.objects.locked().get(pk=transfer_id)
    if transfer.status not in (Status.DRAFT, Status.SENT):
        raise TransferMoved("This transfer is over")
    before = {name: getattr(transfer, name) for name in ("expected_on", "note") if name in changes}
    for name in before:
        setattr(transfer, name, changes[name])
    check_fields(transfer, ["note"])
    after = {name: changes[name] for name in before}
    if "units" in changes:
        if transfer.status != Status.DRAFT:
            raise TransferMoved("What is on its way cannot be changed any more")
        require_units(changes["units"])
        require_stocked(sorted(changes["units"]), transfer.destination_id)
        before["units"] = sum(transfer.lines.values_list("quantity", flat=True))
        after["units"] = sum(changes["units"].values())
        transfer.lines.all().delete()
        _write_lines(transfer, changes["units"])
    transfer.save(update_fields=["expected_on", "note"])
    note_change(transfer, "inventory.transfer.changed", actor=actor, before=before, after=after)
    if transfer.status == Status.SENT:
        _tell_supply(transfer, transfer.lines.values_list("product_id", flat=True), actor=actor)
    return transfer


@service
def send_transfer(transfer_id: int, *, actor: Actor, at: datetime | None = None) -> Transfer:
    """Let the goods of a transfer leave: off the shelf of the source, and incoming at the destination.

    Never takes what is promised or in quarantine: raises InsufficientStock, before anything is written.
    """
    when = at or timezone.now()
    transfer = _move(transfer_id, Status.DRAFT, Status.SENT, sent_at=when)
    lines = list(transfer.lines.select_related("product").order_by("pk"))
    products = [line.product_id for line in lines]
    # Both ends in one go, so that two transfers that cross each other cannot wait for one another.
    rows = lock_shelf(products=products, warehouses=[transfer.source_id, transfer.destination_id])
    shelf = {row.product_id: row for row in rows if row.warehouse_id == transfer.source_id}
    _refuse_shortage(lines, shelf)
    known = {row.product_id for row in rows if row.warehouse_id == transfer.destination_id}
    new = [StockItem(product_id=one, warehouse_id=transfer.destination_id) for one in products if one not in known]
    StockItem.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
    changes = {shelf[line.product_id].pk: Change(on_hand=-line.quantity) for line in lines}
    change_shelf(changes)
    _write_transfer(transfer, changes, actor=actor, at=when)
    transfer.lines.update(in_transit=True)
    _note_status(transfer, Status.DRAFT, actor=actor)
    emit(
        TransferSent(
            transfer_id=transfer.pk,
            number=transfer.number,
            source_id=transfer.source_id,
            destination_id=transfer.destination_id,
        ),
        actor=actor,
        at=when,
    )
    _tell_supply(transfer, products, actor=actor)
    return transfer


@service
def receive_transfer(
    transfer_id: int,
    *,
    units: Mapping[int, int],
    bins: Mapping[int, str] | None = None,
    close: bool = False,
    reason: str = "",
    token: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> Transfer:
    """Book what arrived of a transfer, {product_id: units}; the rest stays on its way.

    With `close` nothing more comes: what is missing is lost, for a `reason`, and stands as an adjustment in the
    movements of the destination. More than was sent cannot arrive: raises NotExpected.
    """
    claim(GOODS_IN, token, [sorted(units.items()), close])
    transfer = Transfer.objects.locked().get(pk=transfer_id)
    if transfer.status != Status.SENT:
        raise TransferMoved("Nothing of this transfer is on its way")
    lines = list(transfer.lines.select_related("product").order_by("pk"))
    if not units and not close:
        raise Invalid("Say how many units of what")
    if units:
        require_units(units)
    _refuse_more(lines, units)
    lost = _take_in(lines, units, close=close)
    if lost and not reason.strip():
        fault = {"pointer": "/reason", "code": "required", "detail": "Say what became of the units that are missing"}
        raise Invalid(fault["detail"], errors=[fault])
    when = at or timezone.now()
    shelf = ensure_shelf(warehouse_id=transfer.destination_id, product_ids=[line.product_id for line in lines])
    _put_on_shelf(transfer, shelf, units, lost, reason=reason, actor=actor, at=when)
    keep_bins([shelf[product] for product in units], bins or {}, actor=actor)
    TransferLine.objects.bulk_update(lines, ["received", "lost", "in_transit"], batch_size=500)
    is_over = not any(line.open for line in lines)
    if is_over:
        Transfer.objects.filter(pk=transfer.pk, status=Status.SENT).update(status=Status.RECEIVED, received_at=when)
        transfer.status, transfer.received_at = Status.RECEIVED, when
        _note_status(transfer, Status.SENT, actor=actor, note=reason)
    else:
        after = {"received": sum(units.values())}
        note_change(transfer, "inventory.transfer.changed", actor=actor, after=after)
    _tell_arrival(transfer, units, sum(lost.values()), is_over=is_over, actor=actor, at=when)
    _tell_supply(transfer, [line.product_id for line in lines], actor=actor)
    return transfer


@service
def cancel_transfer(transfer_id: int, *, reason: str, actor: Actor, at: datetime | None = None) -> Transfer:
    """Give a transfer up. What was sent and has not begun to arrive lies on the shelf of the source again."""
    before = Transfer.objects.locked().get(pk=transfer_id)
    lines = list(before.lines.all())
    if before.status == Status.SENT and any(line.received or line.lost for line in lines):
        raise TransferMoved("Part of it has arrived already: receive the rest, or say that nothing more comes")
    if before.status not in (Status.DRAFT, Status.SENT):
        raise TransferMoved("This transfer is over")
    transfer = _move(transfer_id, before.status, Status.CANCELLED)
    if before.status == Status.SENT:
        units = {line.product_id: line.quantity for line in lines}
        shelf = ensure_shelf(warehouse_id=transfer.source_id, product_ids=units)
        require_room(shelf.values(), max(units.values()))
        changes = {shelf[product].pk: Change(on_hand=count) for product, count in units.items()}
        change_shelf(changes)
        _write_transfer(transfer, changes, actor=actor, at=at, reason=reason)
        transfer.lines.update(in_transit=False)
        emit(StockReceived(warehouse_id=transfer.source_id, product_ids=sorted(units)), actor=actor, at=at)
        _tell_supply(transfer, units, actor=actor)
    _note_status(transfer, before.status, actor=actor, note=reason)
    return transfer


def _require_open(*warehouse_ids: int) -> None:
    known = set(Warehouse.objects.filter(pk__in=warehouse_ids, active=True).values_list("pk", flat=True))
    if missing := [str(pk) for pk in warehouse_ids if pk not in known]:
        raise UnknownWarehouse(f"There is no open warehouse {', '.join(missing)}")


@service
def _write_lines(transfer: Transfer, units: Mapping[int, int]) -> None:
    TransferLine.objects.bulk_create(
        TransferLine(transfer=transfer, product_id=product, quantity=quantity) for product, quantity in units.items()
    )


@service
def _move(transfer_id: int, source: str, target: str, **moments: datetime) -> Transfer:
    """Take the status one step on, if it still is where the step begins."""
    if not Transfer.objects.filter(pk=transfer_id, status=source).update(status=target, **moments):
        raise TransferMoved("This transfer was sent, received or cancelled already")
    return Transfer.objects.locked().get(pk=transfer_id)


def _note_status(transfer: Transfer, before: str, *, actor: Actor, note: str = "") -> None:
    note_change(
        transfer,
        "inventory.transfer.changed",
        actor=actor,
        before={"status": before},
        after={"status": transfer.status},
        note=note,
    )


def _refuse_shortage(lines: list[TransferLine], shelf: Mapping[int, StockItem]) -> None:
    """Raise InsufficientStock where less lies there than shall leave, without what is promised or in quarantine."""
    free = {product: row.on_hand - row.quarantined - row.reserved for product, row in shelf.items()}
    shortages = [
        {"sku": line.product.sku, "requested": line.quantity, "available": max(0, free.get(line.product_id, 0))}
        for line in lines
        if line.quantity > free.get(line.product_id, 0)
    ]
    if shortages:
        named = ", ".join(f"{one['sku']}: {one['available']} of {one['requested']}" for one in shortages)
        raise InsufficientStock(
            f"Not all of it may leave; the rest is promised, in quarantine or not there ({named})", shortages=shortages
        )


def _refuse_more(lines: list[TransferLine], units: Mapping[int, int]) -> None:
    open_units = {line.product_id: line.open for line in lines}
    wrong = sorted(product for product, count in units.items() if count > open_units.get(product, 0))
    if wrong:
        skus = ", ".join(Product.objects.filter(pk__in=wrong).order_by("sku").values_list("sku", flat=True))
        raise NotExpected(f"More of {skus} than is on its way: count both shelves", skus=skus)


def _take_in(lines: list[TransferLine], units: Mapping[int, int], *, close: bool) -> dict[int, int]:
    """Write on the lines what arrived; with `close` what did not is lost. Returns what was lost, by product."""
    lost = {}
    for line in lines:
        line.received += units.get(line.product_id, 0)
        if close and line.open:
            lost[line.product_id] = line.open
            line.lost += line.open
        line.in_transit = bool(line.open)
    return lost


def _put_on_shelf(
    transfer: Transfer,
    shelf: Mapping[int, StockItem],
    units: Mapping[int, int],
    lost: Mapping[int, int],
    *,
    reason: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Book what arrived, and in the movements what was lost on the way: in with the rest, and out again as a loss."""
    require_room(shelf.values(), max(units.values(), default=0))
    change_shelf({shelf[product].pk: Change(on_hand=count) for product, count in units.items()})
    came = {product: units.get(product, 0) + lost.get(product, 0) for product in {**units, **lost}}
    came_in = {shelf[product].pk: Change(on_hand=count) for product, count in came.items()}
    _write_transfer(transfer, came_in, actor=actor, at=at)
    gone = [(shelf[product].pk, Change(on_hand=-count)) for product, count in lost.items()]
    kind = StockMovement.Kind.ADJUSTMENT
    write_movements(gone, kind=kind, reason=reason, reference=transfer.number, actor=actor, at=at)


def _write_transfer(
    transfer: Transfer, changes: Mapping[int, Change], *, actor: Actor, at: datetime | None, reason: str = ""
) -> None:
    kind = StockMovement.Kind.TRANSFER
    write_movements(changes.items(), kind=kind, reason=reason, reference=transfer.number, actor=actor, at=at)


def _tell_arrival(
    transfer: Transfer, units: Mapping[int, int], lost: int, *, is_over: bool, actor: Actor, at: datetime
) -> None:
    arrived = TransferReceived(
        transfer_id=transfer.pk, number=transfer.number, units=sum(units.values()), lost=lost, is_over=is_over
    )
    emit(arrived, actor=actor, at=at)
    if units:
        free = StockReceived(warehouse_id=transfer.destination_id, product_ids=sorted(units))
        emit(free, actor=actor, at=at)


def _tell_supply(transfer: Transfer, products: Iterable[int], *, actor: Actor) -> None:
    """Tell those who wait that what is on its way to the destination changed."""
    emit(SupplyChanged(warehouse_id=transfer.destination_id, product_ids=sorted(set(products))), actor=actor)
