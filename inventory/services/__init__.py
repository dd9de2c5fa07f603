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
from .rerouting import reroute
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
from .rulesets import (
    RuleSetInput,
    activate_rule_set,
    change_rule_set,
    create_rule_set,
    retire_rule_set,
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
    "RuleSetInput",
    "TransferInput",
    "Turn",
    "WarehouseInput",
    "activate_rule_set",
    "adjust_stock",
    "allocate_in_turn",
    "allocate_more",
    "availability",
    "cancel_expected",
    "cancel_transfer",
    "change_rule_set",
    "change_transfer",
    "change_expected",
    "consume",
    "consume_everywhere",
    "create_product",
    "create_products",
    "create_rule_set",
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
    "reroute",
    "reserve",
    "restock",
    "retire_rule_set",
    "send_transfer",
    "settle_quarantine",
    "stock_by_warehouse",
    "update_product",
    "update_shelf",
    "update_warehouse",
]
