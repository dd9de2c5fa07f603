"""What a draft is beyond an order."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .order import Order


class Draft(models.Model):
    """What was typed, by whom, and until when it is offered. It stays with the order that comes of it, closed.

    `token` names the page on which it was begun: what that page sends twice is done once. `typed` holds what
    the page shows, also where it is no order yet. `valid_until` makes it a quotation: the last day on which
    its customer may accept it.
    """

    order = models.OneToOneField(Order, models.CASCADE, related_name="draft", verbose_name=_("order"))
    token = models.UUIDField(unique=True, editable=False)
    typed = models.JSONField(default=dict, blank=True)
    changed_by = models.CharField(_("by"), max_length=120)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    offered_at = models.DateTimeField(_("offered"), null=True, blank=True)
    open = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        indexes = [
            models.Index(fields=["-changed_at"], name="draft_open", condition=Q(open=True)),
            models.Index(
                fields=["valid_until"], name="draft_offered", condition=Q(open=True, valid_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.order)
