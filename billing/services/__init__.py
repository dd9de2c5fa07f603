"""The counter of billing: everything others may ask."""

from .amended import settle_edit
from .cancelled import Papers
from .checkout import (
    ask_provider,
    begin_checkout,
    close_checkout,
    is_payable_online,
    look_after_return,
    note_return,
    open_checkout,
    reconcile_checkouts,
    settle_checkout,
    start_paying,
    take_notice,
)
from .credits import (
    credit_invoice,
    credit_notes_of,
    credit_return,
    issue_credit_note,
    preview_credit,
)
from .documents import credit_note_xml, invoice_xml, render_credit_note_pdf, render_invoice_pdf
from .history import bill_and_pay_through
from .invoicing import invoice_order, issue_for_shipment, issue_invoice, mail_invoice
from .payments import (
    authorize_payment,
    capture_payment,
    collect_payment,
    fail_payment,
    keep_payments_of_order,
    record_payment,
    void_payment,
)
from .refunds import (
    begin_refund,
    fail_refund,
    pay_out,
    refund_payment,
    request_refund,
    retry_refund,
    return_late_money,
    settle_refund,
    void_payments,
)
from .reporting import refund_for_exception, report_failed_payment
from .sellers import change_entity, create_entity, ensure_default_entity

__all__ = [
    "refund_for_exception",
    "report_failed_payment",
    "Papers",
    "ask_provider",
    "authorize_payment",
    "begin_checkout",
    "begin_refund",
    "bill_and_pay_through",
    "change_entity",
    "capture_payment",
    "close_checkout",
    "collect_payment",
    "credit_invoice",
    "credit_note_xml",
    "credit_notes_of",
    "create_entity",
    "credit_return",
    "ensure_default_entity",
    "fail_payment",
    "fail_refund",
    "invoice_order",
    "invoice_xml",
    "is_payable_online",
    "issue_credit_note",
    "issue_for_shipment",
    "issue_invoice",
    "keep_payments_of_order",
    "look_after_return",
    "mail_invoice",
    "note_return",
    "open_checkout",
    "pay_out",
    "preview_credit",
    "reconcile_checkouts",
    "record_payment",
    "refund_payment",
    "render_credit_note_pdf",
    "render_invoice_pdf",
    "request_refund",
    "retry_refund",
    "return_late_money",
    "settle_checkout",
    "settle_edit",
    "settle_refund",
    "start_paying",
    "take_notice",
    "void_payment",
    "void_payments",
]
