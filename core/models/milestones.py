"""What this installation has come to, once."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Milestone(models.Model):
    """Something that was reached or decided for the whole installation, when and by whom."""

    name = models.CharField(_("name"), max_length=60, primary_key=True)
    reached_at = models.DateTimeField(_("at"), default=timezone.now)
    actor = models.CharField(_("actor"), max_length=120)
    detail = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")

    def __str__(self) -> str:
        return self.name
