"""Money that comes in, and money that goes back."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from billing.method_names import method_name
from core.models import LockingManager, exact
from core.money import Money
from core.reader import spoken_amount
from core.status import StatusField
from orders.models import Order

from .invoice import CreditNote, Invoice


def payment_code() -> str:
    """Return a public id that cannot be guessed."""
    return f"pay_{get_random_string(20)}"


def refund_code() -> str:
    """Return a public id that cannot be guessed."""
    return f"re_{get_random_string(20)}"


class Payment(models.Model):
    """Money held or taken for an order. Amounts in `currency`; refunded ≤ captured ≤ authorized (invariant I3).

    What a provider sent back beyond that, against his word, is `overdrawn`.
    """

    class Status(models.TextChoices):
        """From intent to money."""

        PENDING = "pending", _("Pending")
        REQUIRES_ACTION = "requires_action", _("Customer has to act")
        AUTHORIZED = "authorized", _("Authorized")
        PARTIALLY_CAPTURED = "partially_captured", _("Partly captured")
        CAPTURED = "captured", _("Captured")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")
        VOIDED = "voided", _("Voided")

    code = models.CharField(_("id"), max_length=40, unique=True, default=payment_code, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    method = models.CharField(_("method"), max_length=30)
    gateway = models.CharField(_("gateway"), max_length=30, default="manual")
    status = StatusField(_("status"), choices=Status, default=Status.PENDING, protected=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    authorized = models.DecimalField(_("authorized"), max_digits=14, decimal_places=3, default=Decimal(0))
    captured = models.DecimalField(_("captured"), max_digits=14, decimal_places=3, default=Decimal(0))
    # Asked for at the provider, who has not answered yet.
    capturing = models.DecimalField(_("being captured"), max_digits=14, decimal_places=3, default=Decimal(0))
    refunded = models.DecimalField(_("refunded"), max_digits=14, decimal_places=3, default=Decimal(0))
    # What went back beyond what came in: the provider carried out what he had called failed.
    overdrawn = models.DecimalField(_("sent back twice"), max_digits=14, decimal_places=3, default=Decimal(0))
    # Lost in a dispute, and owed by the customer again.
    charged_back = models.DecimalField(_("charged back"), max_digits=14, decimal_places=3, default=Decimal(0))
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    failure = models.CharField(_("why it failed"), max_length=300, blank=True)
    page_url = models.CharField(_("page of the provider"), max_length=500, blank=True)
    # Held first, and taken when goods leave.
    hold_first = models.BooleanField(_("held first"), default=False)
    # The provider was told to let go of what is held, and has not answered yet.
    giving_up = models.BooleanField(_("being let go"), default=False)
    # Taken from means the customer paid with before, without a page.
    unattended = models.BooleanField(_("charged again"), default=False)
    # How often the provider said no to what may be asked again: each try has a key of its own.
    refusals = models.PositiveSmallIntegerField(_("refusals"), default=0)
    # What it was paid with: tokens of the provider, brand and last four digits. No card number ever.
    means = models.JSONField(_("paid with"), default=dict, blank=True)
    expires_at = models.DateTimeField(_("held until"), null=True, blank=True)
    # While nobody knows yet whether the customer paid, or money was taken: when the provider is asked next.
    ask_at = models.DateTimeField(_("asked next at"), null=True, blank=True)
    # While something may have happened to money that came in (a dispute, a refund that failed): when that is asked.
    look_at = models.DateTimeField(_("looked after next at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    captured_at = models.DateTimeField(_("captured at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payment_is_more_than_nothing"),
            models.CheckConstraint(condition=Q(authorized__lte=F("amount")), name="authorize_at_most_the_amount"),
            models.CheckConstraint(
                condition=Q(captured__lte=F("authorized")), name="capture_at_most_what_is_authorized"
            ),
            models.CheckConstraint(
                condition=Q(capturing__gte=0, capturing__lte=F("authorized") - F("captured")),
                name="ask_for_at_most_what_is_held",
            ),
            models.CheckConstraint(
                condition=Q(overdrawn__gte=0, refunded__lte=exact(F("captured") + F("overdrawn"))),
                name="refund_at_most_what_was_captured",
            ),
            models.CheckConstraint(
                condition=Q(
                    charged_back__gte=0, charged_back__lte=exact(F("captured") + F("overdrawn") - F("refunded"))
                ),
                name="charge_back_at_most_what_is_here",
            ),
            models.UniqueConstraint(
                fields=["gateway", "reference"],
                condition=~Q(reference="") & ~Q(gateway__in=["manual", "store_credit"]),
                name="each_gateway_payment_is_taken_once",
            ),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="payment_order"),
            models.Index(fields=["status", "-id"], name="payment_status"),
            models.Index(fields=["reference"], name="payment_reference", condition=~Q(reference="")),
            # The few whose end is not known, among millions.
            models.Index(fields=["ask_at"], name="payment_to_ask", condition=Q(ask_at__isnull=False)),
            models.Index(fields=["look_at"], name="payment_to_look_at", condition=Q(look_at__isnull=False)),
            models.Index(
                fields=["expires_at"],
                name="payment_hold_ends",
                condition=Q(expires_at__isnull=False, status__in=("authorized", "partially_captured")),
            ),
        ]
        permissions = [("operate_payment", gettext_noop("Can take, credit and send back money"))]

    def __str__(self) -> str:
        return f"{self.method} {Money(self.amount, self.currency)}"

    def title_in(self) -> str:
        """Say how much came in, and how, in the language of the reader."""
        amount = spoken_amount(self.amount, self.currency)
        return gettext("%(amount)s, %(way)s") % {"amount": amount, "way": method_name(self.method)}

    @property
    def reserved(self) -> Decimal:
        """What is held and not taken yet, also what is being taken or let go of now."""
        live = self.status in (self.Status.AUTHORIZED, self.Status.PARTIALLY_CAPTURED)
        return self.authorized - self.captured if live else Decimal(0)

    @property
    def held(self) -> Decimal:
        """What may still be captured."""
        return Decimal(0) if self.giving_up else self.reserved - self.capturing

    @property
    def kept(self) -> Decimal:
        """What came in and stays here: it was neither sent back nor lost to the customer's bank."""
        return self.captured - self.refunded - self.charged_back

    @property
    def beyond(self) -> Decimal:
        """What is gone beyond what came in; `overdrawn` is that, written down."""
        return max(Decimal(0), -self.kept)

    @property
    def is_undecided(self) -> bool:
        """Whether nobody can say yet if money will come."""
        return self.status in (self.Status.PENDING, self.Status.REQUIRES_ACTION)

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @transition(status, source=Status.PENDING, target=Status.REQUIRES_ACTION, custom={"label": _("Ask the customer")})
    def require_action(self) -> None:
        """The customer has to confirm at the provider."""

    @transition(
        status,
        source=[Status.PENDING, Status.REQUIRES_ACTION],
        target=Status.AUTHORIZED,
        custom={"label": _("Authorized")},
    )
    def authorize(self) -> None:
        """The money is held."""

    @transition(
        status,
        source=[Status.AUTHORIZED, Status.PARTIALLY_CAPTURED],
        target=Status.PARTIALLY_CAPTURED,
        custom={"label": _("Part captured")},
    )
    def capture_in_part(self) -> None:
        """Some of it was taken."""

    @transition(
        status,
        source=[Status.AUTHORIZED, Status.PARTIALLY_CAPTURED],
        target=Status.CAPTURED,
        custom={"label": _("Captured")},
    )
    def capture(self) -> None:
        """All of it was taken."""

    @transition(
        status, source=Status.PARTIALLY_CAPTURED, target=Status.CAPTURED, custom={"label": _("Let go of the rest")}
    )
    def release_rest(self) -> None:
        """What was not taken is let go."""

    @transition(
        status, source=[Status.PENDING, Status.REQUIRES_ACTION], target=Status.FAILED, custom={"label": _("Failed")}
    )
    def fail(self) -> None:
        """The provider said no."""

    @transition(
        status,
        source=[Status.PENDING, Status.REQUIRES_ACTION, Status.AUTHORIZED],
        target=Status.EXPIRED,
        custom={"label": _("Expired")},
    )
    def expire(self) -> None:
        """Too late."""

    @transition(
        status,
        source=[Status.PENDING, Status.REQUIRES_ACTION, Status.AUTHORIZED],
        target=Status.VOIDED,
        custom={"label": _("Void")},
    )
    def void(self) -> None:
        """The hold is let go."""

    @transition(status, source=Status.CAPTURED, target=Status.VOIDED, custom={"label": _("Take back")})
    def take_back(self) -> None:
        """It was another's money, booked here by mistake."""


class InvoicePayment(models.Model):
    """Which part of a payment settles which invoice; `taken_back` did so until a dispute over it was lost."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="payments")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="invoices")
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    taken_back = models.DecimalField(_("taken back"), max_digits=14, decimal_places=3, default=Decimal(0))
    # What the invoice says of it: what was there of the payment when the invoice was issued, whatever became of it.
    on_paper = models.DecimalField(_("on the paper"), max_digits=14, decimal_places=3, default=Decimal(0))
    # And what a provider held of it for the invoice then: he is asked for it, and nobody else.
    held_on_paper = models.DecimalField(_("held, on the paper"), max_digits=14, decimal_places=3, default=Decimal(0))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("matched payment")
        verbose_name_plural = _("matched payments")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "payment"], name="one_match_per_payment_and_invoice"),
            models.CheckConstraint(condition=Q(on_paper__gte=0), name="a_paper_takes_no_payment_away"),
            models.CheckConstraint(condition=Q(held_on_paper__gte=0), name="a_paper_holds_no_debt"),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class Refund(models.Model):
    """Money that goes back where it came from, or becomes store credit. `reference` makes a repeat harmless."""

    class Status(models.TextChoices):
        """From request to money."""

        REQUESTED = "requested", _("Requested")
        APPROVED = "approved", _("Approved")
        PROCESSING = "processing", _("Processing")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        REJECTED = "rejected", _("Rejected")

    code = models.CharField(_("id"), max_length=40, unique=True, default=refund_code, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds", verbose_name=_("order"))
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    credit_note = models.ForeignKey(
        CreditNote,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        verbose_name=_("credit note"),
    )
    status = StatusField(_("status"), choices=Status, default=Status.REQUESTED, protected=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    # It becomes store credit of the customer, whatever the money came as.
    to_credit = models.BooleanField(_("as store credit"), default=False)
    reference = models.CharField(_("reference"), max_length=60)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    failure = models.CharField(_("why it failed"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    # Each try that the provider ended with a no is followed by one under a key of its own.
    refusals = models.PositiveSmallIntegerField(_("refusals"), default=0)
    # How often the bank sent the money back after the provider had called it sent.
    returns = models.PositiveSmallIntegerField(_("came back"), default=0)
    # While the provider has not said how it ended: when he is asked next.
    ask_at = models.DateTimeField(_("asked next at"), null=True, blank=True)
    # When it was last called failed: for some days the provider is asked whether that stays so.
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    # The key it went under, where that is not the one it was last asked for with.
    sent_key = models.CharField(_("key it went under"), max_length=120, blank=True, editable=False)
    # The refund that went already, where the provider carried out two tries of it.
    again_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="again",
        verbose_name=_("went a second time"),
    )

    objects = LockingManager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_refund_is_more_than_nothing"),
            models.UniqueConstraint(fields=["payment", "reference"], name="one_refund_per_cause_and_payment"),
            models.UniqueConstraint(fields=["sent_key"], condition=~Q(sent_key=""), name="each_try_counts_once"),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="refund_order"),
            models.Index(fields=["status", "-id"], name="refund_status"),
            models.Index(fields=["reference"], name="refund_reference"),
            models.Index(fields=["ask_at"], name="refund_to_ask", condition=Q(ask_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{Money(self.amount, self.currency)}"

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @transition(status, source=Status.REQUESTED, target=Status.APPROVED, custom={"label": _("Approve")})
    def approve(self) -> None:
        """Somebody permitted said yes, or the rules did."""

    @transition(status, source=[Status.APPROVED, Status.FAILED], target=Status.PROCESSING, custom={"label": _("Send")})
    def process(self) -> None:
        """The provider was asked."""

    @transition(status, source=Status.PROCESSING, target=Status.SUCCEEDED, custom={"label": _("Succeeded")})
    def succeed(self) -> None:
        """The money is on its way."""

    @transition(status, source=Status.PROCESSING, target=Status.FAILED, custom={"label": _("Failed")})
    def fail(self) -> None:
        """The provider said no."""

    @transition(status, source=Status.FAILED, target=Status.SUCCEEDED, custom={"label": _("Went after all")})
    def go_after_all(self) -> None:
        """The provider had called it failed, and carried it out."""

    @transition(status, source=Status.SUCCEEDED, target=Status.FAILED, custom={"label": _("Came back")})
    def come_back(self) -> None:
        """The bank did not take what had been sent."""

    @transition(status, source=Status.REQUESTED, target=Status.REJECTED, custom={"label": _("Reject")})
    def reject(self) -> None:
        """No money back."""
