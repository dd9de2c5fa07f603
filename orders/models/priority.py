"""What makes an order urgent: the weights of the house, and what staff add to one order."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager
from orders.priority import USUAL

from .order import Order

# So many points one part, or one person, gives or takes at most.
MOST_POINTS = 500


def points(label: Any, default: int, *, help_text: Any = "") -> "models.SmallIntegerField[int, int]":
    """Return a column for points."""
    return models.SmallIntegerField(label, default=default, help_text=help_text)


def usual_methods() -> dict[str, int]:
    """Return what a way of delivery is worth where nobody has said anything."""
    return {"express": 30}


class PriorityWeights(models.Model):
    """How many points each part of the priority is worth. One row; without it the defaults hold.

    `methods` maps codes of shipping methods to points, `groups` codes of customer groups; `may_take` lists the groups
    whose orders may take the stock of planned work by themselves.
    """

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    start = points(_("every order"), USUAL)
    methods = models.JSONField(_("shipping methods"), default=usual_methods, blank=True)
    overdue = points(_("should have left"), 20)
    due_today = points(_("must leave today"), 10)
    due_tomorrow = points(_("must leave tomorrow"), 0)
    waiting = points(_("each day of waiting"), 1)
    waiting_most = points(_("at most for waiting"), 10)
    groups = models.JSONField(_("customer groups"), default=dict, blank=True)
    value = points(_("each step of value"), 1)
    value_step = models.DecimalField(_("a step of value"), max_digits=14, decimal_places=3, default=Decimal(500))
    value_most = points(_("at most for value"), 10)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    may_take = models.JSONField(_("may take planned stock"), default=list, blank=True)
    changed_by = models.CharField(_("changed by"), max_length=120, blank=True, editable=False)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now, editable=False)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("priority settings")
        verbose_name_plural = _("priority settings")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_row_of_weights"),
            models.CheckConstraint(condition=Q(value_step__gt=0), name="a_step_of_value_is_worth_something"),
        ]

    def __str__(self) -> str:
        return str(_("Points of each part"))


class PriorityBump(models.Model):
    """Points that somebody gave or took from one order, with the reason; it may end by itself."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="bumps", verbose_name=_("order"))
    points = models.SmallIntegerField(_("points"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    placed_by = models.CharField(_("by"), max_length=120)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=120, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("bump")
        verbose_name_plural = _("bumps")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(ended_at__isnull=True), name="one_bump_per_order_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=-2 * MOST_POINTS, points__lte=2 * MOST_POINTS) & ~Q(points=0),
                name="a_bump_gives_or_takes_something",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")), name="a_bump_lasts_a_while"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="bump_expiry",
                condition=Q(ended_at__isnull=True, expires_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.points:+d}"
