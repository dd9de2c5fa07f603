"""What a draft of routing rules would have done: asked for by somebody, reckoned in the background."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models import RoutingRuleSet


class RoutingReplay(models.Model):
    """One look back. `result` is what `orders.services.replay` found; nothing else is written by it."""

    class Status(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")

    rule_set = models.ForeignKey(
        RoutingRuleSet, models.PROTECT, related_name="replays", verbose_name=_("routing rules")
    )
    wanted = models.PositiveIntegerField(_("orders to look back"))
    done = models.PositiveIntegerField(_("orders done"), default=0)
    total = models.PositiveIntegerField(_("orders found"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    result = models.JSONField(_("result"), default=dict, blank=True)
    author = models.CharField(_("asked by"), max_length=120)
    created_at = models.DateTimeField(_("asked at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "succeeded", "failed"]), name="replay_status_is_known"
            )
        ]
        indexes = [models.Index(fields=["rule_set", "-id"], name="replay_of_rules")]

    def __str__(self) -> str:
        return f"{self.rule_set}, {self.wanted}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.status in (self.Status.SUCCEEDED, self.Status.FAILED)
