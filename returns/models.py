"""Goods that come back."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from core.models import LockingManager
from core.money import Money
from inventory.models import Warehouse
from orders.models import Order, OrderLine


class ReturnRequest(models.Model):
    """The wish of a customer to give something back (RMA), and what became of it. Amounts in the order's currency."""

    class Status(models.TextChoices):
        """From wish to money."""

        REQUESTED = "requested", _("Requested")
        AUTHORIZED = "authorized", _("Authorized")
        DECLINED = "declined", _("Declined")
        IN_TRANSIT = "in_transit", _("On its way back")
        PARTIALLY_RECEIVED = "partially_received", _("Partly received")
        RECEIVED = "received", _("Received")
        INSPECTED = "inspected", _("Inspected")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    number = models.CharField(_("number"), max_length=20, unique=True, null=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="returns", verbose_name=_("order"))
    status = FSMField(_("status"), choices=Status, default=Status.REQUESTED, protected=True)
    requested_by = models.CharField(_("requested by"), max_length=120)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    customer_note = models.TextField(_("note of the customer"), blank=True)
    decline_reason = models.CharField(_("why declined"), max_length=300, blank=True)
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("received at")
    )
    refund_total = models.DecimalField(_("refund"), max_digits=14, decimal_places=3, default=Decimal(0))
    created_at = models.DateTimeField(_("requested at"), default=timezone.now)
    authorized_at = models.DateTimeField(_("authorized at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        indexes = [
            models.Index(fields=["order", "id"], name="return_order"),
            models.Index(fields=["status", "-id"], name="return_status"),
        ]

    def __str__(self) -> str:
        return self.number or f"return {self.pk}"

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    def refund_money(self) -> Money:
        """Return what goes back."""
        return Money(self.refund_total, self.order.currency)

    @transition(status, source=Status.REQUESTED, target=Status.AUTHORIZED, custom={"label": _("Authorize")})
    def authorize(self) -> None:
        """The customer may send it back."""

    @transition(status, source=Status.REQUESTED, target=Status.DECLINED, custom={"label": _("Decline")})
    def decline(self) -> None:
        """The customer may not."""

    @transition(status, source=Status.AUTHORIZED, target=Status.IN_TRANSIT, custom={"label": _("On its way")})
    def travel(self) -> None:
        """The customer has sent it."""

    @transition(
        status,
        source=[Status.AUTHORIZED, Status.IN_TRANSIT, Status.PARTIALLY_RECEIVED],
        target=Status.PARTIALLY_RECEIVED,
        custom={"label": _("Receive in part")},
    )
    def receive_in_part(self) -> None:
        """Some of it is here."""

    @transition(
        status,
        source=[Status.AUTHORIZED, Status.IN_TRANSIT, Status.PARTIALLY_RECEIVED],
        target=Status.RECEIVED,
        custom={"label": _("Receive")},
    )
    def receive(self) -> None:
        """All of it is here."""

    @transition(
        status,
        source=[Status.RECEIVED, Status.PARTIALLY_RECEIVED],
        target=Status.INSPECTED,
        custom={"label": _("Inspect")},
    )
    def inspect(self) -> None:
        """Somebody looked at it and decided; after a part only when nothing more is coming."""

    @transition(status, source=Status.INSPECTED, target=Status.RESOLVED, custom={"label": _("Resolve")})
    def resolve(self) -> None:
        """Goods, credit note and money are settled or on their way."""

    @transition(status, source=Status.RESOLVED, target=Status.CLOSED, custom={"label": _("Close")})
    def close(self) -> None:
        """The money arrived; nothing is left to do."""

    @transition(
        status, source=[Status.REQUESTED, Status.AUTHORIZED], target=Status.CANCELLED, custom={"label": _("Cancel")}
    )
    def cancel(self) -> None:
        """The customer keeps it after all."""

    @transition(status, source=Status.AUTHORIZED, target=Status.EXPIRED, custom={"label": _("Expire")})
    def expire(self) -> None:
        """It never came."""


class ReturnLine(models.Model):
    """Units of one order line that come back, what was found, and what the customer gets for them."""

    class Disposition(models.TextChoices):
        """What happens to the goods."""

        RESTOCK = "restock", _("back to stock")
        REFURBISH = "refurbish", _("refurbish")
        QUARANTINE = "quarantine", _("quarantine")
        SCRAP = "scrap", _("scrap")
        BACK_TO_CUSTOMER = "back_to_customer", _("back to the customer")

    class Resolution(models.TextChoices):
        """What the customer gets."""

        REFUND = "refund", _("refund")
        REJECT = "reject", _("nothing")

    return_request = models.ForeignKey(ReturnRequest, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    received = models.PositiveIntegerField(_("received"), default=0)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    disposition = models.CharField(_("goods"), max_length=20, choices=Disposition, blank=True)
    resolution = models.CharField(_("customer gets"), max_length=10, choices=Resolution, blank=True)
    refund_amount = models.DecimalField(_("refund"), max_digits=14, decimal_places=3, default=Decimal(0))
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_return_line_returns_something"),
            models.CheckConstraint(
                condition=Q(received__lte=F("quantity")), name="receive_at_most_what_was_authorized"
            ),
            models.UniqueConstraint(fields=["return_request", "order_line"], name="one_return_line_per_order_line"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line_id}"
