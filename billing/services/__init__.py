"""The counter of billing: everything others may ask."""

from .amended import settle_edit
from .asking import held_now
from .bank import (
    Booked,
    book_certain,
    book_line,
    book_lines,
    leave_line,
    look_again_at_line,
    take_line_up,
    take_statement,
)
from .book_exports import ask_for_export, drop_old_exports, end_lost_export, end_lost_exports, work_on_export
from .cancelled import Papers
from .captures import take_held_money
from .charts import Asked, Numbers, asked_accounts, keep_accounts
from .checkout import (
    ask_provider,
    begin_checkout,
    charge_saved_means,
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
from .closing import (
    AccountOfMonth,
    Month,
    close_month,
    drafts_of,
    months_to_close,
    movements,
    reopen_month,
)
from .common import take_invoice
from .credit_limits import (
    approve_for_exception,
    asked_for,
    change_store_credit_limit,
    create_store_credit_limit,
    offer_store_credit,
)
from .credits import (
    credit_invoice,
    credit_notes_of,
    credit_return,
    issue_credit_note,
    preview_credit,
    preview_invoice_credit,
)
from .disputes import decide_dispute, record_dispute, tell_finance_of_dispute
from .documents import credit_note_xml, invoice_xml, render_credit_note_pdf, render_invoice_pdf
from .ended import return_late_money, void_payments
from .evidence import MOST_IN_ALL as MOST_EVIDENCE
from .evidence import Piece, evidence_at_hand, give_evidence, send_evidence, watch_disputes
from .giving_back import give_back
from .heads import ShopLogo, letterhead_of_order, letterhead_of_seller, letterhead_of_shop, shop_logo, small_logo
from .history import bill_and_pay_through
from .holds import take_hold_for_exception, watch_holds
from .invoicing import invoice_order, invoice_what_left, issue_drafted, issue_for_shipment, issue_invoice
from .logo import check_logo, logo_on_paper, set_logo
from .looking import look_after_money, look_after_payment
from .mailing import mail_credit_note, mail_invoice
from .month_export import as_file, said_of_datev, write_month
from .paying_from_credit import pay_from_credit
from .payments import (
    authorize_payment,
    capture_payment,
    collect_payment,
    fail_payment,
    keep_payments_of_order,
    record_payment,
    void_payment,
)
from .payouts import (
    match_payout_again,
    read_payout,
    read_payouts,
    settle_payout,
    settle_payout_rows,
    take_payout,
)
from .preliminary import keep_quotation, proforma_pdf, quotation_pdf, why_no_proforma
from .refunds import (
    ask_about_refund,
    begin_refund,
    pay_out,
    reconcile_refunds,
    refund_payment,
    request_refund,
    retry_refund,
)
from .reminder_letters import review_arrears, send_reminder
from .reminding import (
    Due,
    Letter,
    Proposal,
    address_of,
    begin_reminders,
    change_level,
    create_level,
    propose_reminders,
    remind_by_itself,
    set_aside,
    take_up_again,
)
from .reporting import bear_for_exception, owe_for_exception, refund_for_exception, report_failed_payment
from .returned import return_refund
from .rewriting import is_last_note, is_rewritable, rewrite_invoice, written_again
from .sample import sample_pdf
from .sellers import change_entity, create_entity, ensure_default_entity, seller_of_order
from .settling import fail_refund, settle_refund
from .spreading import record_transfer, shares_of
from .statement_files import FILE_KINDS, open_items_file, statement_file
from .statement_paper import ask_for_statement, draw_statement, open_beyond_paper
from .store_credit import free_credit, give_store_credit, payable_from_credit
from .transfers import transfers_of
from .undoing import undo_booking
from .writing_off import (
    change_difference_limit,
    create_difference_limit,
    expect_again,
    is_small,
    write_off_difference,
    write_off_invoice,
)

__all__ = [
    "match_payout_again",
    "read_payout",
    "read_payouts",
    "settle_payout",
    "settle_payout_rows",
    "take_payout",
    "AccountOfMonth",
    "Asked",
    "Numbers",
    "ask_for_statement",
    "draw_statement",
    "FILE_KINDS",
    "open_beyond_paper",
    "open_items_file",
    "statement_file",
    "as_file",
    "asked_accounts",
    "ask_for_export",
    "drop_old_exports",
    "end_lost_export",
    "end_lost_exports",
    "held_now",
    "keep_accounts",
    "said_of_datev",
    "work_on_export",
    "bear_for_exception",
    "owe_for_exception",
    "decide_dispute",
    "record_dispute",
    "tell_finance_of_dispute",
    "look_after_money",
    "look_after_payment",
    "return_refund",
    "Booked",
    "book_certain",
    "book_line",
    "book_lines",
    "give_back",
    "leave_line",
    "look_again_at_line",
    "take_line_up",
    "take_statement",
    "Month",
    "close_month",
    "drafts_of",
    "months_to_close",
    "movements",
    "reopen_month",
    "write_month",
    "refund_for_exception",
    "report_failed_payment",
    "Due",
    "Letter",
    "Papers",
    "Proposal",
    "address_of",
    "begin_reminders",
    "change_level",
    "create_level",
    "propose_reminders",
    "remind_by_itself",
    "review_arrears",
    "send_reminder",
    "set_aside",
    "take_up_again",
    "ask_about_refund",
    "ask_provider",
    "authorize_payment",
    "begin_checkout",
    "begin_refund",
    "bill_and_pay_through",
    "change_entity",
    "capture_payment",
    "charge_saved_means",
    "take_held_money",
    "take_invoice",
    "close_checkout",
    "collect_payment",
    "credit_invoice",
    "credit_note_xml",
    "credit_notes_of",
    "create_entity",
    "credit_return",
    "ensure_default_entity",
    "seller_of_order",
    "fail_payment",
    "fail_refund",
    "invoice_order",
    "invoice_what_left",
    "invoice_xml",
    "is_payable_online",
    "issue_credit_note",
    "issue_drafted",
    "issue_for_shipment",
    "issue_invoice",
    "free_credit",
    "give_store_credit",
    "offer_store_credit",
    "approve_for_exception",
    "asked_for",
    "create_store_credit_limit",
    "change_store_credit_limit",
    "keep_payments_of_order",
    "keep_quotation",
    "proforma_pdf",
    "quotation_pdf",
    "why_no_proforma",
    "pay_from_credit",
    "payable_from_credit",
    "look_after_return",
    "ShopLogo",
    "check_logo",
    "letterhead_of_order",
    "letterhead_of_seller",
    "letterhead_of_shop",
    "logo_on_paper",
    "sample_pdf",
    "set_logo",
    "shop_logo",
    "small_logo",
    "mail_credit_note",
    "mail_invoice",
    "note_return",
    "open_checkout",
    "pay_out",
    "preview_credit",
    "preview_invoice_credit",
    "reconcile_checkouts",
    "reconcile_refunds",
    "take_hold_for_exception",
    "watch_holds",
    "MOST_EVIDENCE",
    "Piece",
    "evidence_at_hand",
    "give_evidence",
    "send_evidence",
    "watch_disputes",
    "record_payment",
    "record_transfer",
    "refund_payment",
    "render_credit_note_pdf",
    "render_invoice_pdf",
    "request_refund",
    "retry_refund",
    "is_last_note",
    "is_rewritable",
    "rewrite_invoice",
    "written_again",
    "return_late_money",
    "settle_checkout",
    "settle_edit",
    "settle_refund",
    "start_paying",
    "take_notice",
    "shares_of",
    "transfers_of",
    "change_difference_limit",
    "create_difference_limit",
    "expect_again",
    "is_small",
    "write_off_difference",
    "undo_booking",
    "write_off_invoice",
    "void_payment",
    "void_payments",
]
