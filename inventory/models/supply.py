"""Goods between two warehouses."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager

from .catalog import Product, Warehouse


class Transfer(models.Model):
    """Goods that go from one warehouse to another; what is sent and not yet there is in transit."""

    class Status(models.TextChoices):
        """Nothing moves in a draft; `sent` until all of it arrived or was lost."""

        DRAFT = "draft", _("draft")
        SENT = "sent", _("on its way")
        RECEIVED = "received", _("received")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    source = models.ForeignKey(Warehouse, models.PROTECT, related_name="transfers_out", verbose_name=_("from"))
    destination = models.ForeignKey(Warehouse, models.PROTECT, related_name="transfers_in", verbose_name=_("to"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    expected_on = models.DateField(_("expected on"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, editable=False)
    received_at = models.DateTimeField(_("received at"), null=True, editable=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("destination")), name="a_transfer_goes_somewhere_else"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "sent", "received", "cancelled"]), name="transfer_status_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["expected_on"], name="transfer_on_its_way", condition=Q(status="sent")),
            models.Index(fields=["status", "-id"], name="transfer_status"),
        ]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    """Units of one product on a transfer: sent = received + in transit + lost."""

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="lines", verbose_name=_("transfer"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="transfer_lines", verbose_name=_("product"))
    quantity = models.PositiveIntegerField(_("units"))
    received = models.PositiveIntegerField(_("received"), default=0)
    lost = models.PositiveIntegerField(_("lost"), default=0)
    # Copied from the transfer in the statement that sends or ends it: one index then says what is incoming.
    in_transit = models.BooleanField(_("on its way"), default=False)

    class Meta:
        verbose_name = _("line of a transfer")
        verbose_name_plural = _("lines of a transfer")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "product"], name="one_line_per_transfer_and_product"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_transfer_moves_something"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("received") + F("lost")), name="no_more_arrives_than_was_sent"
            ),
        ]
        indexes = [models.Index(fields=["product"], name="transfer_line_incoming", condition=Q(in_transit=True))]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def open(self) -> int:
        """Units that neither arrived nor were lost."""
        return self.quantity - self.received - self.lost
