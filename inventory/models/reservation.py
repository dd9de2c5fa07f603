"""Units promised to a demand. Inventory knows no orders: `key` is whatever the demand calls its line."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.models import LockingManager

from .catalog import Product
from .stock import StockItem


class Reservation(models.Model):
    """A demand with units tied to it. A lower `rank` gets scarce units first and loses them last."""

    rank = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = LockingManager()

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="reservation_expiry", condition=Q(expires_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"reservation {self.pk}"


class Allocation(models.Model):
    """Units of one stock row tied to one line of a demand.

    quantity = what was tied at first; consumed left the building; released went back to the shelf's
    free units; what remains is open and counts in StockItem.reserved. `picked` units are out of the bin.
    Of a `kit` each part has a row of its own, `per` units for each unit of the line; they are used together.
    """

    reservation = models.ForeignKey(Reservation, models.PROTECT, related_name="allocations")
    stock_item = models.ForeignKey(StockItem, models.PROTECT, related_name="allocations")
    key = models.PositiveIntegerField()
    kit = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    per = models.PositiveIntegerField(default=1, db_default=1)
    quantity = models.PositiveIntegerField()
    consumed = models.PositiveIntegerField(default=0)
    released = models.PositiveIntegerField(default=0)

    objects = LockingManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="an_allocation_ties_something"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("consumed") + F("released")), name="allocation_is_used_once"
            ),
            models.CheckConstraint(
                condition=Q(per__gte=1) & (Q(kit__isnull=False) | Q(per=1)), name="only_parts_of_a_kit_go_by_many"
            ),
        ]
        indexes = [
            models.Index(
                fields=["stock_item"], name="allocation_open", condition=Q(quantity__gt=F("consumed") + F("released"))
            ),
            models.Index(
                fields=["kit"],
                name="allocation_open_kit",
                condition=Q(kit__isnull=False, quantity__gt=F("consumed") + F("released")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.open} of {self.quantity}"

    @property
    def open(self) -> int:
        """Units still tied."""
        return self.quantity - self.consumed - self.released

    def anew(self, units: int, **changes: int) -> "Allocation":
        """Return a row, not written yet, that ties units of the same to another shelf, line or demand."""
        names = ("reservation_id", "stock_item_id", "key", "kit_id", "per")
        return Allocation(**{name: getattr(self, name) for name in names} | changes, quantity=units)
