"""What is given to a customer's bank as evidence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Attachment

from .dispute import Dispute


class DisputeFile(models.Model):
    """A document that was given as evidence, with the how manieth answer to the bank; kept as it was given."""

    class Kind(models.TextChoices):
        """What it shows; a provider takes one of each."""

        INVOICE = "invoice", _("Invoice")
        DELIVERY = "delivery", _("Proof of delivery")
        LETTERS = "letters", _("What the customer wrote")
        OTHER = "other", _("Another document")

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="files", verbose_name=_("dispute"))
    number = models.PositiveSmallIntegerField(_("answer"))
    kind = models.CharField(_("shows"), max_length=20, choices=Kind)
    attachment = models.OneToOneField(Attachment, models.CASCADE, related_name="+", verbose_name=_("file"))

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["dispute", "number", "kind"], name="one_piece_of_evidence_of_each_kind"),
        ]

    def __str__(self) -> str:
        return self.attachment.name
