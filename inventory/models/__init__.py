"""What is on the shelf, and to whom it is promised."""

from .catalog import GOODS, Product, ProductWord, Warehouse
from .kit import FormerPart, KitPart
from .replenishment import ReorderProposal
from .reservation import Allocation, Reservation
from .routing import RoutingRuleSet
from .stock import ExpectedReceipt, StockItem, StockMovement
from .supply import StockCount, StockCountLine, Transfer, TransferLine

__all__ = [
    "GOODS",
    "Allocation",
    "ExpectedReceipt",
    "FormerPart",
    "KitPart",
    "Product",
    "ProductWord",
    "ReorderProposal",
    "Reservation",
    "RoutingRuleSet",
    "StockCount",
    "StockCountLine",
    "StockItem",
    "StockMovement",
    "Transfer",
    "TransferLine",
    "Warehouse",
]
