"""Prices and simple discounts."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inventory.models import Product


class PriceList(models.Model):
    """Prices in one currency. Whether they include tax is said by the channel."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"


class Price(models.Model):
    """The price of one unit, from a quantity on, within a period (both days included)."""

    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="prices", verbose_name=_("price list"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="prices", verbose_name=_("product"))
    amount = models.DecimalField(_("price"), max_digits=18, decimal_places=6)
    min_quantity = models.PositiveIntegerField(_("from quantity"), default=1)
    valid_from = models.DateField(pgettext_lazy("day", "from"), null=True, blank=True)
    valid_to = models.DateField(pgettext_lazy("day", "to"), null=True, blank=True)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_is_not_negative"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="price_period_runs_forward",
            ),
            models.UniqueConstraint(
                fields=["price_list", "product", "min_quantity", "valid_from"],
                name="one_price_per_quantity_and_start",
            ),
            # SQLite has no "nulls not distinct"; two constraints say the same on both databases.
            models.UniqueConstraint(
                fields=["price_list", "product", "min_quantity"],
                condition=Q(valid_from__isnull=True),
                name="one_price_per_quantity_from_ever",
            ),
        ]
        indexes = [models.Index(fields=["product", "price_list"], name="price_of_product")]

    def __str__(self) -> str:
        return f"{self.amount}"


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
