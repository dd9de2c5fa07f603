"""The order, and the machine of its status."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from core.models import LockingManager, exact, public_number
from core.money import Money
from core.status import StatusField
from customers.addresses import PostalAddress
from customers.models import Customer
from inventory.models import Reservation
from orders import guards
from pricing.models import Channel, ShippingMethod

from .order_meta import BALANCE, BEGINNINGS, NOT_ALL_GONE, OWED_INDEX, PERMISSIONS, UNCLOSED


def amount(label: Any) -> "models.DecimalField[Decimal, Decimal]":
    """Return a column for an amount in the order's currency."""
    return models.DecimalField(label, max_digits=14, decimal_places=3, default=Decimal(0))


class OrderStatus(models.TextChoices):
    """The few stored states; everything partial is derived."""

    DRAFT = "draft", _("Draft")
    PLACED = "placed", _("Placed")
    VERIFIED = "verified", _("Verified")
    CONFIRMED = "confirmed", _("Confirmed")
    FULFILLING = "fulfilling", _("In fulfillment")
    FULFILLED = "fulfilled", _("Fulfilled")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


S = OrderStatus


class Order(models.Model):
    """An agreement to deliver lines to a customer. All amounts are in `currency`.

    balance_due = total of uncancelled lines and charges − credited − written off − paid + refunded (invariant I3).
    `authorized_total` is what is held and not yet taken. `version` counts changes of the agreement, not
    of derived figures. The allocations of its reservation are keyed by the position of the line.
    `goods_key` is the same for two orders of the same goods, `address_key` for most ways to write an address.
    `found_by_email`: the customer was known before, and nothing but the address says that it is them.
    """

    class Allocation(models.TextChoices):
        """How much of the open demand is tied to stock."""

        UNALLOCATED = "unallocated", _("Unallocated")
        PARTIAL = "partial", _("Partly allocated")
        ALLOCATED = "allocated", _("Allocated")
        BACKORDERED = "backordered", _("Backordered")

    class Fulfillment(models.TextChoices):
        """How much has left the building and arrived."""

        UNFULFILLED = "unfulfilled", _("Unfulfilled")
        PARTIALLY_SHIPPED = "partially_shipped", _("Partly shipped")
        SHIPPED = "shipped", _("Shipped")
        PARTIALLY_DELIVERED = "partially_delivered", _("Partly delivered")
        DELIVERED = "delivered", _("Delivered")

    class Paid(models.TextChoices):
        """How the money stands."""

        UNPAID = "unpaid", _("Unpaid")
        AUTHORIZED = "authorized", _("Authorized")
        PARTIALLY_PAID = "partially_paid", _("Partly paid")
        PAID = "paid", _("Paid")
        OVERPAID = "overpaid", _("Overpaid")
        PARTIALLY_REFUNDED = "partially_refunded", _("Partly refunded")
        REFUNDED = "refunded", _("Refunded")

    class Invoiced(models.TextChoices):
        """How much has been invoiced."""

        NOT_INVOICED = "not_invoiced", _("Not invoiced")
        PARTIALLY_INVOICED = "partially_invoiced", _("Partly invoiced")
        INVOICED = "invoiced", _("Invoiced")

    class Returned(models.TextChoices):
        """What came back."""

        NONE = "none", _("None")
        REQUESTED = "requested", _("Requested")
        PARTIALLY_RETURNED = "partially_returned", _("Partly returned")
        RETURNED = "returned", _("Returned")

    number = public_number("SO")
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="orders", verbose_name=_("channel"))
    external_reference = models.CharField(_("their reference"), max_length=100, blank=True)
    status = StatusField(_("status"), choices=OrderStatus, default=OrderStatus.DRAFT, protected=True)
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)

    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("customer")
    )
    found_by_email = models.BooleanField(default=False, editable=False)
    customer_name = models.CharField(_("customer's name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    # By which an order is found (core.words); written with the name and the number.
    name_key = models.CharField(max_length=200, blank=True, editable=False)
    surname_key = models.CharField(max_length=200, blank=True, editable=False)
    phone_key = models.CharField(max_length=40, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, default="en")
    billing_address = models.JSONField(_("billing address"), default=dict, blank=True)
    shipping_address = models.JSONField(_("shipping address"), default=dict, blank=True)

    shipping_method = models.ForeignKey(
        ShippingMethod, models.PROTECT, null=True, blank=True, verbose_name=_("shipping method")
    )
    requested_delivery_on = models.DateField(_("wanted on"), null=True, blank=True)
    ship_complete = models.BooleanField(_("ship complete"), default=False)
    purchase_order_number = models.CharField(_("customer's PO number"), max_length=100, blank=True)
    customer_note = models.TextField(_("note of the customer"), blank=True)
    gift_note = models.TextField(_("gift note"), blank=True)
    quiet = models.BooleanField(_("tells nobody"), default=False, editable=False)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    goods_key = models.CharField(max_length=32, blank=True, editable=False)
    address_key = models.CharField(max_length=24, blank=True, default="", editable=False)

    currency = models.CharField(_("currency"), max_length=3)
    prices_include_tax = models.BooleanField(_("prices include tax"), default=False)
    payment_terms = models.CharField(_("payment terms"), max_length=20, default="prepaid")
    subtotal = amount(_("goods"))
    discount_total = amount(_("discount"))
    shipping_total = amount(_("shipping"))
    charges_total = amount(_("other charges"))
    tax_total = amount(_("tax"))
    total = amount(_("total"))
    # What of it is paid before the order is confirmed, where the rest is bought on account.
    deposit_total = amount(_("deposit"))
    cancelled_total = amount(_("cancelled"))
    authorized_total = amount(_("authorized"))
    paid_total = amount(_("paid"))
    refunded_total = amount(_("refunded"))
    # What of it went back beyond what was paid: the provider carried out what he had called failed.
    overdrawn_total = amount(_("sent back twice"))
    invoiced_total = amount(_("invoiced"))
    credited_total = amount(_("credited"))
    # What of its invoices nobody expects any more.
    written_off_total = amount(_("written off"))
    balance_due = amount(_("balance due"))
    tax_breakdown = models.JSONField(_("tax by rate"), default=list, blank=True)
    # The day whose rates it bears. Orders that were placed before this was kept bear those of the day of placing.
    taxed_on = models.DateField(_("taxed by the rates of"), null=True, blank=True, editable=False)
    explanation = models.JSONField(_("how the price came about"), default=list, blank=True)
    sourcing = models.JSONField(_("why from there"), default=dict, blank=True)
    checks = models.JSONField(_("checks"), default=list, blank=True)

    allocation_status = models.CharField(
        _("allocation"), max_length=20, choices=Allocation, default=Allocation.UNALLOCATED
    )
    fulfillment_status = models.CharField(
        _("fulfillment"), max_length=20, choices=Fulfillment, default=Fulfillment.UNFULFILLED
    )
    payment_status = models.CharField(_("payment"), max_length=20, choices=Paid, default=Paid.UNPAID)
    invoice_status = models.CharField(_("invoicing"), max_length=20, choices=Invoiced, default=Invoiced.NOT_INVOICED)
    return_status = models.CharField(_("returns"), max_length=20, choices=Returned, default=Returned.NONE)
    active_holds = models.PositiveSmallIntegerField(_("holds"), default=0)
    blocked_transitions = models.JSONField(_("blocked by holds"), default=list, blank=True)
    hold_reason = models.CharField(_("why on hold"), max_length=300, blank=True)
    open_exceptions = models.PositiveSmallIntegerField(_("open exceptions"), default=0)
    open_returns = models.PositiveSmallIntegerField(_("open returns"), default=0)

    priority = models.PositiveSmallIntegerField(_("priority"), default=50)
    rank = models.BigIntegerField(_("rank"), default=0)
    priority_parts = models.JSONField(_("why so urgent"), default=dict, blank=True, editable=False)
    reservation = models.OneToOneField(Reservation, models.PROTECT, null=True, blank=True, editable=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("assignee")
    )

    estimated_delivery_on = models.DateField(_("expected delivery"), null=True, blank=True)
    first_promised_on = models.DateField(_("first promised"), null=True, blank=True)
    promised_on = models.DateField(_("promised"), null=True, blank=True)
    ship_by_on = models.DateField(_("must leave by"), null=True, blank=True)
    # The next day on which work may begin on what is wanted later, or not released yet; `all_later` if that is all.
    starts_on = models.DateField(_("begins on"), null=True, blank=True, editable=False)
    all_later = models.BooleanField(default=False, editable=False)
    # The day on which what was sent counts as arrived though nobody said so.
    closes_on = models.DateField(_("counts as arrived on"), null=True, blank=True, editable=False)
    # The promise of which was told that it will be missed.
    at_risk_on = models.DateField(null=True, blank=True, editable=False)
    payment_due_at = models.DateTimeField(_("payment awaited until"), null=True, blank=True)
    # Until when its stock is kept without a payment. `stock_lapsed`: that is over, and it stands in no line for more.
    stock_held_until = models.DateTimeField(_("stock kept until"), null=True, blank=True)
    stock_lapsed = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    placed_at = models.DateTimeField(_("placed at"), null=True, blank=True)
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_reference"],
                condition=~Q(external_reference=""),
                name="one_order_per_channel_and_reference",
            ),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_is_known"),
            BALANCE,
            models.CheckConstraint(
                condition=Q(refunded_total__lte=exact(F("paid_total") + F("overdrawn_total"))),
                name="refunded_at_most_what_was_paid",
            ),
            models.CheckConstraint(
                condition=Q(
                    total=exact(
                        F("subtotal") - F("discount_total") + F("shipping_total") + F("charges_total") + F("tax_total")
                    )
                ),
                name="order_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="order_placed"),
            models.Index(fields=["status", "-placed_at", "-id"], name="order_status"),
            models.Index(fields=["channel", "-placed_at", "-id"], name="order_channel"),
            models.Index(fields=["customer", "-id"], name="order_customer"),
            models.Index(fields=["customer", "channel"], name="order_customer_channel"),
            models.Index(fields=["customer", "placed_at"], name="order_customer_placed"),
            models.Index(fields=["address_key", "placed_at"], name="order_address_placed"),
            # All that the sums over a customer's orders read, so that twenty thousand rows are not read for them.
            models.Index(
                fields=[
                    *("customer", "currency", "status", "payment_terms", "return_status", "placed_at", "shipped_at"),
                    *("total", "cancelled_total", "credited_total", "invoiced_total", "paid_total", "refunded_total"),
                    "written_off_total",
                ],
                name="order_customer_sums",
            ),
            models.Index(
                fields=["customer", "-id"],
                name="order_customer_live",
                condition=Q(status__in=["placed", "verified", "confirmed", "fulfilling", "fulfilled"]),
            ),
            # Beginnings, which PostgreSQL looks up by this class; with the id, so that only the index is read.
            models.Index(fields=["email", "id"], name="order_email", opclasses=BEGINNINGS),
            models.Index(fields=["name_key", "id"], name="order_name_key", opclasses=BEGINNINGS),
            models.Index(fields=["surname_key", "id"], name="order_surname_key", opclasses=BEGINNINGS),
            models.Index(fields=["phone_key", "id"], name="order_phone_key", opclasses=BEGINNINGS),
            models.Index(Upper("purchase_order_number"), name="order_po_number"),
            models.Index(fields=["external_reference"], name="order_reference", condition=~Q(external_reference="")),
            models.Index(fields=["updated_at", "id"], name="order_updated"),
            NOT_ALL_GONE,
            OWED_INDEX,
            models.Index(fields=["rank"], name="order_live_rank", condition=Q(status__in=["confirmed", "fulfilling"])),
            models.Index(
                fields=["promised_on"],
                name="order_promised",
                condition=Q(status__in=["confirmed", "fulfilling", "fulfilled"]),
            ),
            models.Index(
                fields=["starts_on"],
                name="order_begins",
                condition=Q(status__in=["confirmed", "fulfilling"], starts_on__isnull=False),
            ),
            # Of what arrived lately, how much was in time: answered by the index alone.
            models.Index(
                fields=["delivered_at", "first_promised_on"],
                name="order_delivered",
                condition=Q(delivered_at__isnull=False),
            ),
            UNCLOSED,
            models.Index(fields=["-placed_at"], name="order_on_hold", condition=Q(active_holds__gt=0)),
            models.Index(fields=["-placed_at"], name="order_in_trouble", condition=Q(open_exceptions__gt=0)),
            models.Index(
                fields=["payment_due_at"], name="order_unpaid", condition=Q(status__in=["placed", "verified"])
            ),
        ]
        permissions = PERMISSIONS

    def __str__(self) -> str:
        return self.number or "new order"

    def history_thread(self) -> str:
        """Return the history that everything about this order writes to."""
        return f"orders.order:{self.pk}"

    def money(self, field: str) -> Money:
        """Return one of the amounts with its currency."""
        return Money(getattr(self, field), self.currency)

    @property
    def ship_to(self) -> PostalAddress:
        """Where the goods go."""
        return PostalAddress.from_dict(self.shipping_address)

    @property
    def bill_to(self) -> PostalAddress:
        """Who gets the invoice: the billing address, else where the goods go."""
        return PostalAddress.from_dict(self.billing_address or self.shipping_address)

    @property
    def is_on_hold(self) -> bool:
        """Whether any hold is active."""
        return self.active_holds > 0

    def why_not(self, name: str) -> str:
        """Return the sentence that says what keeps a transition from happening."""
        return guards.why_not(self, name)

    @transition(
        status, source=S.DRAFT, target=S.PLACED, conditions=[guards.may("place")], custom={"label": _("Place")}
    )
    def place(self) -> None:
        """Make the draft binding."""

    @transition(status, source=S.DRAFT, target=S.CANCELLED, custom={"label": _("Discard")})
    def discard(self) -> None:
        """Throw a draft away."""

    @transition(
        status, source=S.PLACED, target=S.VERIFIED, conditions=[guards.may("verify")], custom={"label": _("Verify")}
    )
    def verify(self) -> None:
        """Every mandatory check passed or was waived."""

    @transition(status, source=S.VERIFIED, target=S.PLACED, custom={"label": _("Reopen")})
    def reopen(self) -> None:
        """Look at the checks again."""

    @transition(
        status,
        source=S.VERIFIED,
        target=S.CONFIRMED,
        conditions=[guards.may("confirm")],
        custom={"label": _("Confirm")},
    )
    def confirm(self) -> None:
        """The payment condition is met and a date is promised."""

    @transition(
        status,
        source=S.CONFIRMED,
        target=S.FULFILLING,
        conditions=[guards.may("release")],
        custom={"label": _("Release")},
    )
    def release(self) -> None:
        """Work starts in a warehouse."""

    @transition(
        status,
        source=S.FULFILLING,
        target=S.FULFILLED,
        conditions=[guards.may("fulfill")],
        custom={"label": _("Fulfill")},
    )
    def fulfill(self) -> None:
        """Every open unit was shipped, handed over or cancelled."""

    @transition(
        status,
        source=S.FULFILLED,
        target=S.COMPLETED,
        conditions=[guards.may("complete")],
        custom={"label": _("Complete")},
    )
    def complete(self) -> None:
        """Delivered, invoiced, paid, nothing open: closed for good."""

    @transition(
        status,
        source=[S.PLACED, S.VERIFIED, S.CONFIRMED, S.FULFILLING],
        target=S.CANCELLED,
        conditions=[guards.may("cancel")],
        custom={"label": _("Cancel")},
    )
    def cancel(self) -> None:
        """Nothing has left the building and nothing will."""

    @transition(status, source=[S.DRAFT, S.PLACED, S.VERIFIED], target=S.EXPIRED, custom={"label": _("Lapse")})
    def lapse(self) -> None:
        """Payment, deposit or approval did not come in time."""
