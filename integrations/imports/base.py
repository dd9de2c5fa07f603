"""What every format reads its file into: documents with their rows, and rows that are none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Row(NamedTuple):
    """One row of a file. `line` is where it begins in the file: that is its identity."""

    line: int
    document: str
    sku: str
    description: str
    quantity: int
    at: datetime
    unit_price: Decimal
    customer: str
    country: str

    @property
    def amount(self) -> Decimal:
        """Quantity × price, exactly."""
        return self.quantity * self.unit_price


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be read, and why."""

    line: int
    reason: str
    amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class PlannedOrder:
    """A document that becomes an order: its goods, and what else is charged."""

    reference: str
    at: datetime
    customer: str
    country: str
    goods: tuple[Row, ...]
    charges: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row of the document that becomes part of the order."""
        return self.goods + self.charges


@dataclass(frozen=True)
class MatchedReturn:
    """A row that gives back goods of an earlier row, with that row."""

    row: Row
    original: Row

    @property
    def difference(self) -> Decimal:
        """How much more (or less) the file gives back than was charged; the credit follows what was charged."""
        return self.row.amount - self.row.quantity * self.original.unit_price


@dataclass(frozen=True)
class PlannedCancellation:
    """A document that takes back: rows that were matched to a sale, and rows that were not."""

    reference: str
    at: datetime
    customer: str
    matched: tuple[MatchedReturn, ...]
    unmatched: tuple[Row, ...]


@dataclass
class Plan:
    """Everything a file says, sorted by time; nothing of it is written yet."""

    orders: list[PlannedOrder] = field(default_factory=list)
    cancellations: list[PlannedCancellation] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def rows_total(self) -> int:
        """Every row of the file, once."""
        in_orders = sum(len(order.rows) for order in self.orders)
        in_cancellations = sum(len(one.matched) + len(one.unmatched) for one in self.cancellations)
        return in_orders + in_cancellations + len(self.corrections) + len(self.rejected)

    @property
    def amount(self) -> Decimal:
        """The sum of quantity × price over all rows of the file."""
        parts: list[Sequence[Decimal]] = [
            [row.amount for order in self.orders for row in order.rows],
            [match.row.amount for one in self.cancellations for match in one.matched],
            [row.amount for one in self.cancellations for row in one.unmatched],
            [row.amount for row in self.corrections],
            [row.amount for row in self.rejected],
        ]
        return sum((amount for part in parts for amount in part), start=Decimal(0))
