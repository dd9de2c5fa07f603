"""Credit beyond the limit, for a time."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from .customer import Customer


class CreditOverride(models.Model):
    """So much more than their limit somebody lets a customer owe, until a moment, for a reason."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="credit_overrides", verbose_name=_("customer"))
    amount = models.DecimalField(_("beyond the limit"), max_digits=14, decimal_places=3)
    until = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=300)
    granted_by = models.CharField(_("granted by"), max_length=120)
    granted_at = models.DateTimeField(_("since"), default=timezone.now)
    # Set by hand, or when its time is over.
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("credit beyond the limit")
        verbose_name_plural = _("credit beyond the limit")
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="credit_beyond_the_limit_is_something")]
        permissions = [("grant_credit", gettext_noop("Can let customers owe more than their limit for a time"))]
        indexes = [
            models.Index(fields=["until"], name="override_running", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.reason
