"""A payment that a customer had taken back by the bank: what the provider took, and what became of it."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from core.models import LockingManager
from core.money import Money
from core.status import StatusField
from orders.models import Order

from .payment import Payment


def dispute_code() -> str:
    """Return a public id that cannot be guessed."""
    return f"dp_{get_random_string(20)}"


class Dispute(models.Model):
    """A payment that the customer's bank asks back. Amounts in `currency`, that of the payment.

    `taken` is what the provider took from us for it and `returned` what he gave back; of what is lost, finance decides
    what is `lost` by us and what is `owed` by the customer again; `credit_back` was charged to the store credit
    that they had been given for the payment. The rest lies on the account of disputed payments.
    """

    class Status(models.TextChoices):
        """Until the bank decides."""

        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    class Reason(models.TextChoices):
        """Why the customer asks for it back, as far as the provider says."""

        FRAUDULENT = "fraudulent", _("says the payment was not theirs")
        NOT_RECEIVED = "product_not_received", _("says the goods never came")
        UNACCEPTABLE = "product_unacceptable", _("says the goods are not as described")
        DUPLICATE = "duplicate", _("says it was charged twice")
        NOT_CREDITED = "credit_not_processed", _("says money was to come back")
        SUBSCRIPTION = "subscription_canceled", _("says it was cancelled")
        UNRECOGNIZED = "unrecognized", _("does not recognize the payment")
        GENERAL = "general", _("gives no reason")

    code = models.CharField(_("id"), max_length=40, unique=True, default=dispute_code, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="disputes", verbose_name=_("order"))
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes", verbose_name=_("payment"))
    status = StatusField(_("status"), choices=Status, default=Status.OPEN, protected=True)
    reference = models.CharField(_("reference of the provider"), max_length=100)
    reason = models.CharField(_("reason"), max_length=40, choices=Reason, default=Reason.GENERAL)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("disputed"), max_digits=14, decimal_places=3)
    taken = models.DecimalField(_("taken by the provider"), max_digits=14, decimal_places=3, default=Decimal(0))
    returned = models.DecimalField(_("given back"), max_digits=14, decimal_places=3, default=Decimal(0))
    lost = models.DecimalField(_("our loss"), max_digits=14, decimal_places=3, default=Decimal(0))
    owed = models.DecimalField(_("owed again"), max_digits=14, decimal_places=3, default=Decimal(0))
    # What of it was owed again until the provider gave the money back after all.
    owed_back = models.DecimalField(_("owed no more"), max_digits=14, decimal_places=3, default=Decimal(0))
    # Store credit was given for the payment before: it would be paid twice.
    credit_held = models.DecimalField(_("store credit held"), max_digits=14, decimal_places=3, default=Decimal(0))
    credit_back = models.DecimalField(
        _("store credit charged back"), max_digits=14, decimal_places=3, default=Decimal(0)
    )
    # Until when the provider takes evidence, and whether he has it.
    evidence_due_at = models.DateTimeField(_("evidence due"), null=True, blank=True)
    evidence_sent = models.BooleanField(_("evidence is with the bank"), default=False)
    # What we said to the bank, when and how often we began to; and why the provider did not take it.
    evidence_text = models.TextField(_("what we say"), max_length=5000, blank=True)
    evidence_number = models.PositiveSmallIntegerField(_("answers"), default=0)
    evidence_given_at = models.DateTimeField(_("evidence given"), null=True, blank=True)
    evidence_given_by = models.CharField(_("evidence given by"), max_length=120, blank=True)
    evidence_failure = models.CharField(_("evidence refused"), max_length=300, blank=True)
    page_url = models.CharField(_("page of the provider"), max_length=300, blank=True)
    opened_at = models.DateTimeField(_("since"), default=timezone.now)
    closed_at = models.DateTimeField(_("ended"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=120, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            models.UniqueConstraint(fields=["payment", "reference"], name="each_dispute_is_taken_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_dispute_is_about_something"),
            models.CheckConstraint(
                condition=Q(taken__gte=0, returned__gte=0, owed__gte=0), name="a_dispute_takes_and_gives"
            ),
            models.CheckConstraint(
                condition=Q(evidence_number=0, evidence_given_at=None, evidence_failure="")
                | Q(evidence_number__gt=0, evidence_given_at__isnull=False),
                name="evidence_is_given_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(credit_held__gte=0, credit_back__gte=0, owed_back__gte=0),
                name="a_dispute_holds_and_charges_credit",
            ),
            models.CheckConstraint(
                condition=Q(lost=0, owed=0, credit_back=0) | Q(status="lost"), name="only_what_is_lost_is_decided"
            ),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="dispute_order"),
            models.Index(fields=["status", "evidence_due_at", "id"], name="dispute_due"),
        ]

    def __str__(self) -> str:
        return f"{Money(self.amount, self.currency).rounded()}"

    @property
    def undecided(self) -> Decimal:
        """What the provider keeps and nobody has borne yet."""
        return self.taken - self.returned - self.lost - self.owed - self.credit_back

    @property
    def is_on_its_way(self) -> bool:
        """Whether evidence was given here and the provider has not said yet that he has it."""
        waits = self.status == self.Status.OPEN and not self.evidence_sent and not self.evidence_failure
        return waits and self.evidence_given_at is not None

    @property
    def takes_evidence(self) -> bool:
        """Whether an answer to the bank may be given now: one that it has is final."""
        return self.status == self.Status.OPEN and not self.evidence_sent and not self.is_on_its_way

    @property
    def is_to_be_decided(self) -> bool:
        """Whether finance has to say who bears it."""
        return self.status == self.Status.LOST and self.undecided != 0

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @transition(status, source=Status.OPEN, target=Status.WON, custom={"label": _("Won")})
    def win(self) -> None:
        """The bank let us have the money."""

    @transition(status, source=Status.OPEN, target=Status.LOST, custom={"label": _("Lost")})
    def lose(self) -> None:
        """The customer has the money back."""

    @transition(status, source=Status.LOST, target=Status.WON, custom={"label": _("Won after all")})
    def overturn(self) -> None:
        """The bank decided otherwise later, and all of the money is here again."""
