"""The queue of each warehouse, and the page of a piece of work."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.admin.base import Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import badge_column, link_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin
from core.reader import retold, spoken_time
from core.templatetags.back_office import badge, when
from fulfillment import capacity, deadlines, selectors, services
from fulfillment.models import FulfillmentOrder
from orders import urgency
from orders.standing import is_partly_held

from .plan_wave import PLAN, PLANS
from .printing import WORK_PAPERS, PrintingAdmin
from .steps import OPERATE, WORK_STEPS

Status = FulfillmentOrder.Status
STAGES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "open": (gettext_lazy("Open"), selectors.OPEN_WORK),
    "release": (gettext_lazy("To release"), (Status.PLANNED,)),
    "pick": (gettext_lazy("To pick"), (Status.RELEASED, Status.PICKING)),
    "pack": (gettext_lazy("To pack"), (Status.PICKED,)),
    "ship": (gettext_lazy("To ship"), (Status.PACKED,)),
    "put_back": (gettext_lazy("To put back"), (Status.CANCELLED,)),
}


PARTS_OF_TODAY: dict[str, tuple[Any, Callable[[], "QuerySet[Any]"]]] = {
    "late": (gettext_lazy("Late"), deadlines.late_work),
    "due": (gettext_lazy("Must leave today"), capacity.due_today),
    "today": (gettext_lazy("Left of today"), capacity.left_today),
    "done": (gettext_lazy("Done today"), capacity.done_today),
}


class StageFilter(admin.SimpleListFilter):
    """By what is to be done next."""

    title = gettext_lazy("to do")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the stages, and the parts of today."""
        stages = [(name, label) for name, (label, _statuses) in STAGES.items()]
        return [*stages, *((name, label) for name, (label, _rows) in PARTS_OF_TODAY.items())]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return the work that stands there."""
        if (part := PARTS_OF_TODAY.get(self.value() or "")) is not None:
            return queryset.filter(pk__in=part[1]().order_by().values("pk"))
        if (stage := STAGES.get(self.value() or "")) is None:
            return queryset
        found = queryset.filter(status__in=stage[1])
        return found.filter(needs_put_back=True) if self.value() == "put_back" else found


@admin.display(description=gettext_lazy("What"))
def contents(work: FulfillmentOrder) -> str:
    """Return what is to be handled, in one line."""
    lines = list(work.lines.all())
    named = ", ".join(f"{line.quantity} × {line.order_line.sku}" for line in lines[:3])
    return f"{named}, …" if len(lines) > 3 else named


@admin.display(description=gettext_lazy("Why first"), ordering="rank")
def why_first(work: FulfillmentOrder) -> str:
    """Return the points of the order, and what they are for."""
    why = urgency.in_words(work.order)
    return format_html('<b class="num">{}</b> <span class="quiet">{}</span>', work.order.priority, why)


@admin.display(description=gettext_lazy("Must leave by"), ordering="ship_by_on")
def leaves_by(work: FulfillmentOrder) -> str:
    """Return the day, with the hour of the last pick-up where that is known; work that is late says so."""
    if work.ship_by_on is None:
        return "–"
    shown: str = when(work.ship_by_on)
    if work.warehouse is not None and (pickup := capacity.pickup_of(work.warehouse, work.ship_by_on)) is not None:
        shown = format_html("{} {}", shown, spoken_time(pickup))
    return format_html("{} {}", shown, badge("failed", _("Late"))) if deadlines.is_late(work) else shown


def _why_held(work: FulfillmentOrder) -> str:
    """Say what keeps this work in the house: a hold on its order, on a line in it, or on itself."""
    if not is_partly_held(work.order):
        return _("On hold: %(reason)s") % {"reason": retold(work.order.hold_reason)}
    reason = services.why_held(work)
    return _("On hold: %(reason)s") % {"reason": retold(reason)} if reason else ""


def _release_many(n: int) -> list[str]:
    return [ngettext("%(n)s list may be worked on.", "%(n)s lists may be worked on.", n) % {"n": n}]


@admin.register(FulfillmentOrder, site=site)
class FulfillmentOrderAdmin(PrintingAdmin, TransitionAdmin, BulkAdmin, PanelAdmin):
    """Work, most urgent first; one page says what to fetch from where and offers the next step."""

    page = "fulfillment.work"
    list_display = (
        "number",
        badge_column("status"),
        link_column("order", gettext_lazy("Order")),
        link_column("warehouse", gettext_lazy("Warehouse")),
        contents,
        why_first,
        leaves_by,
        link_column("wave", gettext_lazy("Wave")),
    )
    extra_columns = ("assignee",)
    list_filter = (StageFilter, "warehouse", "kind", "status")
    tabs = (
        *(Tab(label, {"stage": name}) for name, (label, _statuses) in STAGES.items()),
        Tab(gettext_lazy("Late"), {"stage": "late"}),
    )
    search_fields = ("=number", "=order__number")
    search_help_text = gettext_lazy("Number of the work or of the order")
    empty_text = gettext_lazy("Nothing to do here. Confirmed orders appear by themselves.")
    facts = (
        link_column("order", gettext_lazy("Order")),
        "warehouse",
        "kind",
        leaves_by,
        why_first,
        link_column("wave", gettext_lazy("Wave")),
        "tote",
        "assignee",
        when_column("created_at", gettext_lazy("Planned")),
        when_column("released_at", gettext_lazy("Released")),
        when_column("picked_at", gettext_lazy("Picked")),
        when_column("packed_at", gettext_lazy("Packed")),
        when_column("shipped_at", gettext_lazy("Shipped")),
    )
    transition_services = WORK_STEPS
    bulk_services: ClassVar[dict[str, BulkSpec]] = {
        "release_many": BulkSpec(
            gettext_lazy("Release"),
            services.release_fulfillment,
            OPERATE,
            consequences=_release_many,
            already=lambda work, said: work.released_at is not None and work.status in selectors.OPEN_WORK[1:],
        ),
    }
    papers = WORK_PAPERS

    def get_queryset(self, request: HttpRequest) -> "QuerySet[FulfillmentOrder]":
        """Read the lines along with the rows."""
        rows = (
            super()
            .get_queryset(request)
            .select_related("order__channel", "order__shipping_method", "warehouse", "wave", "assignee")
        )
        return selectors.with_lines(rows)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the plan of a wave who may make one."""
        url = reverse(PLAN) if request.user.has_perms(PLANS) else ""
        return super().changelist_view(request, {**(extra_context or {}), "plan_wave_url": url})

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """Show what is urgent first where there is something to do, else the youngest."""
        return ["rank", "pk"] if request.GET.get("stage") else ["-pk"]

    def headline(self, obj: FulfillmentOrder) -> str:
        """Say what comes next."""
        units = sum(line.quantity * line.order_line.pieces for line in obj.lines.all())
        words = {"units": units, "place": obj.warehouse.code if obj.warehouse else ""}
        sentences = {
            Status.PLANNED: _("Waits to be released."),
            Status.RELEASED: _("%(units)s units to fetch in %(place)s.") % words,
            Status.PICKING: _("Somebody is fetching %(units)s units in %(place)s.") % words,
            Status.PICKED: _("On the trolley: to be packed."),
            Status.PACKED: _("Packed: to be handed over."),
        }
        if obj.kind == FulfillmentOrder.Kind.SERVICE and obj.status == Status.RELEASED:
            return _("To be rendered.")
        return sentences.get(Status(obj.status), "")

    def alert(self, obj: FulfillmentOrder) -> str:
        """Say what is in the way."""
        if obj.needs_put_back and obj.order.status in services.OVER:
            return _("The order was cancelled: what was picked has to go back into its bin.")
        if obj.needs_put_back:
            return _("What was picked has to go back into its bin; the order is planned anew then.")
        if obj.status in selectors.OPEN_WORK and obj.order.is_on_hold:
            return _why_held(obj)
        return ""
