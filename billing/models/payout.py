"""What a payment provider paid out to our bank, and out of what: row by row, matched, and found at the bank."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager
from core.money import Money

from .bank import BankLine
from .dispute import Dispute
from .payment import Payment, Refund


class Payout(models.Model):
    """Money that a provider sent to our bank, in `currency`; `listed_at` is when he said out of what.

    Until a row of a bank statement is it (`bank_line`) the money is on its way.
    """

    gateway = models.CharField(_("provider"), max_length=30)
    reference = models.CharField(_("reference"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3, default=Decimal(0))
    fees = models.DecimalField(_("fees"), max_digits=14, decimal_places=3, default=Decimal(0))
    arrives_on = models.DateField(_("at the bank on"), null=True, blank=True)
    # Rows that nobody knows what they are.
    open_rows = models.PositiveIntegerField(_("unknown rows"), default=0)
    told_at = models.DateTimeField(_("told"), default=timezone.now)
    listed_at = models.DateTimeField(_("taken in"), null=True, blank=True)
    ask_at = models.DateTimeField(_("asked next at"), null=True, blank=True)
    bank_line = models.OneToOneField(
        BankLine, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("at the bank")
    )

    objects = LockingManager()

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        constraints = [models.UniqueConstraint(fields=["gateway", "reference"], name="each_payout_is_taken_once")]
        indexes = [models.Index(fields=["ask_at"], name="payout_to_ask", condition=Q(ask_at__isnull=False))]

    def __str__(self) -> str:
        return f"{Money(self.amount, self.currency).rounded()}" if self.currency else self.reference


class PayoutRow(models.Model):
    """Out of what a payout was paid: `amount` before the provider's `fee`. Known by what it belongs to, or open."""

    class Kind(models.TextChoices):
        """What it is, as the provider says."""

        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        DISPUTE = "dispute", _("Dispute")
        FEE = "fee", _("Fee")
        OTHER = "other", _("Other")

    class Status(models.TextChoices):
        """Whether we know what it is."""

        MATCHED = "matched", _("known")
        OPEN = "open", _("unknown")
        FEE = "fee", _("a cost of the provider")
        LEFT = "left", _("left out")

    payout = models.ForeignKey(Payout, models.PROTECT, related_name="rows", verbose_name=_("payout"))
    reference = models.CharField(_("reference"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    fee = models.DecimalField(_("fee"), max_digits=14, decimal_places=3, default=Decimal(0))
    text = models.CharField(_("text"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("payment")
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("refund")
    )
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("dispute")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    done_by = models.CharField(_("done by"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("row of a payout")
        verbose_name_plural = _("rows of payouts")
        constraints = [
            models.UniqueConstraint(fields=["payout", "reference"], name="each_row_of_a_payout_is_taken_once")
        ]

    def __str__(self) -> str:
        return self.reference
