"""Money in the back office: documents, payments, refunds, and who sells."""

from django.utils.translation import gettext_lazy as _

from core import badges, bell
from core.admin import navigation
from core.sentences import gettext_noop
from orders import categories

from . import (
    bank,
    disputes,
    documents,
    entity,
    exports,
    finding,
    ledger,
    payments,
    payouts,
    remedies,
    reminders,
    store_credit,
    today,
    write_offs,
)

__all__ = [
    "bank",
    "disputes",
    "documents",
    "entity",
    "exports",
    "finding",
    "ledger",
    "payments",
    "payouts",
    "remedies",
    "reminders",
    "store_credit",
    "today",
    "write_offs",
]

MONEY = _("Money")
navigation.register(
    MONEY,
    _("Invoices"),
    "admin:billing_invoice_changelist",
    permission="billing.view_invoice",
    order=500,
    icon="receipt",
    keys="g i",
)
navigation.register(
    MONEY,
    _("Overdue"),
    "admin:billing_invoice_changelist",
    permission="billing.view_invoice",
    order=502,
    icon="receipt",
    query="?waits=overdue",
)
navigation.register(
    MONEY,
    _("Reminders"),
    "admin:billing_reminderrun_changelist",
    permission="billing.view_reminderrun",
    order=504,
    icon="mail",
)
navigation.register(
    navigation.SETTINGS,
    _("Reminder levels"),
    "admin:billing_reminderlevel_changelist",
    permission="billing.view_reminderlevel",
    order=942,
    icon="mail",
)
navigation.register(
    navigation.SETTINGS,
    _("Small differences"),
    "admin:billing_differencelimit_changelist",
    permission="billing.view_differencelimit",
    order=943,
    icon="coins",
)
navigation.register(
    navigation.SETTINGS,
    _("Limits of store credit"),
    "admin:billing_storecreditlimit_changelist",
    permission="billing.view_storecreditlimit",
    order=944,
    icon="coins",
)
navigation.register(
    MONEY,
    _("Ageing"),
    "admin:billing_ageing",
    permission="billing.view_ledgertransaction",
    order=506,
    icon="coins",
    whole="channel",
)
navigation.register(
    MONEY,
    _("Credit notes"),
    "admin:billing_creditnote_changelist",
    permission="billing.view_creditnote",
    order=510,
    icon="receipt",
)
navigation.register(
    MONEY,
    _("Payments"),
    "admin:billing_payment_changelist",
    permission="billing.view_payment",
    order=520,
    icon="coins",
    keys="g m",
)
navigation.register(
    MONEY, _("Refunds"), "admin:billing_refund_changelist", permission="billing.view_refund", order=530, icon="coins"
)
navigation.register(
    MONEY,
    _("Disputes"),
    "admin:billing_dispute_changelist",
    permission="billing.view_dispute",
    order=535,
    icon="coins",
    query="?status__exact=open",
)
navigation.register(
    MONEY,
    _("Store credit"),
    "admin:billing_storecredit_changelist",
    permission="billing.view_storecredit",
    order=532,
    icon="coins",
    query="?left=some",
)
navigation.register(
    MONEY,
    _("Payouts"),
    "admin:billing_payout_changelist",
    permission="billing.view_payout",
    order=537,
    icon="coins",
    whole="channel",
)
navigation.register(
    MONEY,
    _("Journal"),
    "admin:billing_ledgertransaction_changelist",
    permission="billing.view_ledgertransaction",
    order=540,
    icon="coins",
)
navigation.register(
    MONEY,
    _("Trial balance"),
    "admin:billing_trial_balance",
    permission="billing.view_ledgertransaction",
    order=542,
    icon="coins",
    whole="channel",
)
navigation.register(
    MONEY,
    _("Month of the books"),
    "admin:billing_month",
    permission="billing.view_ledgertransaction",
    order=545,
    icon="coins",
    whole="channel",
)
navigation.register(
    navigation.SETTINGS,
    _("Legal entities"),
    "admin:billing_legalentity_changelist",
    permission="billing.view_legalentity",
    order=940,
    icon="building",
)

navigation.register(
    navigation.SETTINGS,
    _("Accounts for DATEV"),
    "admin:billing_accounts",
    permission=("billing.view_ledgertransaction", "billing.view_datevprofile"),
    order=941,
    icon="coins",
    whole="channel",
)

bell.say("books_ready", _("has the files of the books ready"))
bell.say("books_failed", _("could not make the files of the books"))

categories.register_queue(categories.FINANCE, gettext_noop("Finance"), "billing.operate_payment")
categories.register("hold_ending", _("held money about to be let go"), queue=categories.FINANCE)
categories.register("dispute", _("disputed payment"), queue=categories.FINANCE)
categories.register("paid_twice", _("paid twice"), queue=categories.FINANCE)
categories.register("sent_twice", _("sent back twice"), queue=categories.FINANCE)
categories.register("store_credit", _("store credit to approve"), queue=categories.FINANCE)
categories.register("refund_failed", _("failed refund"), queue=categories.FINANCE)

bell.say("payment_disputed", _("has a payment asked back by their bank"))
badges.register("neutral", "voided", "left", "none")
badges.register("warn", "unknown")
badges.register("info", "on_its_way")
badges.register("good", "at_bank", "matched")
badges.register("info", "issued", "approved", "open")
badges.register("progress", "partially_captured", "likely")
badges.register("good", "captured", "applied", "booked", "exact", "won")
badges.register("warn", "written_off", "dropped", "possible")
