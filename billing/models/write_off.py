"""What of an invoice nobody expects any more, and why."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.money import Money

from .entity import LegalEntity
from .invoice import Invoice


class WriteOff(models.Model):
    """So much of an invoice was given up, or (below zero) is expected or was paid after all. A row never changes."""

    class Kind(models.TextChoices):
        """Why nobody expects it: it is not worth asking for, or the customer does not pay."""

        SMALL_DIFFERENCE = "small_difference", _("Small difference")
        BAD_DEBT = "bad_debt", _("Bad debt")

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="write_offs", verbose_name=_("invoice"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    done_by = models.CharField(_("by"), max_length=120, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="a_write_off_is_not_nothing")]

    def __str__(self) -> str:
        return f"{Money(self.amount, self.currency)}"

    @property
    def order_id(self) -> int:
        """Whose invoice it is of."""
        return self.invoice.order_id

    @property
    def status(self) -> str:
        """Name it on an account as the invoices are: a write-off has no machine of its own."""
        return str(Invoice.Status.WRITTEN_OFF)

    def get_status_display(self) -> str:
        """Say why nobody expects it."""
        return str(self.Kind(self.kind).label)


class DifferenceLimit(models.Model):
    """Up to how much of an invoice is not worth asking for, in one currency; with `by_itself` nobody is asked."""

    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", verbose_name=_("seller"))
    currency = models.CharField(_("currency"), max_length=3)
    most = models.DecimalField(_("up to"), max_digits=14, decimal_places=3)
    by_itself = models.BooleanField(
        _("by itself"),
        default=False,
        help_text=_("What a payment leaves open up to this is written off at once; else somebody confirms it."),
    )

    class Meta:
        verbose_name = _("small difference")
        verbose_name_plural = _("small differences")
        constraints = [
            models.UniqueConstraint(fields=["entity", "currency"], name="one_difference_limit_per_currency"),
            models.CheckConstraint(condition=Q(most__gt=0), name="a_difference_limit_is_more_than_nothing"),
        ]

    def __str__(self) -> str:
        return f"{Money(self.most, self.currency)}"
