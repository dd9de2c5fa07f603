"""A reason that blocks named transitions of an order."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.reader import retold

from .line import OrderLine
from .order import Order

# What a hold stops where nobody says otherwise; cancelling is always possible.
FORWARD = ("verify", "confirm", "release")


class LiftedBy(models.TextChoices):
    """The facts that lift a hold by themselves. A day that is reached ends it as well (`expires_at`)."""

    PAID = "paid", _("the payment")
    ADDRESS = "address", _("a corrected address")
    STOCK = "stock", _("the missing stock")
    ARREARS = "arrears", _("the payment of what is overdue")


class Hold(models.Model):
    """Something must be settled first. `blocks` names transitions; `auto_release` the fact that lifts it.

    It stops the whole order, or only one line of it, or one piece of work (`work`, its number): the rest goes on.
    """

    class Status(models.TextChoices):
        """Holds end by being released, or by themselves."""

        ACTIVE = "active", _("active")
        RELEASED = "released", _("released")
        EXPIRED = "expired", _("expired")

    class Kind(models.TextChoices):
        """Who has to look at it."""

        CHECK = "check", _("failed check")
        PAYMENT = "payment", _("payment")
        PRICE = "price", _("price")
        CREDIT = "credit", _("credit limit")
        ARREARS = "arrears", _("overdue invoices")
        FRAUD = "fraud", _("risk")
        ADDRESS = "address", _("address")
        DUPLICATE = "duplicate", _("duplicate")
        CUSTOMER = "customer", _("asked for by the customer")
        APPROVAL = "approval", _("approval of a discount")
        MANUAL = "manual", _("manual")

    order = models.ForeignKey(Order, models.CASCADE, related_name="holds", verbose_name=_("order"))
    line = models.ForeignKey(
        OrderLine, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("line")
    )
    work = models.CharField(_("work"), max_length=40, blank=True)
    # The code of a type: one of `Kind`, or one that the house has added.
    kind = models.CharField(_("kind"), max_length=20, default=Kind.MANUAL)
    reason = models.CharField(_("reason"), max_length=300)
    blocks = models.JSONField(_("blocks"), default=list)
    auto_release = models.CharField(_("lifted by"), max_length=30, choices=LiftedBy, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    check_name = models.CharField(_("check"), max_length=40, blank=True)
    placed_by = models.CharField(_("placed by"), max_length=120)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=120, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    release_note = models.CharField(_("why released"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        permissions = [
            ("lift_money_hold", gettext_noop("Can lift holds that finance has to settle")),
            ("lift_risk_hold", gettext_noop("Can lift holds that a manager has to settle")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(line=None) | Q(work=""),
                name="a_hold_is_about_a_line_or_about_work",
            )
        ]
        indexes = [models.Index(fields=["order"], name="hold_active", condition=Q(status="active"))]

    def __str__(self) -> str:
        return self.reason

    def title_in(self) -> str:
        """Say why in the language of the reader."""
        return retold(self.reason)

    @property
    def is_whole(self) -> bool:
        """Whether it stops the whole order."""
        return self.line_id is None and not self.work


def usual_blocks() -> list[str]:
    """Return what holds of a new type stop."""
    return list(FORWARD)


class HoldType(models.Model):
    """What holds of one kind stop, what lifts them, how long they last, and who may lift them."""

    class MayLift(models.TextChoices):
        """The permission it takes, beyond lifting holds at all."""

        MONEY = "orders.lift_money_hold", _("finance and managers")
        RISK = "orders.lift_risk_hold", _("managers")

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60, blank=True)
    blocks = models.JSONField(_("stops"), default=usual_blocks)
    auto_release = models.CharField(_("lifted by"), max_length=30, choices=LiftedBy, blank=True)
    hours = models.PositiveSmallIntegerField(_("ends by itself after (hours)"), null=True, blank=True)
    may_lift = models.CharField(_("may be lifted by"), max_length=60, choices=MayLift, blank=True)
    active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("type of hold")
        verbose_name_plural = _("types of holds")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(hours=None) | Q(hours__gt=0), name="a_hold_lasts_an_hour_at_least")
        ]

    def __str__(self) -> str:
        return self.title()

    def title(self) -> str:
        """Return its name; the types that are there from the first day are named in the reader's language."""
        return self.name or str(dict(Hold.Kind.choices).get(self.code, self.code))
