"""What checks found and what became of it, who was told apart, and how much of something is usual."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from inventory.models import Product
from pricing.models import Channel

from .order import Order


class CheckCatch(models.Model):
    """One order on which one check had something to say. Imported history counts for nothing.

    One narrow row per finding: what a check is worth is read from them without reading an order.
    """

    class Outcome(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("open")
        WAIVED = "waived", _("waived")
        DIFFERENT = "different", _("no duplicate")
        CORRECTED = "corrected", _("corrected")
        SETTLED = "settled", _("settled")
        STOPPED = "stopped", _("order stopped")
        PASSED = "passed", _("went on as it was")

    order = models.ForeignKey(Order, models.CASCADE, related_name="catches", verbose_name=_("order"))
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_index=False, verbose_name=_("channel"))
    name = models.CharField(_("check"), max_length=40)
    stopped = models.BooleanField(_("stopped the order"), default=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.OPEN)
    at = models.DateTimeField(_("found"), default=timezone.now)

    class Meta:
        verbose_name = _("finding of a check")
        verbose_name_plural = _("findings of checks")
        indexes = [
            # All that the page of checks counts, so that it reads the index alone.
            models.Index(fields=["at", "channel", "name", "stopped", "outcome"], name="catch_counted"),
            # What the night asks of: whose order is over by now.
            models.Index(fields=["order"], name="catch_open", condition=models.Q(outcome="open")),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.name}"


# What turns out to be all right was a false alarm; what was changed or called off was worth being found.
FALSE_ALARMS = (CheckCatch.Outcome.WAIVED, CheckCatch.Outcome.DIFFERENT, CheckCatch.Outcome.PASSED)
RIGHT = (CheckCatch.Outcome.CORRECTED, CheckCatch.Outcome.STOPPED)


class ToldApart(models.Model):
    """Two orders that look alike, and of which somebody said that both are meant. `earlier` is the older one."""

    earlier = models.ForeignKey(Order, models.CASCADE, related_name="+", verbose_name=_("earlier order"))
    later = models.ForeignKey(Order, models.CASCADE, related_name="told_apart", verbose_name=_("later order"))
    by = models.CharField(_("by"), max_length=120)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("orders told apart")
        verbose_name_plural = _("orders told apart")
        constraints = [models.UniqueConstraint(fields=["later", "earlier"], name="two_orders_are_told_apart_once")]

    def __str__(self) -> str:
        return f"{self.later_id} ≠ {self.earlier_id}"


class ProductHabit(models.Model):
    """How much of a product is usual: its lines of a year, and the most units in one of them. Kept by the night."""

    product = models.OneToOneField(Product, models.CASCADE, primary_key=True, related_name="+")
    lines = models.PositiveIntegerField(default=0)
    most = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.product_id}: {self.most}"


class CustomerHabit(models.Model):
    """How much a customer usually takes of one thing: their lines of a year, and the most units in one of them."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="+")
    lines = models.PositiveIntegerField(default=0)
    most = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.most}"
