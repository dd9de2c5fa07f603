"""What the facts about money are called in the log."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import DatevProfile, LedgerAccount
from core.admin import history
from core.admin.differences import name_fields
from core.admin.facts import name_facts

name_facts(
    {
        "billing.accounts_numbered": _("Accounts for DATEV changed"),
        "billing.arrears_paid": _("Overdue invoice paid that held new orders"),
        "billing.book_export_due": _("Work on the files of a month"),
        "billing.books.exported": _("Files of a month made"),
        "billing.hold_lowered": _("Less held"),
        "billing.invoice_replaced": _("Invoice replaced by another"),
        "billing.invoice_reminded": _("Customer reminded"),
        "billing.statement_asked_for": _("Statement of account mailed"),
        "billing.statement_taken": _("Bank statement taken in"),
        "billing.transfer_booked": _("Bank transfer booked"),
        "billing.transfer_left": _("Bank transfer left out"),
        "billing.transfer_taken_up": _("Bank transfer put back on the list"),
        "billing.reminder_planned": _("Reminder begun"),
        "billing.reminders_set_aside": _("Set aside from reminders"),
        "billing.reminders_taken_up": _("Reminded again as usual"),
        "billing.capture_asked_for": _("Held money asked for"),
        "billing.charge_asked_for": _("Charge of the saved card asked for"),
        "billing.checkout_begun": _("Payment at the provider begun"),
        "billing.checkout_given_up": _("Payment at the provider given up"),
        "billing.credit_note_asked_for": _("Credit note asked for by mail"),
        "billing.credit_note_drafted": _("Credit note drafted"),
        "billing.credit_note_issued": _("Credit note issued"),
        "billing.customer_returned": _("Customer back from the provider"),
        "billing.dispute_opened": _("Payment disputed"),
        "billing.dispute_closed": _("Dispute decided by the bank"),
        "billing.evidence_given": _("Dispute answered"),
        "billing.evidence_taken": _("Evidence with the bank"),
        "billing.evidence_refused": _("Evidence not taken by the provider"),
        "billing.dispute_decided": _("Who bears a lost dispute"),
        "billing.invoice_asked_for": _("Invoice asked for by mail"),
        "billing.draft_discarded": _("Draft invoice discarded"),
        "billing.draft_redrawn": _("Draft invoice drawn again"),
        "billing.invoice_drafted": _("Invoice drafted"),
        "billing.invoice_issued": _("Invoice issued"),
        "billing.difference_limit_changed": _("Small difference changed"),
        "billing.invoice_expected_again": _("Write-off taken back"),
        "billing.invoice_written_off": _("Invoice written off"),
        "billing.invoice_paid": _("Invoice paid"),
        "billing.late_money_came": _("Money came too late"),
        "billing.month.closed": _("Month closed"),
        "billing.month.reopened": _("Month opened again"),
        "billing.payment_authorized": _("Payment authorized"),
        "billing.payment_captured": _("Payment taken"),
        "billing.payment_failed": _("Payment failed"),
        "billing.payment_lapsed": _("Hold of money lapsed"),
        "billing.payment_recorded": _("Payment recorded"),
        "billing.payment_taken_back": _("Payment taken back: wrongly booked"),
        "billing.transfer_undone": _("Booking of a bank transfer undone"),
        "billing.payment_voided": _("Held money let go"),
        "billing.payout_arrived": _("Payout at the bank"),
        "billing.payout_rows_settled": _("Unknown rows of a payout settled"),
        "billing.payout_told": _("Payout told by the provider"),
        "billing.provider_notified": _("Message of the payment provider"),
        "billing.store_credit_limit_changed": _("Limit of store credit changed"),
        "billing.store_credit_changed": _("Store credit given or taken back"),
        "billing.refund_failed": _("Refund failed"),
        "billing.refund_requested": _("Refund requested"),
        "billing.refund_settled": _("Refund settled"),
    }
)
name_fields(
    {
        "for": pgettext_lazy("what a transfer pays", "for"),
        "known": _("known already"),
        "month": _("Month"),
        "payments": _("Payments"),
        **{
            one.name: one.verbose_name for one in DatevProfile._meta.fields if not (one.primary_key or one.is_relation)
        },
        **{f"{code}:": words for code, words in LedgerAccount.Kind.choices},
    }
)
history.phrase("billing.invoice_asked_for", _("Invoice %(invoice)s mailed to %(email)s"), icon="mail")
history.phrase("billing.credit_note_asked_for", _("Credit note %(credit_note)s mailed to %(email)s"), icon="mail")
