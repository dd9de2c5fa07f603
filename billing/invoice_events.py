"""Facts about what became of an invoice without any money: it was replaced, or nobody expects it any more."""

from dataclasses import dataclass
from typing import ClassVar

from orders.events import InOrderHistory


@dataclass(frozen=True, kw_only=True)
class InvoiceReplaced(InOrderHistory):
    """An invoice was taken back in full by `credit_note` and written again as `replaced_by`, over the same rows."""

    name: ClassVar[str] = "billing.invoice_replaced"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str
    replaced_by: str
    credit_note: str


@dataclass(frozen=True, kw_only=True)
class InvoiceWrittenOff(InOrderHistory):
    """Nobody expects `amount` of an invoice any more: a small difference, or a debt that will not be paid."""

    name: ClassVar[str] = "billing.invoice_written_off"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str
    kind: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class InvoiceExpectedAgain(InOrderHistory):
    """`amount` that was written off of an invoice was paid or credited after all, or is waited for again."""

    name: ClassVar[str] = "billing.invoice_expected_again"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str
    amount: str
    currency: str
