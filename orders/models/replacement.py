"""An order that is sent in place of what another one lost."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .order import Order


class Replacement(models.Model):
    """Ties an order at no charge to the one whose goods it brings once more; `reference` names the parcel."""

    order = models.OneToOneField(Order, models.CASCADE, related_name="stands_for", verbose_name=_("order"))
    replaced = models.ForeignKey(Order, models.PROTECT, related_name="sent_again", verbose_name=_("in place of"))
    reference = models.CharField(_("parcel"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("replacement")
        verbose_name_plural = _("replacements")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.order} → {self.replaced}"
