"""Units come in: receipts, opening stock, returns, and what is on its way."""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils import timezone

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import note_change, service
from inventory.errors import ReceiptClosed
from inventory.events import StockReceived, SupplyChanged
from inventory.models import ExpectedReceipt, StockItem, StockMovement

from .shelf import Change, change_shelf, ensure_shelf, require_room, write_movements

MOST_PER_BOOKING = 1_000_000
INCOMING_KINDS = frozenset({StockMovement.Kind.RECEIPT, StockMovement.Kind.OPENING})
DISPOSITIONS = frozenset({"restock", "quarantine", "scrap"})


@service
def receive_stock(
    *,
    warehouse_id: int,
    units: Mapping[int, int],
    reference: str = "",
    reason: str = "",
    kind: str = "receipt",
    actor: Actor,
    at: datetime | None = None,
) -> list[StockItem]:
    """Put units of products ({product_id: units}) on the shelves of a warehouse.

    Makes the shelves that are missing. Returns the stock rows as they stood before.
    """
    if kind not in INCOMING_KINDS:
        raise Invalid(f"{kind} is not a way for units to come in")
    require_units(units)
    shelf = ensure_shelf(warehouse_id=warehouse_id, product_ids=units)
    require_room(shelf.values(), max(units.values()))
    changes = {shelf[product].pk: Change(on_hand=quantity) for product, quantity in units.items()}
    change_shelf(changes)
    write_movements(changes.items(), kind=kind, reason=reason, reference=reference, actor=actor, at=at)
    emit(StockReceived(warehouse_id=warehouse_id, product_ids=sorted(units)), actor=actor, at=at)
    return list(shelf.values())


@service
def restock(
    *,
    warehouse_id: int,
    units: Mapping[int, int],
    disposition: str,
    reference: str,
    actor: Actor,
    at: datetime | None = None,
) -> None:
    """Take returned units in: back on the shelf, into quarantine, or noted and scrapped."""
    if disposition not in DISPOSITIONS:
        raise Invalid(f"{disposition} is not something to do with a returned unit")
    require_units(units)
    shelf = ensure_shelf(warehouse_id=warehouse_id, product_ids=units)
    require_room(shelf.values(), max(units.values()))
    quarantined = disposition == "quarantine"
    back = {
        shelf[product].pk: Change(on_hand=quantity, quarantined=quantity if quarantined else 0)
        for product, quantity in units.items()
    }
    write_movements(back.items(), kind=StockMovement.Kind.RETURN, reference=reference, actor=actor, at=at)
    if disposition == "scrap":
        gone = [(pk, Change(on_hand=-change.on_hand)) for pk, change in back.items()]
        write_movements(
            gone, kind=StockMovement.Kind.ADJUSTMENT, reason="scrapped", reference=reference, actor=actor, at=at
        )
        return
    change_shelf(back)
    if not quarantined:
        emit(StockReceived(warehouse_id=warehouse_id, product_ids=sorted(units)), actor=actor, at=at)


@service
def expect_receipt(
    *,
    product_id: int,
    warehouse_id: int,
    quantity: int,
    expected_on: date,
    reference: str = "",
    actor: Actor,
) -> ExpectedReceipt:
    """Write down that units of a product are on their way to a warehouse."""
    receipts = expect_receipts(
        warehouse_id=warehouse_id,
        units={product_id: quantity},
        expected_on=expected_on,
        reference=reference,
        actor=actor,
    )
    return receipts[0]


@service
def expect_receipts(
    *, warehouse_id: int, units: Mapping[int, int], expected_on: date, reference: str = "", actor: Actor
) -> list[ExpectedReceipt]:
    """Write down that units of products ({product_id: units}) are on their way to a warehouse."""
    require_units(units)
    ensure_shelf(warehouse_id=warehouse_id, product_ids=units)
    receipts = ExpectedReceipt.objects.bulk_create(
        ExpectedReceipt(
            product_id=product,
            warehouse_id=warehouse_id,
            quantity=quantity,
            expected_on=expected_on,
            ordered_on=timezone.localdate(),
            reference=reference,
        )
        for product, quantity in units.items()
    )
    for receipt in receipts:
        after = {"quantity": receipt.quantity, "expected_on": expected_on.isoformat(), "reference": reference}
        note_change(receipt, "inventory.expectedreceipt.created", actor=actor, after=after)
    emit(SupplyChanged(warehouse_id=warehouse_id, product_ids=sorted(units)), actor=actor)
    return receipts


@service
def receive_expected(
    receipt_id: int, *, quantity: int, close: bool = False, actor: Actor, at: datetime | None = None
) -> ExpectedReceipt:
    """Receive units that were expected, be it fewer or more; `close` when nothing more is coming."""
    receipt = ExpectedReceipt.objects.locked().get(pk=receipt_id)
    if receipt.closed:
        raise ReceiptClosed("Nothing more is expected of this receipt")
    before = {"received": receipt.received, "closed": receipt.closed}
    receipt.received += quantity
    receipt.closed = close or receipt.received >= receipt.quantity
    receipt.arrived_on = receipt.arrived_on or timezone.localdate(at)
    receipt.save(update_fields=["received", "closed", "arrived_on"])
    note_change(
        receipt,
        "inventory.expectedreceipt.changed",
        actor=actor,
        before=before,
        after={"received": receipt.received, "closed": receipt.closed},
    )
    _tell_change(receipt, actor=actor)
    receive_stock(
        warehouse_id=receipt.warehouse_id,
        units={receipt.product_id: quantity},
        reference=receipt.reference,
        actor=actor,
        at=at,
    )
    return receipt


@service
def cancel_expected(receipt_id: int, *, reason: str, actor: Actor) -> ExpectedReceipt:
    """Expect nothing more of a receipt."""
    receipt = ExpectedReceipt.objects.locked().get(pk=receipt_id)
    if receipt.closed:
        raise ReceiptClosed("Nothing more is expected of this receipt")
    receipt.closed = True
    receipt.save(update_fields=["closed"])
    note_change(
        receipt,
        "inventory.expectedreceipt.changed",
        actor=actor,
        before={"closed": False},
        after={"closed": True},
        note=reason,
    )
    _tell_change(receipt, actor=actor)
    return receipt


@service
def change_expected(
    receipt_id: int, *, expected_on: date | None = None, quantity: int | None = None, reason: str = "", actor: Actor
) -> ExpectedReceipt:
    """Expect a receipt on another day, or another number of units; who waits for them is promised another day."""
    receipt = ExpectedReceipt.objects.locked().get(pk=receipt_id)
    if receipt.closed:
        raise ReceiptClosed("Nothing more is expected of this receipt")
    require_units({receipt.product_id: quantity or 1})
    if quantity is not None and quantity <= receipt.received:
        fault = {"pointer": "/quantity", "code": "invalid", "detail": f"{receipt.received} have come already"}
        raise Invalid(fault["detail"], errors=[fault])
    said = {"expected_on": expected_on or receipt.expected_on, "quantity": quantity or receipt.quantity}
    before = {name: getattr(receipt, name) for name, value in said.items() if getattr(receipt, name) != value}
    if not before:
        return receipt
    for name in before:
        setattr(receipt, name, said[name])
    receipt.save(update_fields=sorted(before))
    note_change(
        receipt,
        "inventory.expectedreceipt.changed",
        actor=actor,
        before={name: str(value) for name, value in before.items()},
        after={name: str(said[name]) for name in before},
        note=reason,
    )
    _tell_change(receipt, actor=actor)
    return receipt


@service
def _tell_change(receipt: ExpectedReceipt, *, actor: Actor) -> None:
    event = SupplyChanged(warehouse_id=receipt.warehouse_id, product_ids=[receipt.product_id])
    emit(event, actor=actor)


def require_units(units: Mapping[int, int]) -> None:
    if not units:
        raise Invalid("Say how many units of what")
    if any(not 1 <= quantity <= MOST_PER_BOOKING for quantity in units.values()):
        raise Invalid(f"Units are whole numbers from 1 to {MOST_PER_BOOKING:,}")
