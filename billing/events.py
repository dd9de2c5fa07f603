"""Facts about documents and money. `quiet` facts of imported history tell nobody outside."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class BillingEvent(Event):
    """Something that happened to the money of an order. Outside, `invoice` and `payment` name what the ids mean."""

    about_type: ClassVar[str] = "orders.order"
    about: ClassVar[str] = "order_id"
    order_id: int
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class InvoiceDrafted(BillingEvent):
    """An invoice was worked out; it has no number yet."""

    name: ClassVar[str] = "billing.invoice_drafted"
    invoice_id: int


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(BillingEvent):
    """An invoice got its number and is final. `settled`: nothing of it is open any more."""

    name: ClassVar[str] = "billing.invoice_issued"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str
    settled: bool = False


@dataclass(frozen=True, kw_only=True)
class InvoicePaid(BillingEvent):
    """All of an invoice came in."""

    name: ClassVar[str] = "billing.invoice_paid"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str


@dataclass(frozen=True, kw_only=True)
class CreditNoteDrafted(BillingEvent):
    """A credit was worked out; it has no number yet."""

    name: ClassVar[str] = "billing.credit_note_drafted"
    credit_note_id: int


@dataclass(frozen=True, kw_only=True)
class CreditNoteIssued(BillingEvent):
    """A credit note got its number and is final. `applied`: no money goes back, less is still to be paid."""

    name: ClassVar[str] = "billing.credit_note_issued"
    public: ClassVar[bool] = True
    credit_note_id: int
    credit_note: str
    applied: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentAuthorized(BillingEvent):
    """Money is held for an order."""

    name: ClassVar[str] = "billing.payment_authorized"
    public: ClassVar[bool] = True
    payment_id: int
    payment: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentRecorded(BillingEvent):
    """Money that came in was written down by somebody."""

    name: ClassVar[str] = "billing.payment_recorded"
    public: ClassVar[bool] = True
    payment_id: int
    payment: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class LateMoneyCame(BillingEvent):
    """Money was taken for an order that had been cancelled before; it is to go back."""

    name: ClassVar[str] = "billing.late_money_came"
    payment_id: int


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured(BillingEvent):
    """Money that was held is taken; `amount` is what was taken now."""

    name: ClassVar[str] = "billing.payment_captured"
    public: ClassVar[bool] = True
    payment_id: int
    payment: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class PaymentVoided(BillingEvent):
    """Money that was held is let go."""

    name: ClassVar[str] = "billing.payment_voided"
    public: ClassVar[bool] = True
    payment_id: int
    payment: str


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(BillingEvent):
    """The provider said no."""

    name: ClassVar[str] = "billing.payment_failed"
    public: ClassVar[bool] = True
    payment_id: int
    payment: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(BillingEvent):
    """Money is to go back; the provider has yet to be asked."""

    name: ClassVar[str] = "billing.refund_requested"
    refund_id: int
    reference: str


@dataclass(frozen=True, kw_only=True)
class RefundSettled(BillingEvent):
    """All the money that a cause (`reference`) sends back is on its way; told once per cause."""

    name: ClassVar[str] = "billing.refund_settled"
    public: ClassVar[bool] = True
    refund_id: int
    reference: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundFailed(BillingEvent):
    """The provider would not send the money back."""

    name: ClassVar[str] = "billing.refund_failed"
    refund_id: int
    reference: str
    reason: str
