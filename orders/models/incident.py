"""One cause that many orders suffer from, and what was done about each of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager
from inventory.models import Warehouse
from pricing.models import ShippingMethod

from .exception import OrderException
from .order import Order


class Incident(models.Model):
    """A carrier on strike, a recalled product: who is affected, what they are told, and how it ended."""

    class Status(models.TextChoices):
        """From found to over."""

        FOUND = "found", _("found")
        TELLING = "telling", _("telling")
        OPEN = "told", _("told")
        CLOSING = "closing", _("closing")
        OVER = "over", _("over")

    cause = models.CharField(_("cause"), max_length=200)
    # Whom it affects: all of what is said.
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    shipping_method = models.ForeignKey(
        ShippingMethod, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shipping method")
    )
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("warehouse")
    )
    placed_from = models.DateField(_("placed from"), null=True, blank=True)
    placed_until = models.DateField(_("placed until"), null=True, blank=True)
    with_delivered = models.BooleanField(_("also what was delivered"), default=False)

    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.FOUND)
    # In the language of the house, and by language: each customer reads his own.
    text = models.TextField(_("to the customers"), blank=True)
    texts = models.JSONField(_("to the customers, by language"), default=dict, blank=True)
    new_day = models.DateField(_("promised anew for"), null=True, blank=True)
    resolution = models.CharField(_("resolution"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    created_by = models.CharField(_("found by"), max_length=120, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = [
            models.CheckConstraint(
                condition=~Q(carrier="", sku="", shipping_method=None, warehouse=None),
                name="an_incident_affects_something",
                violation_error_message=_("Say whom it affects: a carrier, a method, a product or a warehouse."),
            )
        ]

    def __str__(self) -> str:
        return self.cause


class IncidentOrder(models.Model):
    """An order that an incident affects, and what was done about it."""

    class Status(models.TextChoices):
        """From affected to settled."""

        WAITING = "waiting", _("waits its turn")
        TOLD = "told", _("told")
        LEFT_OUT = "left_out", _("left out")
        CLOSED = "closed", _("closed")

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="orders", verbose_name=_("incident"))
    order = models.ForeignKey(Order, models.CASCADE, related_name="+", verbose_name=_("order"))
    exception = models.ForeignKey(
        OrderException, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("exception")
    )
    status = models.CharField(_("result"), max_length=10, choices=Status, default=Status.WAITING)
    # The customer gets one mail, about the first of his orders.
    mailed = models.BooleanField(_("mail"), default=False)
    promised_before = models.DateField(_("was promised"), null=True, blank=True)
    promised_after = models.DateField(_("is promised"), null=True, blank=True)
    note = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("affected order")
        verbose_name_plural = _("affected orders")
        constraints = [models.UniqueConstraint(fields=["incident", "order"], name="one_row_per_affected_order")]
        indexes = [models.Index(fields=["incident", "status", "id"], name="incident_turn")]

    def __str__(self) -> str:
        return f"{self.order}"
