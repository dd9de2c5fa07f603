"""Stock, and the ledger of everything that moved it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager

from .catalog import Product, Warehouse


class StockItem(models.Model):
    """Units of one product in one warehouse.

    on_hand = sum of movements; reserved = sum of open allocations (invariant I1);
    available = on_hand − quarantined − reserved − safety_stock, never shown below zero.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="stock_items", verbose_name=_("product"))
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="stock_items", verbose_name=_("warehouse"))
    on_hand = models.IntegerField(_("on hand"), default=0)
    quarantined = models.IntegerField(_("quarantined"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    safety_stock = models.PositiveIntegerField(_("safety stock"), default=0)
    reorder_point = models.PositiveIntegerField(
        _("reorder point"),
        null=True,
        blank=True,
        help_text=_("When no more than this is free or on its way, it is time to order again."),
    )
    # Since when it stands there; nobody is told twice of one fall.
    low_since = models.DateTimeField(_("low since"), null=True, editable=False)
    bin = models.CharField(_("bin"), max_length=20, blank=True)
    counted_at = models.DateTimeField(_("last counted at"), null=True, editable=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        constraints = [
            models.UniqueConstraint(fields=["product", "warehouse"], name="one_stock_row_per_product_and_warehouse"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_is_not_negative"),
            models.CheckConstraint(condition=Q(quarantined__gte=0), name="quarantined_is_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand") - F("quarantined")), name="never_promise_twice"
            ),
        ]
        # Sheets for counting go by bin, or by what was counted longest ago.
        indexes = [
            models.Index(fields=["warehouse", "bin"], name="stock_by_bin"),
            models.Index(fields=["warehouse", "counted_at"], name="stock_by_count"),
            models.Index(fields=["low_since"], name="stock_is_low", condition=Q(low_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.product.sku} @ {self.warehouse.code}"

    @property
    def available(self) -> int:
        """Units that new demand may take."""
        return max(0, self.on_hand - self.quarantined - self.reserved - self.safety_stock)


class StockMovement(models.Model):
    """One change of on_hand or of quarantine. Written once, never changed."""

    class Kind(models.TextChoices):
        """Why units moved."""

        OPENING = "opening", _("opening stock")
        RECEIPT = "receipt", _("receipt")
        SHIPMENT = "shipment", _("shipment")
        RETURN = "return", _("return")
        ADJUSTMENT = "adjustment", _("adjustment")
        QUARANTINE = "quarantine", _("quarantine")
        TRANSFER = "transfer", _("transfer")

    stock_item = models.ForeignKey(StockItem, models.PROTECT, related_name="movements", verbose_name=_("stock"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    quantity = models.IntegerField(_("units on hand"), default=0)
    quarantine_quantity = models.IntegerField(_("units in quarantine"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    actor = models.CharField(_("actor"), max_length=120)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.CheckConstraint(
                condition=~Q(quantity=0) | ~Q(quarantine_quantity=0), name="a_movement_moves_something"
            )
        ]
        indexes = [
            models.Index(fields=["reference"], name="movement_reference", condition=~Q(reference="")),
            # Demand is reckoned from what was shipped, shelf by shelf.
            models.Index(fields=["stock_item", "at"], name="movement_shipped", condition=Q(kind="shipment")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+d}"


class ExpectedReceipt(models.Model):
    """Units that are on their way to us, with the day they are expected."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="expected_receipts", verbose_name=_("product"))
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, verbose_name=_("warehouse"))
    quantity = models.PositiveIntegerField(_("ordered"))
    received = models.PositiveIntegerField(_("received"), default=0)
    expected_on = models.DateField(_("expected on"))
    # From the one to the other is how long a supplier takes.
    ordered_on = models.DateField(_("announced on"), null=True, editable=False)
    arrived_on = models.DateField(_("first arrived on"), null=True, editable=False)
    reference = models.CharField(_("purchase order"), max_length=60, blank=True)
    closed = models.BooleanField(_("closed"), default=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("expected receipt")
        verbose_name_plural = _("expected receipts")
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0), name="expects_at_least_one_unit")]
        indexes = [
            models.Index(fields=["product", "expected_on"], name="receipt_open", condition=Q(closed=False)),
            models.Index(Upper("reference"), name="receipt_open_paper", condition=Q(closed=False)),
            models.Index(fields=["expected_on"], name="receipt_due", condition=Q(closed=False)),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.product.sku} × {self.quantity}".strip()
