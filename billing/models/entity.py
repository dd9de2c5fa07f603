"""Who writes the invoices."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Attachment


class LegalEntity(models.Model):
    """The seller, as every document names him (Directive 2006/112/EC art. 226).

    `vat_registrations` are further VAT ids by country: goods may be sent from a warehouse there. `distance_sales` say
    how consumers in other member states are taxed, by the day from which on (pricing.DistanceSales.Way).
    `prefix` keeps the numbers of several sellers apart: none for the first, `AT` for AT-INV-000001.
    """

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=200)
    prefix = models.CharField(_("its numbers begin with"), max_length=10, blank=True, unique=True)
    address = models.JSONField(_("address"), default=dict)
    vat_id = models.CharField(_("VAT id"), max_length=20, blank=True)
    vat_registrations = models.JSONField(_("VAT registrations abroad"), default=dict, blank=True)
    distance_sales = models.JSONField(_("distance sales"), default=dict, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    bank_name = models.CharField(_("bank"), max_length=100, blank=True)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    logo = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+", editable=False, verbose_name=_("logo")
    )
    reminds_by_itself = models.BooleanField(_("reminds every night"), default=False)
    is_default = models.BooleanField(_("default"), default=True)

    class Meta:
        verbose_name = _("legal entity")
        verbose_name_plural = _("legal entities")

    def __str__(self) -> str:
        return self.name

    @property
    def country(self) -> str:
        """Return where the seller is."""
        return str(self.address.get("country", ""))

    def way_of_distance_sales(self, on: date) -> str:
        """Return how consumers in other member states are taxed on a day; nothing where nobody has said so."""
        return next((way for day, way in sorted(self.distance_sales.items(), reverse=True) if day <= str(on)), "")
