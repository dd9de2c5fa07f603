"""Work at one place: what has to be done there for one order."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_fsm import transition

from core.models import LockingManager, public_number
from core.status import StatusField
from inventory.models import Warehouse
from orders.models import Order, OrderLine

from .waves import Wave


class FulfillmentOrder(models.Model):
    """What one place has to do for an order. Goods are picked, packed and shipped; services are rendered."""

    class Status(models.TextChoices):
        """From planned work to goods on their way."""

        PLANNED = "planned", _("Planned")
        RELEASED = "released", _("Released")
        PICKING = "picking", _("Picking")
        PICKED = "picked", _("Picked")
        PACKED = "packed", _("Packed")
        SHIPPED = "shipped", _("Shipped")
        RENDERED = "rendered", _("Rendered")
        CANCELLED = "cancelled", _("Cancelled")

    class Kind(models.TextChoices):
        """What the work is."""

        GOODS = "goods", _("goods")
        SERVICE = "service", _("service")

    number = public_number("FO")
    order = models.ForeignKey(Order, models.PROTECT, related_name="fulfillment_orders", verbose_name=_("order"))
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("warehouse")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.GOODS)
    status = StatusField(_("status"), choices=Status, default=Status.PLANNED, protected=True)
    rank = models.BigIntegerField(_("rank"), default=0)
    ship_by_on = models.DateField(_("must leave by"), null=True, blank=True)
    needs_put_back = models.BooleanField(_("goods to be put back"), default=False)
    # No index of its own: the one that keeps totes apart finds the work of a wave.
    wave = models.ForeignKey(
        Wave, models.PROTECT, null=True, blank=True, related_name="works", db_index=False, verbose_name=_("wave")
    )
    tote = models.PositiveSmallIntegerField(_("tote"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("assignee")
    )
    appointment_at = models.DateTimeField(_("appointment"), null=True, blank=True)
    checklist = models.JSONField(_("checklist"), default=list, blank=True)
    created_at = models.DateTimeField(_("planned at"), default=timezone.now)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    picked_at = models.DateTimeField(_("picked at"), null=True, blank=True)
    packed_at = models.DateTimeField(_("packed at"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("fulfillment order")
        verbose_name_plural = _("fulfillment orders")
        permissions = [
            ("operate_fulfillmentorder", gettext_noop("Can pick, pack, ship and render")),
            ("reroute_fulfillmentorder", gettext_noop("Can re-route work")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="service") | Q(warehouse__isnull=False), name="goods_are_picked_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(wave__isnull=True, tote__isnull=True) | Q(wave__isnull=False, tote__isnull=False),
                name="work_in_a_wave_has_a_tote",
            ),
            models.UniqueConstraint(
                fields=["wave", "tote"], name="one_piece_of_work_per_tote", condition=Q(wave__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["warehouse", "status", "rank", "id"],
                name="fulfillment_queue",
                condition=Q(status__in=["planned", "released", "picking", "picked", "packed"]),
            ),
            models.Index(fields=["rank", "id"], name="fulfillment_put_back", condition=Q(needs_put_back=True)),
        ]

    def __str__(self) -> str:
        return str(self.number)

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @transition(status, source=Status.PLANNED, target=Status.RELEASED, custom={"label": _("Release")})
    def release(self) -> None:
        """Work may begin."""

    @transition(
        status, source=[Status.RELEASED, Status.PICKING], target=Status.PLANNED, custom={"label": _("Pull back")}
    )
    def pull_back(self) -> None:
        """Work is stopped and planned again."""

    @transition(status, source=Status.RELEASED, target=Status.PICKING, custom={"label": _("Start picking")})
    def start(self) -> None:
        """Somebody walks."""

    @transition(status, source=Status.PICKING, target=Status.PICKED, custom={"label": _("Picked")})
    def pick(self) -> None:
        """Everything that was found is on the trolley."""

    @transition(status, source=Status.PICKED, target=Status.PACKED, custom={"label": _("Packed")})
    def pack(self) -> None:
        """It is in parcels with labels."""

    @transition(status, source=Status.PACKED, target=Status.SHIPPED, custom={"label": _("Ship")})
    def ship(self) -> None:
        """The carrier has it."""

    @transition(
        status, source=[Status.RELEASED, Status.PICKING], target=Status.RENDERED, custom={"label": _("Rendered")}
    )
    def render(self) -> None:
        """The service is done: shipped and delivered in one."""

    @transition(
        status,
        source=[Status.PLANNED, Status.RELEASED, Status.PICKING, Status.PICKED, Status.PACKED],
        target=Status.CANCELLED,
        custom={"label": _("Cancel")},
    )
    def cancel(self) -> None:
        """Nothing leaves; what was picked is put back."""


class FulfillmentLine(models.Model):
    """Units of an order line to be handled at one place."""

    fulfillment_order = models.ForeignKey(FulfillmentOrder, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    picked = models.PositiveIntegerField(_("picked"), default=0)
    bin = models.CharField(_("bin"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("line of work")
        verbose_name_plural = _("lines of work")
        constraints = [
            models.CheckConstraint(condition=Q(picked__lte=F("quantity")), name="pick_at_most_what_was_planned"),
            models.UniqueConstraint(fields=["fulfillment_order", "order_line"], name="one_work_line_per_order_line"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line_id}"
