"""What a customer has with us and may spend: no money leaves the house for it, and none has to come in."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from core.models import LockingManager, exact
from core.money import Money
from customers.models import Customer


class StoreCredit(models.Model):
    """The credit of a customer in one currency: `balance` is what the ledger says, `held` what waits to be taken.

    It is held for orders, and for disputes over payments that it was given for.

    Changed only by conditional updates, under the lock of the customer: two orders never spend the same credit.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="store_credits", verbose_name=_("customer"))
    currency = models.CharField(_("currency"), max_length=3)
    balance = models.DecimalField(_("balance"), max_digits=14, decimal_places=3, default=Decimal(0))
    held = models.DecimalField(_("held"), max_digits=14, decimal_places=3, default=Decimal(0))

    objects = LockingManager()

    class Meta:
        verbose_name = _("store credit")
        verbose_name_plural = _("store credit")
        constraints = [
            models.UniqueConstraint(fields=["customer", "currency"], name="one_store_credit_per_currency"),
            models.CheckConstraint(
                condition=Q(held__gte=0, balance__gte=exact(F("held"))), name="spend_at_most_the_store_credit"
            ),
        ]
        permissions = [
            ("give_store_credit", gettext_noop("Can give and take back store credit")),
            (
                "approve_store_credit",
                gettext_noop("Can give any store credit, and approve what others give"),
            ),
        ]

    def __str__(self) -> str:
        return f"{Money(self.balance, self.currency)}"

    @property
    def free(self) -> Decimal:
        """What may still be spent."""
        return self.balance - self.held


class StoreCreditGrant(models.Model):
    """Credit that staff gave, or (below zero) took back, with the reason. A row never changes."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("customer"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    reason = models.CharField(_("reason"), max_length=300)
    # Sent twice by one form, it is given once.
    reference = models.CharField(_("reference"), max_length=60, unique=True)
    given_by = models.CharField(_("by"), max_length=120, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("given store credit")
        verbose_name_plural = _("given store credit")
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="a_grant_of_credit_is_not_nothing")]

    def __str__(self) -> str:
        return f"{Money(self.amount, self.currency)}"


class StoreCreditLimit(models.Model):
    """How much store credit each role may give by hand in one currency; a role that is not named, any amount."""

    currency = models.CharField(_("currency"), max_length=3, unique=True)
    limits = models.JSONField(_("without approval"), default=dict, blank=True)

    class Meta:
        verbose_name = _("limit of store credit")
        verbose_name_plural = _("limits of store credit")

    def __str__(self) -> str:
        return self.currency
