"""What is taken off the goods of an order, for whom, and how often."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer, CustomerGroup


class Promotion(models.Model):
    """A discount on the goods of an order, or a free delivery: by code, or for everybody.

    What is named (currency, group, channel, first order, categories, products) limits it; what is not, does not. All
    its amounts are in its currency. `used` counts the uses of a promotion that has `max_uses`: it is moved by a
    conditional update alone.
    """

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
    # However much is bought, now or by a later edit, a share takes no more off than this.
    max_discount = models.DecimalField(_("at most"), max_digits=14, decimal_places=3, null=True, blank=True)
    needs_code = models.BooleanField(_("only with the code"), default=True)
    min_goods_value = models.DecimalField(_("from goods value"), max_digits=14, decimal_places=3, default=0)
    group = models.ForeignKey(
        CustomerGroup, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer group")
    )
    channel = models.ForeignKey(
        "pricing.Channel", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    first_order = models.BooleanField(_("first order only"), default=False)
    categories = models.JSONField(_("categories"), default=list, blank=True)
    skus = models.JSONField(_("products"), default=list, blank=True)
    # The higher one is worked out first.
    priority = models.SmallIntegerField(_("priority"), default=0)
    exclusive = models.BooleanField(_("with no other promotion"), default=False)
    max_uses = models.PositiveIntegerField(_("uses in all"), null=True, blank=True)
    max_uses_per_customer = models.PositiveSmallIntegerField(_("uses per customer"), null=True, blank=True)
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)
    valid_from = models.DateField(pgettext_lazy("day", "from"), null=True, blank=True)
    valid_to = models.DateField(pgettext_lazy("day", "to"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        constraints = [
            models.CheckConstraint(condition=Q(value__gte=0), name="promotion_value_is_not_negative"),
            models.CheckConstraint(condition=~Q(kind="percent") | Q(value__lte=100), name="promotion_percent_to_100"),
            models.CheckConstraint(
                condition=Q(max_discount__isnull=True) | (Q(kind="percent", max_discount__gt=0) & ~Q(currency="")),
                name="promotion_share_ends_at_an_amount",
            ),
            # Fifty euros are not fifty yen: what a promotion gives or asks for is in its currency, as its orders are.
            models.CheckConstraint(
                condition=~Q(currency="") | (Q(min_goods_value=0) & ~Q(kind="amount")),
                name="promotion_amounts_are_in_a_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def per_customer(self) -> int | None:
        """Return how often one customer may use it: a first order is placed once."""
        return 1 if self.first_order else self.max_uses_per_customer

    @property
    def is_counted(self) -> bool:
        """Whether its uses are written down: those of what everybody gets without end are not."""
        return self.needs_code or self.max_uses is not None or self.per_customer is not None

    def is_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Redemption(models.Model):
    """One use of a promotion. `reference` says by what; `given_back_at` that it does not count any more.

    `slot` numbers the uses of one customer: no two that count have the same, so two orders at once cannot both be
    the last one that is allowed.
    """

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="redemptions", verbose_name=_("promotion"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    reference = models.CharField(_("used by"), max_length=40)
    slot = models.PositiveSmallIntegerField(null=True, editable=False)
    taken_at = models.DateTimeField(_("used at"), default=timezone.now)
    given_back_at = models.DateTimeField(_("given back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("use of a promotion")
        verbose_name_plural = _("uses of promotions")
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "customer", "slot"],
                condition=Q(given_back_at__isnull=True, slot__isnull=False),
                name="one_use_per_customer_and_slot",
            ),
            models.UniqueConstraint(
                fields=["promotion", "reference"],
                condition=Q(given_back_at__isnull=True),
                name="one_use_per_promotion_and_reference",
            ),
        ]
        indexes = [
            models.Index(fields=["reference"], name="redemption_reference", condition=Q(given_back_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.reference
