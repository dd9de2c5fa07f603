"""The ledger: every movement of money twice, and nothing in it ever changes.

An amount is positive on the debit side and negative on the credit side; the entries of a transaction add up to
nothing. Balances are sums: no row is written again by everybody.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from customers.models import Customer
from orders.models import Order

from .entity import LegalEntity
from .invoice import CreditNote, Invoice
from .payment import Payment, Refund


class LedgerAccount(models.Model):
    """Where amounts are kept, in one currency. It appears with its first entry.

    `detail` tells accounts of a kind apart: of revenue `DE:S:0.1900` (country, category, rate), of tax `DE:0.1900`,
    of money how it comes (`bank_transfer`, or a payment provider).
    """

    class Kind(models.TextChoices):
        """What is kept there. Receivables, prepayments and store credit are kept for each customer."""

        RECEIVABLE = "receivable", _("Receivables")
        PREPAYMENT = "prepayment", _("Customer prepayments")
        STORE_CREDIT = "store_credit", _("Store credit")
        MONEY = "money", pgettext_lazy("ledger account", "Money")
        REVENUE = "revenue", _("Revenue")
        TAX = "tax", _("Output VAT")
        ROUNDING = "rounding", _("Rounding differences")
        SMALL_DIFFERENCE = "small_difference", _("Small differences")
        BAD_DEBT = "bad_debt", _("Bad debt")
        GOODWILL = "goodwill", _("Goodwill")
        FEE = "fee", _("Fees of payment providers")
        DISPUTE = "dispute", _("Disputed payments")

    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", verbose_name=_("seller"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    detail = models.CharField(_("detail"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "kind", "detail", "currency"], name="one_ledger_account_per_purpose"
            )
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.get_kind_display()), self.detail, self.currency) if part)


# What a customer owes, or has with us.
OF_CUSTOMERS = (LedgerAccount.Kind.RECEIVABLE, LedgerAccount.Kind.PREPAYMENT, LedgerAccount.Kind.STORE_CREDIT)


class LedgerTransaction(models.Model):
    """One cause, written down once: `source` names it. Only the database's owner could change it (triggers)."""

    class Kind(models.TextChoices):
        """Why it was written."""

        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        PAYMENT = "payment", _("Payment")
        MATCH = "match", _("Payment matched to an invoice")
        REFUND = "refund", _("Refund")
        WRITE_OFF = "write_off", _("Write-off")
        FEE = "fee", _("Fee")
        PAYOUT = "payout", _("Payout of a provider")
        DISPUTE = "dispute", _("Dispute")
        CHARGE_BACK = "charge_back", _("Payment charged back")
        STORE_CREDIT = "store_credit", _("Store credit")

    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", verbose_name=_("seller"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    source = models.CharField(_("cause"), max_length=100, unique=True)
    booked_on = models.DateField(_("date"))
    currency = models.CharField(_("currency"), max_length=3)
    text = models.CharField(_("text"), max_length=200, blank=True)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("order")
    )
    # By these, doors find the papers; looked up from here only, so without an index.
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("invoice")
    )
    credit_note = models.ForeignKey(
        CreditNote,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("credit note"),
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("payment")
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("refund")
    )
    actor = models.CharField(_("by"), max_length=100, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), default=timezone.now)

    class Meta:
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        indexes = [
            # The journal of a month, page by page.
            models.Index(fields=["entity", "booked_on", "id"], name="ledger_journal"),
            models.Index(fields=["order", "id"], name="ledger_order", condition=Q(order__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}".strip()


class LedgerEntry(models.Model):
    """An amount on an account: debit above nothing, credit below. Date and customer stand on it to be summed by."""

    transaction = models.ForeignKey(LedgerTransaction, models.PROTECT, related_name="entries")
    account = models.ForeignKey(
        LedgerAccount, models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    booked_on = models.DateField(_("date"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("customer")
    )
    # Of a receivable: which invoice is open by it.
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("invoice")
    )
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="a_ledger_entry_is_not_nothing")]
        indexes = [
            models.Index(fields=["account", "booked_on", "amount"], name="ledger_account_balance"),
            models.Index(
                fields=["customer", "booked_on", "account", "amount"],
                name="ledger_customer_balance",
                condition=Q(customer__isnull=False),
            ),
            models.Index(
                fields=["invoice", "booked_on", "amount"],
                name="ledger_open_item",
                condition=Q(invoice__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class ClosedMonth(models.Model):
    """A month into which nothing is dated any more, unless it was opened again."""

    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", verbose_name=_("seller"))
    first_day = models.DateField(_("month"))
    last_day = models.DateField(_("last day"))
    closed_at = models.DateTimeField(_("closed at"), default=timezone.now)
    closed_by = models.CharField(_("closed by"), max_length=100)
    reopened_at = models.DateTimeField(_("opened again at"), null=True, blank=True)
    reopened_by = models.CharField(_("opened again by"), max_length=100, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # What its books said when it was closed, per currency: count of transactions and sum of debits.
    figures = models.JSONField(_("figures"), default=dict)

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "first_day"], condition=Q(reopened_at__isnull=True), name="a_month_is_closed_once"
            )
        ]
        indexes = [models.Index(fields=["entity", "-last_day"], name="closed_month_last")]
        permissions = [
            ("close_month", gettext_noop("Can close a month of the books")),
            ("reopen_month", gettext_noop("Can open a closed month again")),
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"
