"""What billing does about facts."""

from contextlib import suppress
from datetime import datetime

from billing import notifications, services
from billing.events import (
    ArrearsPaid,
    BookExportDue,
    CaptureAskedFor,
    ChargeAskedFor,
    CheckoutBegun,
    CheckoutGivenUp,
    CreditNoteAskedFor,
    CreditNoteDrafted,
    CreditNoteIssued,
    CustomerReturned,
    DisputeOpened,
    EvidenceGiven,
    InvoiceAskedFor,
    InvoiceDrafted,
    InvoiceIssued,
    LateMoneyCame,
    PaymentFailed,
    PayoutTold,
    ProviderNotified,
    RefundRequested,
    RefundSettled,
    ReminderPlanned,
    StatementAskedFor,
)
from billing.gateways import About, ProviderSilent
from core.events import DeliveryDied
from core.outbox import handles
from orders.events import GoodsShipped, OrderAmended, OrderCancelled, OrderExpired
from orders.ports import online_payment, paper_book, payment_book, payment_details, quotation_paper

payment_book.connect(services.keep_payments_of_order)
payment_details.connect(notifications.bank_details)
paper_book.connect(services.Papers())
online_payment.connect(services.is_payable_online)
quotation_paper.connect(services.keep_quotation)


@handles(GoodsShipped)
def draft_invoice(event: GoodsShipped) -> None:
    """Work out what is owed for what left the building."""
    services.issue_for_shipment(event.order_id, event.reference)


@handles(OrderAmended)
def draft_invoice_of_the_rest(event: OrderAmended) -> None:
    """Work out what is owed for an order of which nothing is awaited any more."""
    services.invoice_what_left(event.order_id)


@handles(InvoiceDrafted)
def issue_invoice(event: InvoiceDrafted) -> None:
    """Number and issue it in a transaction of its own: the series is locked as shortly as can be."""
    services.issue_drafted(event.invoice_id)


@handles(InvoiceIssued, when=lambda event: not event.settled)
def collect_payment(event: InvoiceIssued) -> None:
    """Take what is held for the order."""
    services.collect_payment(event.invoice_id)


@handles(InvoiceIssued, outside=True, when=lambda event: not event.quiet)
def render_and_send_invoice(event: InvoiceIssued) -> None:
    """Print it and mail it, saying what is paid already."""
    services.collect_payment(event.invoice_id)
    services.render_invoice_pdf(event.invoice_id)
    if note := services.written_again(event.invoice_id):
        services.render_credit_note_pdf(note.pk)
    notifications.send_invoice(event.invoice_id)


@handles(InvoiceAskedFor, outside=True)
def send_invoice_asked_for(event: InvoiceAskedFor) -> None:
    """Print it and mail it to whom they said."""
    services.render_invoice_pdf(event.invoice_id)
    notifications.send_invoice(event.invoice_id, to=event.email, key=event.asked)


@handles(OrderCancelled)
def void_payments(event: OrderCancelled) -> None:
    """Let go of what is held, and send back what came in."""
    services.void_payments(event.order_id, reason=event.reason)


@handles(OrderAmended)
def settle_edit(event: OrderAmended) -> None:
    """Send back what is paid too much now."""
    services.settle_edit(event.order_id, change=event.change)


@handles(OrderExpired)
def void_payments_of_expired(event: OrderExpired) -> None:
    """Let go of what is held, and send back what came in."""
    services.void_payments(event.order_id, reason="")


@handles(LateMoneyCame)
def return_late_money(event: LateMoneyCame) -> None:
    """Send back what came in after the order was cancelled."""
    services.return_late_money(event.payment_id)


@handles(PaymentFailed, outside=True, when=lambda event: not event.quiet)
def send_charge_failed(event: PaymentFailed) -> None:
    """Mail a link to pay by where what was to be charged to a saved card did not come."""
    notifications.send_charge_failed(event.payment_id)


@handles(PaymentFailed, when=lambda event: not event.quiet)
def report_failed_payment(event: PaymentFailed) -> None:
    """Put an order before a person whose customer could not pay."""
    services.report_failed_payment(event.order_id, reason=event.reason)


@handles(CheckoutBegun, outside=True)
def open_checkout(event: CheckoutBegun) -> None:
    """Have the provider make the page on which the customer pays. The clock asks after an answer that is lost."""
    with suppress(ProviderSilent):
        services.open_checkout(event.payment_id, return_url=event.return_url)


@handles(CustomerReturned, outside=True)
def ask_after_return(event: CustomerReturned) -> None:
    """Ask the provider what happened on his page."""
    with suppress(ProviderSilent):
        services.ask_provider(event.payment_id)


@handles(ProviderNotified, outside=True)
def ask_after_notice(event: ProviderNotified) -> None:
    """Ask the provider what his message is about."""
    look = services.look_after_payment if event.topic == About.AFTERWARDS else services.ask_provider
    with suppress(ProviderSilent):
        look(event.payment_id)


@handles(DisputeOpened, when=lambda event: not event.quiet)
def tell_finance(event: DisputeOpened) -> None:
    """Tell who keeps the money that a customer's bank asks some of it back."""
    services.tell_finance_of_dispute(event.dispute_id)


@handles(EvidenceGiven, outside=True)
def send_evidence(event: EvidenceGiven) -> None:
    """Give the provider what staff said to a dispute. The clock asks after an answer that is lost."""
    with suppress(ProviderSilent):
        services.send_evidence(event.dispute_id)


@handles(PayoutTold, outside=True)
def read_payout(event: PayoutTold) -> None:
    """Ask the provider what he paid out. The clock asks after an answer that is lost."""
    with suppress(ProviderSilent):
        services.read_payout(event.payout_id)


@handles(CaptureAskedFor, outside=True)
def take_held_money(event: CaptureAskedFor) -> None:
    """Have the provider pay out what he holds. The clock asks after an answer that is lost."""
    with suppress(ProviderSilent):
        services.take_held_money(event.payment_id)


@handles(ChargeAskedFor, outside=True)
def charge_saved_means(event: ChargeAskedFor) -> None:
    """Have the provider charge what the customer paid with before. The clock asks after an answer that is lost."""
    with suppress(ProviderSilent):
        services.charge_saved_means(event.payment_id)


@handles(CheckoutGivenUp, outside=True)
def close_checkout(event: CheckoutGivenUp) -> None:
    """Have the provider close his page, or let go of what he holds."""
    services.close_checkout(event.payment_id, reason=event.reason)


@handles(CreditNoteDrafted)
def issue_credit_note(event: CreditNoteDrafted) -> None:
    """Number and issue it in a transaction of its own."""
    services.issue_credit_note(event.credit_note_id)


@handles(
    CreditNoteIssued, outside=True, when=lambda event: event.applied and not event.quiet and not event.written_again
)
def render_and_send_credit_note(event: CreditNoteIssued) -> None:
    """Mail a credit note that sends no money back: it reduces what is still to be paid.

    One whose rows are written again goes with the new invoice.
    """
    services.render_credit_note_pdf(event.credit_note_id)
    notifications.send_credit_note(event.credit_note_id)


@handles(CreditNoteAskedFor, outside=True)
def send_credit_note_asked_for(event: CreditNoteAskedFor) -> None:
    """Print it and mail it to whom they said."""
    services.render_credit_note_pdf(event.credit_note_id)
    notifications.send_credit_note(event.credit_note_id, to=event.email, key=event.asked)


@handles(RefundRequested, outside=True)
def pay_refund_out(event: RefundRequested) -> None:
    """Ask the payment provider to send the money back. The clock asks after an answer that is lost."""
    with suppress(ProviderSilent):
        services.pay_out(event.refund_id)


@handles(RefundSettled, outside=True, when=lambda event: not event.quiet)
def send_refunded(event: RefundSettled) -> None:
    """Tell the customer, with the credit notes the money goes with."""
    for note_id in services.credit_notes_of(event.order_id, event.reference):
        services.issue_credit_note(note_id)
        services.render_credit_note_pdf(note_id)
    notifications.send_refunded(event.refund_id)


@handles(ReminderPlanned, outside=True)
def send_reminder(event: ReminderPlanned) -> None:
    """Print the invoices of a letter and mail it, as they stand now."""
    at = datetime.fromisoformat(event.told_at) if event.told_at else None
    services.send_reminder(event.letter_id, write=notifications.write_reminder, at=at)


@handles(ArrearsPaid)
def review_arrears(event: ArrearsPaid) -> None:
    """Let the new orders of a customer go on when nothing stands against them any more."""
    services.review_arrears(event.customer_id)


@handles(BookExportDue, outside=True)
def make_book_export(event: BookExportDue) -> None:
    """Print papers of a month for a while, or write its files."""
    services.work_on_export(event.export_id, turn=event.turn)


@handles(DeliveryDied, when=lambda event: event.subject_thread.startswith("billing.bookexport:"))
def end_book_export(event: DeliveryDied) -> None:
    """Leave no export of the books running that nobody works on any more."""
    services.end_lost_export(int(event.subject_thread.rpartition(":")[2]))


@handles(StatementAskedFor, outside=True)
def send_statement_asked_for(event: StatementAskedFor) -> None:
    """Print a statement of account and mail it."""
    notifications.send_statement(event)
