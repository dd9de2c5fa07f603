"""How goods travel, how long it takes and what it costs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from inventory.handling import usual_handling
from inventory.models import Warehouse


class Zone(models.Model):
    """Countries that are served alike. A zone without countries is the rest of the world."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    countries = models.JSONField(_("countries"), default=list, blank=True)

    class Meta:
        verbose_name = _("shipping zone")
        verbose_name_plural = _("shipping zones")

    def __str__(self) -> str:
        return self.name


class ShippingMethod(models.Model):
    """A way of delivery a customer may choose. `pickup` means the customer collects or nothing travels."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    names = models.JSONField(_("names in other languages"), default=dict, blank=True)
    carrier = models.CharField(_("carrier"), max_length=40, default="house")
    pickup = models.BooleanField(_("collected by the customer"), default=False)
    handles = models.JSONField(_("can carry"), default=usual_handling, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("shipping method")
        verbose_name_plural = _("shipping methods")

    def __str__(self) -> str:
        return self.name

    def name_in(self, language: str | None = None) -> str:
        """Return the name in a language (the reader's, unless given)."""
        return str(self.names.get((language or get_language() or "en")[:2]) or self.name)

    # What a list of rates or days calls it.
    title_in = name_in


class ShippingRate(models.Model):
    """The charge for a method into a zone.

    Of the steps that goods reach, the heaviest counts, and of those with that weight the one with the highest value.
    """

    method = models.ForeignKey(ShippingMethod, models.CASCADE, related_name="rates", verbose_name=_("method"))
    zone = models.ForeignKey(Zone, models.CASCADE, related_name="rates", verbose_name=_("zone"))
    currency = models.CharField(_("currency"), max_length=3)
    min_goods_value = models.DecimalField(_("from goods value"), max_digits=14, decimal_places=3, default=0)
    min_weight_grams = models.PositiveIntegerField(_("from weight (g)"), default=0)
    amount = models.DecimalField(_("charge"), max_digits=14, decimal_places=3)

    class Meta:
        verbose_name = _("shipping rate")
        verbose_name_plural = _("shipping rates")
        constraints = [
            models.UniqueConstraint(
                fields=["method", "zone", "currency", "min_weight_grams", "min_goods_value"],
                name="one_shipping_rate_per_threshold",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="shipping_rate_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Transit(models.Model):
    """Working days from a warehouse into a zone by a method; fewer days count as nearer."""

    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="transits", verbose_name=_("warehouse"))
    zone = models.ForeignKey(Zone, models.CASCADE, related_name="transits", verbose_name=_("zone"))
    method = models.ForeignKey(ShippingMethod, models.CASCADE, related_name="transits", verbose_name=_("method"))
    days = models.PositiveSmallIntegerField(_("working days"))

    class Meta:
        verbose_name = _("transit time")
        verbose_name_plural = _("transit times")
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "zone", "method"], name="one_transit_time_per_way")
        ]

    def __str__(self) -> str:
        return f"{self.days} d"
