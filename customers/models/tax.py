"""What is known of a customer for tax, and how it came to be known."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import Attachment

from .customer import Customer


class VatCheck(models.Model):
    """An answer to whether a VAT id is valid, with what it was given by: evidence, so it is only ever added.

    `reference` is the consultation number of VIES, or what a person wrote down of a check by hand.
    """

    class Source(models.TextChoices):
        """Who answered."""

        VIES = "vies", "VIES"
        HAND = "hand", _("by hand")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="vat_checks", verbose_name=_("customer"))
    number = models.CharField(_("VAT id"), max_length=20)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.VIES)
    valid = models.BooleanField(_("valid"))
    name = models.CharField(_("name as answered"), max_length=300, blank=True)
    address = models.TextField(_("address as answered"), blank=True)
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    checked_at = models.DateTimeField(_("checked at"), default=timezone.now)
    checked_by = models.CharField(_("by"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("check of a VAT id")
        verbose_name_plural = _("checks of VAT ids")
        indexes = [models.Index(fields=["customer", "number", "checked_at"], name="vat_check_of_customer")]

    def __str__(self) -> str:
        return self.number


class TaxCertificate(models.Model):
    """Why a customer pays no tax in a country, or a region of it, for a time: what authorities gave them.

    `reason` is printed on their invoices (EN 16931 BT-120), e.g. with the article of the law.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="certificates", verbose_name=_("customer"))
    number = models.CharField(_("number"), max_length=60)
    country = models.CharField(_("country"), max_length=2)
    region = models.CharField(_("region"), max_length=6, blank=True)
    reason = models.CharField(_("reason, as printed"), max_length=200)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    file = models.ForeignKey(
        Attachment, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    added_by = models.CharField(_("added by"), max_length=120)
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # When somebody was told that it ends soon: once.
    warned_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("tax certificate")
        verbose_name_plural = _("tax certificates")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="certificate_ends_after_it_began",
            )
        ]
        indexes = [
            models.Index(
                fields=["valid_until"],
                name="certificate_ending",
                condition=Q(warned_at=None, ended_at=None, valid_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.number
