"""Something went wrong and somebody owns it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.reader import retold

from .order import Order


class OrderException(models.Model):
    """A failure to be solved by a person. One open exception per `dedupe_key`."""

    class Status(models.TextChoices):
        """From seen to solved."""

        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("seen")
        IN_PROGRESS = "in_progress", _("in progress")
        RESOLVED = "resolved", _("resolved")
        DISMISSED = "dismissed", _("dismissed")

    class Severity(models.TextChoices):
        """How much it hurts."""

        INFO = "info", _("info")
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    order = models.ForeignKey(
        Order, models.CASCADE, null=True, blank=True, related_name="exceptions", verbose_name=_("order")
    )
    category = models.CharField(_("category"), max_length=40)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity, default=Severity.WARNING)
    title = models.CharField(_("title"), max_length=300)
    payload = models.JSONField(_("data"), default=dict, blank=True)
    dedupe_key = models.CharField(max_length=200)
    status = models.CharField(_("status"), max_length=15, choices=Status, default=Status.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    queue = models.CharField(_("queue"), max_length=20, default="desk")
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    count = models.PositiveIntegerField(_("times"), default=1)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    # The time before, too long ago to be the same trouble.
    earlier = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("the time before")
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=120, blank=True)
    resolution = models.CharField(_("resolution"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=Q(status__in=["open", "acknowledged", "in_progress"]),
                name="one_open_exception_per_cause",
            )
        ]
        indexes = [
            models.Index(fields=["dedupe_key", "-id"], name="exception_cause"),
            models.Index(
                fields=["due_at", "id"],
                name="exception_due",
                condition=Q(status__in=["open", "acknowledged", "in_progress"]),
            ),
            models.Index(
                fields=["-created_at"],
                name="exception_open",
                condition=Q(status__in=["open", "acknowledged", "in_progress"]),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def title_in(self) -> str:
        """Say what went wrong in the language of the reader."""
        return retold(self.title)
