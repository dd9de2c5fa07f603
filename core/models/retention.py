"""How long the house keeps what."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RetentionPeriod(models.Model):
    """So many whole calendar years something is kept after the year it is from; without a row it is kept for good."""

    kind = models.CharField(_("what is kept"), max_length=40, primary_key=True)
    years = models.PositiveSmallIntegerField(_("years"))

    class Meta:
        verbose_name = _("retention period")
        verbose_name_plural = _("retention periods")
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return self.kind
