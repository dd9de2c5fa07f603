"""Bank statements: what came in on an account, row by row, and what it was booked as."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.models import LockingManager

from .payment import Payment


class BankStatement(models.Model):
    """A file of a bank, taken in once; `summary` says what became of its rows."""

    file_name = models.CharField(_("file"), max_length=200)
    account = models.CharField(_("account"), max_length=40)
    currency = models.CharField(_("currency"), max_length=3)
    encoding = models.CharField(_("read as"), max_length=20)
    summary = models.JSONField(_("what became of the rows"), default=dict)
    taken_by = models.CharField(_("by"), max_length=120)
    taken_at = models.DateTimeField(_("taken in"), default=timezone.now)

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")

    def __str__(self) -> str:
        return self.file_name


class BankLine(models.Model):
    """A row of a statement. `digest` is the same in every file of its account that holds it: it is taken once.

    `proposal` is what it may be for: invoices with the amounts each gets. `status` is changed only by a conditional
    update.
    """

    class Status(models.TextChoices):
        """From the file to the books."""

        OPEN = "open", _("To be booked")
        BOOKED = "booked", _("Booked")
        LEFT = "left", _("Left out")

    class Confidence(models.TextChoices):
        """How sure the proposal is."""

        EXACT = "exact", _("certain")
        LIKELY = "likely", _("likely")
        POSSIBLE = "possible", _("possible")
        NONE = "none", _("unknown")

    statement = models.ForeignKey(BankStatement, models.PROTECT, related_name="lines", verbose_name=_("statement"))
    position = models.PositiveIntegerField(_("row"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # The row without its account: the same file under another account is known all the same.
    identity = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    own_account = models.CharField(_("account in the file"), max_length=40, blank=True)
    booked_on = models.DateField(_("booked on"))
    name = models.CharField(_("from"), max_length=200, blank=True)
    text = models.CharField(_("reference"), max_length=500, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    confidence = models.CharField(_("match"), max_length=10, choices=Confidence, default=Confidence.NONE)
    why = models.JSONField(_("why"), default=list, blank=True)
    proposal = models.JSONField(_("for"), default=list, blank=True)
    # The payout of a provider that it is proposed to be, or was booked as.
    payout = models.ForeignKey(
        "billing.Payout", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("payout")
    )
    reason = models.CharField(_("why it is left out"), max_length=300, blank=True)
    done_by = models.CharField(_("done by"), max_length=120, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("bank transfer")
        verbose_name_plural = _("bank transfers")
        constraints = [
            models.UniqueConstraint(fields=["statement", "position"], name="one_row_per_place_in_a_statement"),
            models.CheckConstraint(
                condition=~Q(status="booked") | Q(amount__gt=0) | Q(payout__isnull=False),
                name="only_a_provider_takes_money_that_is_booked",
            ),
        ]
        indexes = [models.Index(fields=["-id"], name="bank_line_open", condition=Q(status="open"))]
        permissions = [("undo_booking", gettext_noop("Can undo the booking of a bank transfer"))]

    def __str__(self) -> str:
        return f"{self.name or self.text} {self.booked_on:%Y-%m-%d}"


class BankBooking(models.Model):
    """A payment that a transfer was booked as; one per order it was for."""

    line = models.ForeignKey(BankLine, models.PROTECT, related_name="bookings", verbose_name=_("transfer"))
    payment = models.OneToOneField(Payment, models.PROTECT, related_name="+", verbose_name=_("payment"))

    class Meta:
        verbose_name = _("booked transfer")
        verbose_name_plural = _("booked transfers")

    def __str__(self) -> str:
        return f"{self.line_id} {self.payment_id}"
