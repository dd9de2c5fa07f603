"""What goods cost, in lists."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import CustomerGroup
from inventory.models import Product


class PriceList(models.Model):
    """Prices in one currency, for whom and when they hold.

    A list that names a customer group, a channel or a period holds by itself for all that fits; one that names nothing
    holds only where a channel has it as its own. Whether its amounts include tax is said by the channel; `taxed` keeps
    it from channels that read them the other way.
    """

    class Taxed(models.TextChoices):
        """On which channels the amounts mean what they say."""

        ANY = "", _("as the channel says")
        NET = "net", _("without tax: only on net channels")
        GROSS = "gross", _("with tax: only on gross channels")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)
    group = models.ForeignKey(
        CustomerGroup, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer group")
    )
    channel = models.ForeignKey(
        "pricing.Channel", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    valid_from = models.DateField(pgettext_lazy("day", "from"), null=True, blank=True)
    valid_to = models.DateField(pgettext_lazy("day", "to"), null=True, blank=True)
    # Of two lists that are equally close to the sale, the higher one goes first.
    priority = models.SmallIntegerField(_("priority"), default=0)
    taxed = models.CharField(_("amounts"), max_length=5, choices=Taxed, default=Taxed.ANY, blank=True)

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="price_list_period_runs_forward",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"

    @property
    def closeness(self) -> tuple[bool, bool, bool]:
        """Return how closely the list names a sale: by whom, then where, then when."""
        period = self.valid_from is not None or self.valid_to is not None
        return self.group_id is not None, self.channel_id is not None, period

    def holds_for(self, *, channel_id: int, group_id: int | None, on: date, gross: bool) -> bool:
        """Whether it holds by itself for a sale."""
        return (
            any(self.closeness)
            and self.group_id in (None, group_id)
            and self.channel_id in (None, channel_id)
            and (self.valid_from is None or self.valid_from <= on)
            and (self.valid_to is None or on <= self.valid_to)
            and self.taxed in (self.Taxed.ANY, self.Taxed.GROSS if gross else self.Taxed.NET)
        )


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
