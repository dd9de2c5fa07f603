"""What an order was before it was changed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .order import Order


class OrderVersion(models.Model):
    """An order with its lines and charges as they stood when a change of the agreement ended that version.

    Written once, with the change, and deleted with the people on it. `record` is what `orders.versions` makes of the
    rows.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="versions", verbose_name=_("order"))
    version = models.PositiveIntegerField(_("version"))
    record = models.JSONField(_("record"), default=dict)
    ended_at = models.DateTimeField(_("until"), default=timezone.now)
    ended_by = models.CharField(_("changed by"), max_length=120)

    class Meta:
        verbose_name = _("version of an order")
        verbose_name_plural = _("versions of orders")
        constraints = [models.UniqueConstraint(fields=["order", "version"], name="one_record_per_version")]

    def __str__(self) -> str:
        return f"{self.order_id} v{self.version}"
