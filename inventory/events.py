"""Facts about the shelf."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class StockReceived(Event):
    """More units of these products are free in a warehouse: received, returned, found or out of quarantine."""

    name: ClassVar[str] = "inventory.stock_received"
    about_type: ClassVar[str] = "inventory.warehouse"
    about: ClassVar[str] = "warehouse_id"
    public: ClassVar[bool] = True
    warehouse_id: int
    product_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class StockReleased(Event):
    """A demand gave units back: who waits for these products may have them."""

    name: ClassVar[str] = "inventory.stock_released"
    about_type: ClassVar[str] = "inventory.reservation"
    about: ClassVar[str] = "reservation_id"
    reservation_id: int
    product_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class StockAdjusted(Event):
    """A count, a loss or a find changed what is on hand."""

    name: ClassVar[str] = "inventory.stock_adjusted"
    about_type: ClassVar[str] = "inventory.stockitem"
    about: ClassVar[str] = "stock_item_id"
    public: ClassVar[bool] = True
    stock_item_id: int
    product_id: int
    warehouse_id: int
    change: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class StockShortfall(Event):
    """Promised units are gone: each drop is [reservation_id, key, quantity], the lowest rank first."""

    name: ClassVar[str] = "inventory.stock_shortfall"
    about_type: ClassVar[str] = "inventory.stockitem"
    about: ClassVar[str] = "stock_item_id"
    stock_item_id: int
    product_id: int
    warehouse_id: int
    reason: str
    drops: list[list[int]]


@dataclass(frozen=True, kw_only=True)
class TransferSent(Event):
    """Goods left a warehouse for another one of ours."""

    name: ClassVar[str] = "inventory.transfer_sent"
    about_type: ClassVar[str] = "inventory.transfer"
    about: ClassVar[str] = "transfer_id"
    public: ClassVar[bool] = True
    transfer_id: int
    number: str
    source_id: int
    destination_id: int


@dataclass(frozen=True, kw_only=True)
class TransferReceived(Event):
    """Goods of a transfer arrived, or are known to be lost; `is_over` when nothing of it is on its way any more."""

    name: ClassVar[str] = "inventory.transfer_received"
    about_type: ClassVar[str] = "inventory.transfer"
    about: ClassVar[str] = "transfer_id"
    public: ClassVar[bool] = True
    transfer_id: int
    number: str
    units: int
    lost: int
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class SupplyChanged(Event):
    """What is on its way to a warehouse changed: announced, moved to another day, fewer or more, or not coming."""

    name: ClassVar[str] = "inventory.supply_changed"
    about_type: ClassVar[str] = "inventory.warehouse"
    about: ClassVar[str] = "warehouse_id"
    warehouse_id: int
    product_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class ReleaseMoved(Event):
    """A product may be sold now and is released on another day."""

    name: ClassVar[str] = "inventory.release_moved"
    about_type: ClassVar[str] = "inventory.product"
    about: ClassVar[str] = "product_id"
    product_id: int


@dataclass(frozen=True, kw_only=True)
class CountBooked(Event):
    """What was counted stands in the books; `shelves` of them differed, by `units` in all without signs."""

    name: ClassVar[str] = "inventory.count_booked"
    about_type: ClassVar[str] = "inventory.stockcount"
    about: ClassVar[str] = "count_id"
    public: ClassVar[bool] = True
    count_id: int
    number: str
    warehouse_id: int
    shelves: int
    units: int


@dataclass(frozen=True, kw_only=True)
class LowStock(Event):
    """A shelf fell to its reorder point: told once, until it has risen above it again.

    `position` is what is free or on its way; `suggested` is how many to order.
    """

    name: ClassVar[str] = "inventory.low_stock"
    about_type: ClassVar[str] = "inventory.stockitem"
    about: ClassVar[str] = "stock_item_id"
    public: ClassVar[bool] = True
    stock_item_id: int
    sku: str
    warehouse: str
    position: int
    reorder_point: int
    suggested: int
