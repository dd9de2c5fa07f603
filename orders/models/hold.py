"""A reason that blocks named transitions of an order."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .order import Order


class Hold(models.Model):
    """Something must be settled first. `blocks` names transitions; `auto_release` the fact that lifts it (`paid`)."""

    class Status(models.TextChoices):
        """Holds end by being released, or by themselves."""

        ACTIVE = "active", _("active")
        RELEASED = "released", _("released")
        EXPIRED = "expired", _("expired")

    class Kind(models.TextChoices):
        """Who has to look at it."""

        CHECK = "check", _("failed check")
        PAYMENT = "payment", _("payment")
        PRICE = "price", _("price")
        CREDIT = "credit", _("credit limit")
        FRAUD = "fraud", _("risk")
        ADDRESS = "address", _("address")
        DUPLICATE = "duplicate", _("duplicate")
        CUSTOMER = "customer", _("asked for by the customer")
        MANUAL = "manual", _("manual")

    order = models.ForeignKey(Order, models.CASCADE, related_name="holds", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.MANUAL)
    reason = models.CharField(_("reason"), max_length=300)
    blocks = models.JSONField(_("blocks"), default=list)
    auto_release = models.CharField(_("lifted by"), max_length=30, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    check_name = models.CharField(_("check"), max_length=40, blank=True)
    placed_by = models.CharField(_("placed by"), max_length=120)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=120, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    release_note = models.CharField(_("why released"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        indexes = [models.Index(fields=["order"], name="hold_active", condition=Q(status="active"))]

    def __str__(self) -> str:
        return self.reason
