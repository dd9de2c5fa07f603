"""Waves: work of several orders that is released together and fetched on one walk."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from core.models import LockingManager, public_number
from core.status import StatusField
from inventory.models import Warehouse
from pricing.models import ShippingMethod

# As many totes as somebody can still sort one walk into.
MOST_TOTES = 100


class Wave(models.Model):
    """Work of one warehouse that is released and fetched together, each order into a tote of its own."""

    class Status(models.TextChoices):
        """From a plan to a finished walk."""

        PLANNED = "planned", _("Planned")
        RELEASED = "released", _("Released")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    number = public_number("WV")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", verbose_name=_("warehouse"))
    status = StatusField(_("status"), choices=Status, default=Status.PLANNED, protected=True)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    shipping_method = models.ForeignKey(
        ShippingMethod, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shipping method")
    )
    leaves_by_on = models.DateField(_("must leave by"), null=True, blank=True)
    size = models.PositiveSmallIntegerField(
        _("orders at most"), validators=[MinValueValidator(1), MaxValueValidator(MOST_TOTES)]
    )
    planned_by = models.CharField(_("planned by"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("planned at"), default=timezone.now)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=1, size__lte=MOST_TOTES), name="a_wave_fits_on_one_walk")
        ]
        indexes = [
            models.Index(
                fields=["warehouse", "-id"], name="wave_open", condition=Q(status__in=["planned", "released"])
            )
        ]

    def __str__(self) -> str:
        return str(self.number)

    @transition(status, source=Status.PLANNED, target=Status.RELEASED, custom={"label": _("Release")})
    def release(self) -> None:
        """Somebody may walk for all of it."""

    @transition(status, source=[Status.PLANNED, Status.RELEASED], target=Status.DONE, custom={"label": _("Done")})
    def finish(self) -> None:
        """All its work is picked, or has left it."""

    @transition(
        status, source=[Status.PLANNED, Status.RELEASED], target=Status.CANCELLED, custom={"label": _("Cancel")}
    )
    def cancel(self) -> None:
        """What nobody has picked goes back to the queue."""
