"""What past demand says about when to order again."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .stock import StockItem


class ReorderProposal(models.Model):
    """Safety stock and reorder point of a shelf, reckoned from what left it; somebody takes them, or nobody does."""

    stock_item = models.OneToOneField(
        StockItem, models.CASCADE, related_name="proposal", verbose_name=_("stock"), editable=False
    )
    daily_demand = models.DecimalField(_("units a day"), max_digits=14, decimal_places=3, editable=False)
    deviation = models.DecimalField(_("deviation"), max_digits=14, decimal_places=3, editable=False)
    lead_days = models.DecimalField(_("days of delivery"), max_digits=7, decimal_places=1, editable=False)
    safety_stock = models.PositiveIntegerField(_("proposed safety stock"), editable=False)
    reorder_point = models.PositiveIntegerField(_("proposed reorder point"), editable=False)
    # Whether it says something else than what holds today: the list is of those.
    differs = models.BooleanField(_("differs"), editable=False)
    computed_at = models.DateTimeField(_("reckoned at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("reorder proposal")
        verbose_name_plural = _("reorder proposals")
        indexes = [models.Index(fields=["id"], name="proposal_differs", condition=Q(differs=True))]

    def __str__(self) -> str:
        return str(self.stock_item)
