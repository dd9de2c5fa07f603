"""Goods that come back."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_fsm import transition

from core.models import LockingManager, public_number
from core.status import StatusField
from inventory.models import Warehouse
from orders.models import Order, OrderLine
from pricing.models import Channel
from returns.reasons import spoken


class ReturnPolicy(models.Model):
    """How long customers may return, and what they get back; of one channel, or of all that have none of their own.

    `withdrawal_days` are the consumer's by law (Directive 2011/83/EU art. 9) and cannot be declined.
    """

    channel = models.OneToOneField(
        Channel,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="return_policy",
        verbose_name=_("channel"),
        help_text=_("None: for all channels without a policy of their own."),
    )
    days = models.PositiveSmallIntegerField(_("days to return"), default=30)
    withdrawal_days = models.PositiveSmallIntegerField(_("days to withdraw by law"), default=14)
    refunds_delivery = models.BooleanField(
        _("delivery charges back"),
        default=True,
        help_text=_("When a consumer withdraws from all goods of an order."),
    )
    offers_credit = models.BooleanField(
        _("store credit instead of money"),
        default=False,
        help_text=_("Customers may choose it when they ask for a return. Nobody has to: by law money goes back."),
    )
    instructions = models.TextField(
        _("instructions"), blank=True, help_text=_("Printed in the mail that authorizes a return.")
    )

    class Meta:
        verbose_name = _("return policy")
        verbose_name_plural = _("return policies")
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(channel__isnull=True), name="one_return_policy_for_all_channels"
            ),
            models.CheckConstraint(condition=Q(withdrawal_days__lte=F("days")), name="no_shorter_than_the_law"),
        ]

    def __str__(self) -> str:
        return str(self.channel) if self.channel_id else str(_("All channels"))


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

    class RefundAs(models.TextChoices):
        """How the customer wants it back; nothing where nobody was asked, and money goes back the way it came."""

        MONEY = "money", _("money, the way it was paid")
        CREDIT = "credit", _("store credit")

    number = public_number("RMA")
    order = models.ForeignKey(Order, models.PROTECT, related_name="returns", verbose_name=_("order"))
    status = StatusField(_("status"), choices=Status, default=Status.REQUESTED, protected=True)
    requested_by = models.CharField(_("requested by"), max_length=120)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    customer_note = models.TextField(_("note of the customer"), blank=True)
    # The number of the parcel that came back unopened, where that is why.
    parcel = models.CharField(max_length=40, blank=True, default="", editable=False)
    decline_reason = models.CharField(_("why declined"), max_length=300, blank=True)
    is_withdrawal = models.BooleanField(_("withdrawal by law"), default=False, editable=False)
    with_charges = models.BooleanField(_("with delivery charges"), default=False, editable=False)
    refund_as = models.CharField(_("wanted back as"), max_length=10, choices=RefundAs, blank=True, default="")
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("goes to")
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
        permissions = [("operate_return", gettext_noop("Can take returns through their steps"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "requested",
                        "authorized",
                        "declined",
                        "in_transit",
                        "partially_received",
                        "received",
                        "inspected",
                        "resolved",
                        "closed",
                        "cancelled",
                        "expired",
                    ]
                ),
                name="return_status_is_known",
            ),
            models.CheckConstraint(condition=Q(refund_total__gte=0), name="a_return_takes_no_money"),
            models.CheckConstraint(
                condition=Q(refund_as__in=["", "money", "credit"]), name="it_goes_back_in_a_known_way"
            ),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="return_order"),
            models.Index(fields=["status", "-id"], name="return_status"),
        ]

    def __str__(self) -> str:
        return str(self.number or _("new return"))

    @property
    def spoken_reason(self) -> str:
        """Why, in the language of the reader: what was chosen, or what was typed."""
        return spoken(self.reason)

    @property
    def wants_credit(self) -> bool:
        """Whether the customer chose store credit."""
        return self.refund_as == self.RefundAs.CREDIT

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

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
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="return_lines")
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
