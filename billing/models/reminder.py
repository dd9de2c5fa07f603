"""Reminders of invoices that should have been paid: the levels, the runs, the letters, and who is left in peace."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager, OutgoingMail
from customers.models import Customer
from pricing.models import Channel

from .entity import LegalEntity
from .invoice import Invoice


class ReminderLevel(models.Model):
    """A step of reminding, for one seller or channel, or for all that have no steps of their own."""

    class Tone(models.TextChoices):
        """How the letter speaks."""

        FRIENDLY = "friendly", _("a friendly word")
        FIRM = "firm", _("firm")
        FINAL = "final", _("the last before further steps")

    legal_entity = models.ForeignKey(
        LegalEntity, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("seller")
    )
    channel = models.ForeignKey(
        Channel, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    number = models.PositiveSmallIntegerField(_("level"))
    days = models.PositiveSmallIntegerField(_("days overdue"))
    tone = models.CharField(_("tone"), max_length=10, choices=Tone, default=Tone.FRIENDLY)
    stops_orders = models.BooleanField(_("holds their new orders"), default=False)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reminder level")
        verbose_name_plural = _("reminder levels")
        ordering = ["legal_entity", "channel", "number"]
        constraints = [
            models.UniqueConstraint(
                Coalesce(F("legal_entity"), 0),
                Coalesce(F("channel"), 0),
                F("number"),
                name="one_row_per_reminder_level",
            ),
            models.CheckConstraint(condition=Q(number__gte=1, days__gte=1), name="reminders_come_after_the_due_day"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


def run_code() -> str:
    """Return a public name of a run."""
    return f"RUN-{get_random_string(8, 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789')}"


class ReminderRun(models.Model):
    """The letters that somebody, or the night, sent at once."""

    code = models.CharField(_("run"), max_length=20, unique=True, default=run_code, editable=False)
    started_by = models.CharField(_("started by"), max_length=120)
    started_at = models.DateTimeField(_("started"), default=timezone.now)

    class Meta:
        verbose_name = _("reminder run")
        verbose_name_plural = _("reminder runs")

    def __str__(self) -> str:
        return self.code


class ReminderLetter(models.Model):
    """One mail to one customer about some invoices. `status` is changed only by a conditional update."""

    class Status(models.TextChoices):
        """From the plan to the mail."""

        PLANNED = "planned", _("Being sent")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("Not sent")

    run = models.ForeignKey(ReminderRun, models.CASCADE, related_name="letters", verbose_name=_("run"))
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="+")
    legal_entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", verbose_name=_("seller"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PLANNED)
    mail = models.ForeignKey(OutgoingMail, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = LockingManager()

    class Meta:
        verbose_name = _("reminder letter")
        verbose_name_plural = _("reminder letters")
        indexes = [models.Index(fields=["run", "id"], name="letter_of_run")]

    def __str__(self) -> str:
        return f"{self.run} {self.pk}"


class Reminder(models.Model):
    """That an invoice was reminded of at a level: once, whoever asks. `why` says why it was not after all."""

    class Status(models.TextChoices):
        """As the letter, but an invoice may drop out of it."""

        PLANNED = "planned", _("Being sent")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("Not sent")

    letter = models.ForeignKey(ReminderLetter, models.CASCADE, related_name="reminders", verbose_name=_("letter"))
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="reminders", verbose_name=_("invoice"))
    level = models.PositiveSmallIntegerField(_("level"))
    tone = models.CharField(_("tone"), max_length=10, choices=ReminderLevel.Tone)
    stops_orders = models.BooleanField(_("holds their new orders"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PLANNED)
    why = models.CharField(_("why not"), max_length=300, blank=True)
    open_amount = models.DecimalField(_("open"), max_digits=14, decimal_places=3)
    sent_on = models.DateField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "level"],
                condition=~Q(status="dropped"),
                name="each_level_reminds_of_an_invoice_once",
            )
        ]
        indexes = [models.Index(fields=["letter", "id"], name="reminder_of_letter")]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.level}"


class ReminderPause(models.Model):
    """A customer, or one invoice, that nobody reminds until a day, for a reason."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    invoice = models.ForeignKey(
        Invoice, models.CASCADE, null=True, blank=True, related_name="pauses", verbose_name=_("invoice")
    )
    until = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=300)
    placed_by = models.CharField(_("by"), max_length=120)
    placed_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("pause of reminders")
        verbose_name_plural = _("pauses of reminders")
        constraints = [
            models.CheckConstraint(
                condition=Q(customer=None, invoice__isnull=False) | Q(customer__isnull=False, invoice=None),
                name="a_pause_is_of_a_customer_or_an_invoice",
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(customer__isnull=False), name="one_pause_per_customer"
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(invoice__isnull=False), name="one_pause_per_invoice"
            ),
        ]

    def __str__(self) -> str:
        return self.reason
