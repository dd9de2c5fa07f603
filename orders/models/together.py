"""Who keeps an eye on an order, and when somebody means to look at it again."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .order import Order


class Follower(models.Model):
    """Somebody who is told at the bell what happens to an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="followers", verbose_name=_("order"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("colleague"))
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("follower of an order")
        verbose_name_plural = _("followers of orders")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["order", "user"], name="follow_an_order_once")]

    def __str__(self) -> str:
        return f"{self.user} → {self.order}"


class FollowUp(models.Model):
    """A day on which somebody is to look at an order again, and why; `told` when it came."""

    order = models.OneToOneField(Order, models.CASCADE, related_name="follow_up", verbose_name=_("order"))
    on = models.DateField(_("follow up on"))
    note = models.CharField(_("why"), max_length=300, blank=True)
    author = models.CharField(_("author"), max_length=120)
    told = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        default_permissions = ()
        indexes = [models.Index(fields=["on"], name="follow_up_day")]

    def __str__(self) -> str:
        return f"{self.order}: {self.on}"
