"""The rules by which a warehouse is chosen, in versions of which one holds."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.models import LockingManager


class RoutingRuleSet(models.Model):
    """One version of the rules and costs that decide where goods come from. `content` is read by `inventory.routing`.

    A draft may be changed; once it has held it stays as it was, so that every decision can be explained.
    """

    class Status(models.TextChoices):
        """A draft holds for nobody; of those that held, one holds now."""

        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    version = models.PositiveIntegerField(_("version"), unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100)
    note = models.TextField(_("what changes, and why"), blank=True)
    author = models.CharField(_("author"), max_length=120, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    based_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("based on"), editable=False
    )
    currency = models.CharField(_("currency"), max_length=3)
    content = models.JSONField(_("rules and costs"), default=dict)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now, editable=False)
    activated_at = models.DateTimeField(_("held from"), null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(_("held until"), null=True, blank=True, editable=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("routing rules")
        verbose_name_plural = _("routing rules")
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="active"), name="one_set_of_routing_rules_holds"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "active", "retired"]), name="routing_rules_status_is_known"
            ),
        ]
        permissions = [("activate_routingruleset", gettext_noop("Can decide which routing rules hold"))]

    def __str__(self) -> str:
        return f"{self.name} (v{self.version})"

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.status == self.Status.DRAFT
