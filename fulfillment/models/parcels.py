"""Parcels that leave a place, and what their carriers say about them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_fsm import transition

from core.models import Attachment, LockingManager, public_number
from core.status import StatusField
from orders.models import Order, OrderLine

from .work import FulfillmentOrder


class Shipment(models.Model):
    """A parcel."""

    class Status(models.TextChoices):
        """Where the parcel is."""

        LABEL_PENDING = "label_pending", _("Label pending")
        READY = "ready", _("Ready")
        IN_TRANSIT = "in_transit", _("In transit")
        OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
        DELIVERED = "delivered", _("Delivered")
        DELIVERY_FAILED = "delivery_failed", _("Delivery failed")
        RETURNED_TO_SENDER = "returned_to_sender", _("Returned to sender")
        LOST = "lost", _("Lost")
        CANCELLED = "cancelled", _("Cancelled")

    number = public_number("SH")
    fulfillment_order = models.ForeignKey(
        FulfillmentOrder, models.PROTECT, related_name="shipments", verbose_name=_("fulfillment order")
    )
    position = models.PositiveSmallIntegerField(_("parcel"), default=1)
    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments", verbose_name=_("order"))
    status = StatusField(_("status"), choices=Status, default=Status.LABEL_PENDING, protected=True)
    carrier = models.CharField(_("carrier"), max_length=40)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    tracking_url = models.CharField(_("tracking page"), max_length=300, blank=True)
    label = models.ForeignKey(
        Attachment, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("label")
    )
    weight_grams = models.PositiveIntegerField(_("weight (g)"), default=0)
    estimated_delivery_on = models.DateField(_("expected delivery"), null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("packed at"), default=timezone.now)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        permissions = [("operate_shipment", gettext_noop("Can say what happened to parcels"))]
        constraints = [
            models.UniqueConstraint(fields=["fulfillment_order", "position"], name="one_parcel_per_position")
        ]
        indexes = [
            models.Index(fields=["tracking_number"], name="shipment_tracking", condition=~Q(tracking_number="")),
            models.Index(fields=["status", "-id"], name="shipment_status"),
            models.Index(fields=["shipped_at", "id"], name="shipment_shipped"),
        ]

    def __str__(self) -> str:
        return str(self.number)

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @transition(status, source=Status.LABEL_PENDING, target=Status.READY, custom={"label": _("Label")})
    def make_ready(self) -> None:
        """The label is on."""

    @transition(status, source=Status.READY, target=Status.IN_TRANSIT, custom={"label": _("Hand over")})
    def hand_over(self) -> None:
        """The carrier has it."""

    @transition(
        status,
        source=[Status.IN_TRANSIT, Status.DELIVERY_FAILED],
        target=Status.OUT_FOR_DELIVERY,
        custom={"label": _("Out for delivery")},
    )
    def go_out(self) -> None:
        """It is on the van."""

    @transition(
        status,
        source=[Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERY_FAILED, Status.LOST],
        target=Status.DELIVERED,
        custom={"label": _("Delivered")},
    )
    def deliver(self) -> None:
        """The customer has it."""

    @transition(
        status,
        source=[Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY],
        target=Status.DELIVERY_FAILED,
        custom={"label": _("Delivery failed")},
    )
    def fail(self) -> None:
        """Nobody took it."""

    @transition(
        status,
        source=[Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERY_FAILED],
        target=Status.RETURNED_TO_SENDER,
        custom={"label": _("Came back")},
    )
    def come_back(self) -> None:
        """The carrier brought it back."""

    @transition(
        status,
        source=[Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERY_FAILED],
        target=Status.LOST,
        custom={"label": _("Lost")},
    )
    def lose(self) -> None:
        """Nobody knows where it is."""

    @transition(
        status, source=[Status.LABEL_PENDING, Status.READY], target=Status.CANCELLED, custom={"label": _("Cancel")}
    )
    def cancel(self) -> None:
        """The label is void."""


class ShipmentLine(models.Model):
    """What is in a parcel."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("parcel content")
        verbose_name_plural = _("parcel contents")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_parcel_line_holds_something"),
            models.UniqueConstraint(fields=["shipment", "order_line"], name="one_parcel_line_per_order_line"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line_id}"


class TrackingEvent(models.Model):
    """What the carrier said. Each of its events is taken once."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="tracking_events")
    carrier = models.CharField(max_length=40)
    event_id = models.CharField(max_length=100)
    status = models.CharField(_("status"), max_length=30)
    description = models.CharField(_("description"), max_length=300, blank=True)
    location = models.CharField(_("location"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("tracking event")
        verbose_name_plural = _("tracking events")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["carrier", "event_id"], name="each_carrier_event_is_taken_once")
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.status}"
