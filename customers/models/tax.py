"""What is known of a customer for tax, and how it came to be known."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
