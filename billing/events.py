"""Facts about documents and money. `quiet` facts of imported history tell nobody outside.

Outside, `invoice`, `credit_note` and `payment` name what the ids mean.
"""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event
from orders.events import InOrderHistory


@dataclass(frozen=True, kw_only=True)
class PaymentEvent(InOrderHistory):
    """Something happened to a payment."""

    public: ClassVar[bool] = True
    payment_id: int
    payment: str


@dataclass(frozen=True, kw_only=True)
class MoneyEvent(PaymentEvent):
    """Money came, or is held; `amount` is how much of it now."""

    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class InvoiceDrafted(InOrderHistory):
    """An invoice was worked out; it has no number yet."""

    name: ClassVar[str] = "billing.invoice_drafted"
    invoice_id: int


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(InOrderHistory):
    """An invoice got its number and is final. `settled`: nothing of it is open any more."""

    name: ClassVar[str] = "billing.invoice_issued"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str
    settled: bool = False


@dataclass(frozen=True, kw_only=True)
class InvoiceAskedFor(InOrderHistory):
    """Somebody wants an invoice by mail, at an address they named; `asked` tells one wish from the next."""

    name: ClassVar[str] = "billing.invoice_asked_for"
    invoice_id: int
    invoice: str
    email: str
    asked: str


@dataclass(frozen=True, kw_only=True)
class InvoicePaid(InOrderHistory):
    """All of an invoice came in."""

    name: ClassVar[str] = "billing.invoice_paid"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str


@dataclass(frozen=True, kw_only=True)
class BookExportDue(Event):
    """Work on the files of a month is owed: begun, or to be gone on with."""

    name: ClassVar[str] = "billing.book_export_due"
    about_type: ClassVar[str] = "billing.bookexport"
    about: ClassVar[str] = "export_id"
    export_id: int
    turn: int = 1


@dataclass(frozen=True, kw_only=True)
class StatementAskedFor(Event):
    """Somebody wants the statement of a customer's account mailed to them; `asked` tells one wish from the next."""

    name: ClassVar[str] = "billing.statement_asked_for"
    about_type: ClassVar[str] = "customers.customer"
    about: ClassVar[str] = "customer_id"
    customer_id: int
    entity_id: int
    currency: str
    first_day: str
    last_day: str
    email: str
    asked: str


@dataclass(frozen=True, kw_only=True)
class ReminderPlanned(Event):
    """A letter is to be sent about invoices that should have been paid."""

    name: ClassVar[str] = "billing.reminder_planned"
    about_type: ClassVar[str] = "billing.reminderletter"
    about: ClassVar[str] = "letter_id"
    letter_id: int
    # When it was sent, where that is told afterwards.
    told_at: str = ""


@dataclass(frozen=True, kw_only=True)
class InvoiceReminded(InOrderHistory):
    """A customer was reminded of an invoice that should have been paid; `level` counts from 1."""

    name: ClassVar[str] = "billing.invoice_reminded"
    public: ClassVar[bool] = True
    invoice_id: int
    invoice: str
    level: int


@dataclass(frozen=True, kw_only=True)
class ArrearsPaid(InOrderHistory):
    """An invoice was settled for which the new orders of its customer are stopped."""

    name: ClassVar[str] = "billing.arrears_paid"
    customer_id: int


@dataclass(frozen=True, kw_only=True)
class CreditNoteDrafted(InOrderHistory):
    """A credit was worked out; it has no number yet."""

    name: ClassVar[str] = "billing.credit_note_drafted"
    credit_note_id: int


@dataclass(frozen=True, kw_only=True)
class CreditNoteIssued(InOrderHistory):
    """A credit note got its number and is final. `applied`: no money goes back, less is still to be paid.

    `written_again`: what it takes back stands on another invoice from now on.
    """

    name: ClassVar[str] = "billing.credit_note_issued"
    public: ClassVar[bool] = True
    credit_note_id: int
    credit_note: str
    applied: bool = False
    written_again: bool = False


@dataclass(frozen=True, kw_only=True)
class CreditNoteAskedFor(InOrderHistory):
    """Somebody wants a credit note by mail, at an address they named; `asked` tells one wish from the next."""

    name: ClassVar[str] = "billing.credit_note_asked_for"
    credit_note_id: int
    credit_note: str
    email: str
    asked: str


@dataclass(frozen=True, kw_only=True)
class PaymentAuthorized(MoneyEvent):
    """Money is held for an order."""

    name: ClassVar[str] = "billing.payment_authorized"


@dataclass(frozen=True, kw_only=True)
class PaymentRecorded(MoneyEvent):
    """Money that came in was written down by somebody."""

    name: ClassVar[str] = "billing.payment_recorded"


@dataclass(frozen=True, kw_only=True)
class PaymentTakenBack(MoneyEvent):
    """Money that was booked for the wrong order is not its payment any more."""

    name: ClassVar[str] = "billing.payment_taken_back"


@dataclass(frozen=True, kw_only=True)
class LateMoneyCame(InOrderHistory):
    """Money was taken for an order that had been cancelled before; it is to go back."""

    name: ClassVar[str] = "billing.late_money_came"
    payment_id: int


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured(MoneyEvent):
    """Money that was held is taken."""

    name: ClassVar[str] = "billing.payment_captured"


@dataclass(frozen=True, kw_only=True)
class CaptureAskedFor(MoneyEvent):
    """Money that is held is to be taken; the provider has yet to be asked."""

    name: ClassVar[str] = "billing.capture_asked_for"
    public: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ChargeAskedFor(MoneyEvent):
    """Money is to be taken from what the customer paid with before; the provider has yet to be asked."""

    name: ClassVar[str] = "billing.charge_asked_for"
    public: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class PaymentLapsed(PaymentEvent):
    """Money was held for too long; the provider let go of it."""

    name: ClassVar[str] = "billing.payment_lapsed"


@dataclass(frozen=True, kw_only=True)
class PaymentVoided(PaymentEvent):
    """Money that was held is let go."""

    name: ClassVar[str] = "billing.payment_voided"


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(PaymentEvent):
    """The provider said no."""

    name: ClassVar[str] = "billing.payment_failed"
    reason: str


@dataclass(frozen=True, kw_only=True)
class CheckoutBegun(PaymentEvent):
    """A customer wants to pay on the provider's page; afterwards the browser goes to `return_url`."""

    name: ClassVar[str] = "billing.checkout_begun"
    public: ClassVar[bool] = False
    return_url: str


@dataclass(frozen=True, kw_only=True)
class CustomerReturned(PaymentEvent):
    """A customer came back from the provider's page; what happened there is the provider's to say."""

    name: ClassVar[str] = "billing.customer_returned"
    public: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ProviderNotified(PaymentEvent):
    """The provider wrote that something happened to a payment; what, he is asked."""

    name: ClassVar[str] = "billing.provider_notified"
    public: ClassVar[bool] = False
    notice: str
    topic: str = "payment"


@dataclass(frozen=True, kw_only=True)
class CheckoutGivenUp(PaymentEvent):
    """Nobody should pay there any more; whether somebody did is the provider's to say."""

    name: ClassVar[str] = "billing.checkout_given_up"
    public: ClassVar[bool] = False
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(InOrderHistory):
    """Money is to go back; the provider has yet to be asked."""

    name: ClassVar[str] = "billing.refund_requested"
    refund_id: int
    reference: str


@dataclass(frozen=True, kw_only=True)
class RefundSettled(InOrderHistory):
    """All the money that a cause (`reference`) sends back is on its way; told once per cause."""

    name: ClassVar[str] = "billing.refund_settled"
    public: ClassVar[bool] = True
    refund_id: int
    reference: str
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class StoreCreditChanged(Event):
    """Staff gave a customer store credit, or (below zero) took some back."""

    name: ClassVar[str] = "billing.store_credit_changed"
    about_type: ClassVar[str] = "customers.customer"
    about: ClassVar[str] = "customer_id"
    customer_id: int
    amount: str
    currency: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundFailed(InOrderHistory):
    """The provider would not send the money back."""

    name: ClassVar[str] = "billing.refund_failed"
    refund_id: int
    reference: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DisputeEvent(MoneyEvent):
    """The customer's bank asks a payment back; `amount` is how much of it."""

    dispute_id: int
    dispute: str
    status: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(DisputeEvent):
    """A payment is disputed."""

    name: ClassVar[str] = "billing.dispute_opened"


@dataclass(frozen=True, kw_only=True)
class DisputeClosed(DisputeEvent):
    """A dispute is won or lost."""

    name: ClassVar[str] = "billing.dispute_closed"


@dataclass(frozen=True, kw_only=True)
class DisputeDecided(DisputeEvent):
    """It is decided who bears what a lost dispute cost."""

    name: ClassVar[str] = "billing.dispute_decided"


@dataclass(frozen=True, kw_only=True)
class EvidenceGiven(DisputeEvent):
    """Staff answered a dispute; the provider is to have it."""

    name: ClassVar[str] = "billing.evidence_given"


@dataclass(frozen=True, kw_only=True)
class EvidenceTaken(DisputeEvent):
    """The provider took our evidence."""

    name: ClassVar[str] = "billing.evidence_taken"


@dataclass(frozen=True, kw_only=True)
class EvidenceRefused(DisputeEvent):
    """The provider did not take our evidence, and why."""

    name: ClassVar[str] = "billing.evidence_refused"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PayoutTold(Event):
    """A provider wrote that he paid out; out of what, he is asked."""

    name: ClassVar[str] = "billing.payout_told"
    about_type: ClassVar[str] = "billing.payout"
    about: ClassVar[str] = "payout_id"
    payout_id: int
