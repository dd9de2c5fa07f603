"""What is taken off the goods of an order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Promotion(models.Model):
    """A simple discount on the goods of an order: a share or an amount, by code or for everybody."""

    class Kind(models.TextChoices):
        """How the discount is worked out."""

        PERCENT = "percent", _("percent")
        AMOUNT = "amount", _("amount")
        FREE_SHIPPING = "free_shipping", _("free shipping")

    code = models.CharField(_("coupon code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=3, default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    needs_code = models.BooleanField(_("only with the code"), default=True)
    min_goods_value = models.DecimalField(_("from goods value"), max_digits=14, decimal_places=3, default=0)
    valid_from = models.DateField(pgettext_lazy("day", "from"), null=True, blank=True)
    valid_to = models.DateField(pgettext_lazy("day", "to"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        constraints = [
            models.CheckConstraint(condition=Q(value__gte=0), name="promotion_value_is_not_negative"),
            models.CheckConstraint(condition=~Q(kind="percent") | Q(value__lte=100), name="promotion_percent_to_100"),
        ]

    def __str__(self) -> str:
        return self.name
