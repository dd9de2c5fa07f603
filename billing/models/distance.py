"""What consumers in other member states buy: it counts for the threshold of Directive 2006/112/EC art. 59c."""

from django.db import models
from django.db.models import Q

from .entity import LegalEntity
from .invoice import CreditNote, Invoice


class DistanceSale(models.Model):
    """The net of such sales on an issued invoice; below nothing on a credit note of it, which is named beside it.

    `billed_on` is the date of the document. Written with it, and never changed.
    """

    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", db_index=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="+")
    credit_note = models.OneToOneField(CreditNote, models.PROTECT, null=True, related_name="+")
    billed_on = models.DateField()
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=14, decimal_places=3)

    class Meta:
        # All that the sums of a seller read.
        indexes = [models.Index(fields=["entity", "billed_on", "currency", "net"], name="distance_sale_sums")]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(credit_note=None), name="an_invoice_counts_once_as_distance_sale"
            ),
            models.CheckConstraint(condition=~Q(net=0), name="a_distance_sale_is_not_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.billed_on} {self.net} {self.currency}"
