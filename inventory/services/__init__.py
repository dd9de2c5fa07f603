"""The counter of inventory: everything the floors above may ask."""

from inventory.selectors import availability, stock_by_warehouse
from inventory.sourcing import Demand, Pick, Place

from .adjustments import adjust_stock, settle_quarantine
from .catalog import (
    ProductInput,
    WarehouseInput,
    create_product,
    create_products,
    create_warehouse,
    update_product,
    update_shelf,
    update_warehouse,
)
from .receiving import receive_paper
from .reservations import (
    OpenAllocation,
    Reserved,
    Turn,
    allocate_in_turn,
    allocate_more,
    consume,
    consume_everywhere,
    open_allocations,
    rank_reservation,
    rank_reservations,
    release,
    reserve,
)
from .supply import (
    MOST_PER_BOOKING,
    cancel_expected,
    change_expected,
    expect_receipt,
    expect_receipts,
    receive_expected,
    receive_stock,
    restock,
)
from .transfers import (
    TransferInput,
    cancel_transfer,
    change_transfer,
    create_transfer,
    receive_transfer,
    send_transfer,
)

__all__ = [
    "MOST_PER_BOOKING",
    "Demand",
    "OpenAllocation",
    "Pick",
    "Place",
    "ProductInput",
    "Reserved",
    "TransferInput",
    "Turn",
    "WarehouseInput",
    "adjust_stock",
    "allocate_in_turn",
    "allocate_more",
    "availability",
    "cancel_expected",
    "cancel_transfer",
    "change_transfer",
    "change_expected",
    "consume",
    "consume_everywhere",
    "create_product",
    "create_products",
    "create_transfer",
    "create_warehouse",
    "expect_receipt",
    "expect_receipts",
    "open_allocations",
    "rank_reservation",
    "rank_reservations",
    "receive_expected",
    "receive_paper",
    "receive_stock",
    "receive_transfer",
    "release",
    "reserve",
    "restock",
    "send_transfer",
    "settle_quarantine",
    "stock_by_warehouse",
    "update_product",
    "update_shelf",
    "update_warehouse",
]
