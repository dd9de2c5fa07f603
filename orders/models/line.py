"""What was ordered, what else is charged, and everything that happened to it."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import exact
from inventory.kits import Parts
from inventory.models import GOODS, Product

from .order import Order


class OrderLine(models.Model):
    """One product on an order, frozen as agreed. All quantities are units (invariant I2).

    `net_total`, `tax_total` and `total` (gross) are what this line contributes to the order after
    discounts; its tax is its share of the tax per rate. `unit_price` is net or gross as the order says.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    position = models.PositiveIntegerField(_("position"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    sku = models.CharField(_("SKU"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10)
    # Of a kit, what was in it when it was ordered: {"product", "sku", "name", "per"} for each part.
    parts = models.JSONField(_("parts"), default=list, blank=True, editable=False)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    discount_total = models.DecimalField(_("discount"), max_digits=14, decimal_places=3, default=Decimal(0))
    net_total = models.DecimalField(_("net"), max_digits=14, decimal_places=3)
    tax_category = models.CharField(_("tax category"), max_length=2, default="S")
    tax_rate = models.DecimalField(_("tax rate"), max_digits=6, decimal_places=4)
    tax_total = models.DecimalField(_("tax"), max_digits=14, decimal_places=3)
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=3)
    promised_on = models.DateField(_("promised"), null=True, blank=True)

    allocated = models.PositiveIntegerField(_("allocated"), default=0)
    backordered = models.PositiveIntegerField(_("backordered"), default=0)
    # Of what is backordered: lent to who needs it now, and to be back before a day on which work on it must begin.
    lent = models.PositiveIntegerField(_("lent"), default=0)
    lent_until = models.DateField(_("lent until"), null=True, blank=True)
    shipped = models.PositiveIntegerField(_("shipped"), default=0)
    delivered = models.PositiveIntegerField(_("delivered"), default=0)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)
    return_authorized = models.PositiveIntegerField(_("return authorized"), default=0)
    returned = models.PositiveIntegerField(_("returned"), default=0)
    invoiced = models.PositiveIntegerField(_("invoiced"), default=0)
    credited = models.PositiveIntegerField(_("credited"), default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="one_line_per_position"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_line_orders_something"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("cancelled") + F("shipped")), name="ship_at_most_what_was_ordered"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("allocated") + F("backordered") + F("cancelled") + F("shipped")),
                name="allocate_at_most_what_is_open",
            ),
            models.CheckConstraint(condition=Q(lent__lte=F("backordered")), name="lend_at_most_what_is_missing"),
            models.CheckConstraint(condition=Q(delivered__lte=F("shipped")), name="deliver_at_most_what_was_shipped"),
            models.CheckConstraint(
                condition=Q(return_authorized__lte=F("shipped")), name="authorize_returns_of_shipped_units_only"
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=F("return_authorized")), name="return_at_most_what_was_authorized"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("cancelled") + F("invoiced") - F("credited")),
                name="invoice_at_most_what_was_ordered",
            ),
            models.CheckConstraint(
                condition=Q(total=exact(F("net_total") + F("tax_total"))), name="line_total_adds_up"
            ),
        ]
        indexes = [
            models.Index(fields=["sku", "order"], name="line_sku"),
            models.Index(fields=["product"], name="line_backordered", condition=Q(backordered__gt=0)),
            models.Index(fields=["lent_until"], name="line_lent", condition=Q(lent__gt=0)),
            models.Index(fields=["id"], name="kit_backordered", condition=Q(backordered__gt=0, kind="kit")),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def open(self) -> int:
        """Units still to be shipped."""
        return self.quantity - self.cancelled - self.shipped

    @property
    def wanted(self) -> int:
        """Units that are still agreed: with those that have left, without those that were cancelled."""
        return self.quantity - self.cancelled

    @property
    def is_goods(self) -> bool:
        """Whether it leaves a warehouse in a parcel."""
        return self.kind in GOODS

    @property
    def made_of(self) -> Parts:
        """Return what is in one unit of a kit, as (product, units); nothing of anything else."""
        return parts_in(self.parts)

    @property
    def pieces(self) -> int:
        """Return how many units on shelves are one of this line."""
        return sum(per for _part, per in self.made_of) or 1

    @property
    def spoken_parts(self) -> str:
        """Return what is in a kit as documents name it; nothing of anything else."""
        return ", ".join(f"{part['per']} × {part['name']}" for part in self.parts)


def parts_in(frozen: Iterable[Mapping[str, Any]]) -> Parts:
    """Return the parts of a kit as lines remember them."""
    return tuple((int(part["product"]), int(part["per"])) for part in frozen)


class OrderCharge(models.Model):
    """A sum on an order that is no product: shipping, a fee, a discount given as a line of its own.

    `amount` is net or gross as the order says, before tax is worked out; discounts are negative.
    `taxes` lists {category, rate, net, tax} because one charge may take the rates of several goods.
    """

    class Kind(models.TextChoices):
        """What is charged."""

        SHIPPING = "shipping", _("shipping")
        FEE = "fee", _("fee")
        DISCOUNT = "discount", _("discount")
        MANUAL = "manual", _("manual")

    order = models.ForeignKey(Order, models.CASCADE, related_name="charges", verbose_name=_("order"))
    position = models.PositiveIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    code = models.CharField(_("code"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=200)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    taxes = models.JSONField(_("tax by rate"), default=list)
    net_total = models.DecimalField(_("net"), max_digits=14, decimal_places=3)
    tax_total = models.DecimalField(_("tax"), max_digits=14, decimal_places=3)
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=3)
    invoiced = models.BooleanField(_("invoiced"), default=False)
    cancelled = models.BooleanField(_("cancelled"), default=False)

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="one_charge_per_position"),
            models.CheckConstraint(
                condition=Q(total=exact(F("net_total") + F("tax_total"))), name="charge_total_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Movement(models.Model):
    """What happened to units of a line. Written once, never changed."""

    class Kind(models.TextChoices):
        """What happened."""

        ALLOCATED = "allocated", _("allocated")
        UNALLOCATED = "unallocated", _("allocation lost")
        CANCELLED = "cancelled", _("cancelled")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        INVOICED = "invoiced", _("invoiced")
        CREDITED = "credited", _("credited")
        RETURN_AUTHORIZED = "return_authorized", _("return authorized")
        RETURNED = "returned", _("returned")

    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="movements")
    kind = models.CharField(max_length=20, choices=Kind)
    quantity = models.IntegerField()
    reference = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["reference"], name="line_movement_reference", condition=~Q(reference=""))]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"
