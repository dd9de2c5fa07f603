"""Tax rates by country, class and date."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pricing.calculation import AT_HOME, ONE_STOP_SHOP


class TaxRate(models.Model):
    """The rate of a tax class in a country from a day on, e.g. 0.1900. Class `not_stated` never has a rate.

    One of a region (ISO 3166-2) goes before that of its country there, one of a class of customers before the usual.
    """

    country = models.CharField(_("country"), max_length=2)
    region = models.CharField(_("region"), max_length=6, blank=True, default="")
    tax_class = models.CharField(_("tax class"), max_length=20)
    customer_class = models.CharField(_("class of customers"), max_length=20, blank=True, default="")
    rate = models.DecimalField(_("rate"), max_digits=6, decimal_places=4)
    valid_from = models.DateField(pgettext_lazy("day", "from"))
    valid_to = models.DateField(pgettext_lazy("day", "to"), null=True, blank=True)

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        constraints = [
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lt=1), name="tax_rate_is_a_share"),
            models.UniqueConstraint(
                fields=["country", "region", "tax_class", "customer_class", "valid_from"],
                name="one_tax_rate_per_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region or self.country} {self.tax_class} {self.rate:.2%}"


class DistanceSales(models.Model):
    """How sales to consumers in other member states are taxed from a day on. Written with the seller's profile.

    Before the first of them, rates of the destination hold as far as they are entered.
    """

    class Way(models.TextChoices):
        """Directive 2006/112/EC art. 59c: at home below the threshold, else where the goods go (art. 33 and 58)."""

        AT_HOME = AT_HOME, _("below the threshold: at home")
        ONE_STOP_SHOP = ONE_STOP_SHOP, _("where they go: one-stop shop (OSS)")

    valid_from = models.DateField(pgettext_lazy("day", "from"), unique=True)
    way = models.CharField(_("way"), max_length=20, choices=Way)

    class Meta:
        verbose_name = _("distance sales")
        verbose_name_plural = _("distance sales")

    def __str__(self) -> str:
        return f"{self.valid_from} {self.way}"


class TaxRegistration(models.Model):
    """A country in which the seller pays VAT under a number of its own. Written with the seller's profile."""

    country = models.CharField(_("country"), max_length=2, unique=True)
    vat_id = models.CharField(_("VAT id"), max_length=20)

    class Meta:
        verbose_name = _("VAT registration")
        verbose_name_plural = _("VAT registrations")

    def __str__(self) -> str:
        return f"{self.country} {self.vat_id}"
