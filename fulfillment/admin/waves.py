"""Waves in the back office: what to fetch on one walk, for which totes, and the steps of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.admin.base import Tab
from core.admin.columns import badge_column, link_column, when_column
from core.admin.links import page_of
from core.admin.panels import PanelAdmin
from core.admin.searching import LIMIT, Hit, finder
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.sight import seen
from core.templatetags.back_office import spoken_actor
from fulfillment import batch, selectors, services
from fulfillment.carriers import CARRIERS
from fulfillment.models import Wave

from .forms import OptionalReasonForm
from .plan_wave import PLAN, PLANS, plan_wave
from .printing import WAVE_PAPERS, PrintingAdmin
from .steps import OPERATE
from .wave_forms import WaveFoundForm

Status = Wave.Status


def _release(wave: Wave) -> list[str]:
    works = batch.works_of_wave(wave)
    n = len({work.order_id for work in works})
    units, bins = batch.counted(batch.batch_rows(batch.left_to_fetch(works)))
    bin_text = ngettext(
        "%(place)s may fetch %(units)s units from %(n)s bin.",
        "%(place)s may fetch %(units)s units from %(n)s bins.",
        bins,
    )
    return [
        bin_text % {"place": wave.warehouse, "units": units, "n": bins},
        ngettext("%(n)s order is in fulfillment from then on.", "%(n)s orders are in fulfillment from then on.", n)
        % {"n": n},
        _("What is on hold by now leaves the wave and stays in the queue."),
    ]


def _pick(wave: Wave) -> list[str]:
    return [
        _("What you found goes on to packing, tote by tote."),
        _("What is missing is missing to the orders that come last; it becomes new work, and somebody looks for it."),
    ]


def _cancel(wave: Wave) -> list[str]:
    left = len(batch.left_to_fetch(batch.works_of_wave(wave)))
    return [
        ngettext("%(n)s order goes back to the queue.", "%(n)s orders go back to the queue.", left) % {"n": left},
        _("Whoever walks should stop; what is picked stays picked.")
        if wave.status == Status.RELEASED
        else _("What was released before it was planned stays released, and may be fetched singly."),
    ]


@admin.display(description=gettext_lazy("Picked"))
def progress(wave: Any) -> str:
    """Return how far it is."""
    return _("%(done)s of %(all)s") % {"done": wave.picked_count, "all": wave.work_count}


@admin.display(description=gettext_lazy("Planned by"))
def planned_by(wave: Wave) -> str:
    """Return who took the work out of the queue."""
    return str(spoken_actor(wave.planned_by))


@admin.display(description=gettext_lazy("Only"))
def only(wave: Wave) -> str:
    """Return what the wave was narrowed to."""
    carrier = CARRIERS.get(wave.carrier)
    asked = [
        str(carrier.name) if carrier else wave.carrier,
        wave.shipping_method.name_in() if wave.shipping_method else "",
    ]
    return ", ".join(one for one in asked if one)


@admin.register(Wave, site=site)
class WaveAdmin(PrintingAdmin, TransitionAdmin, PanelAdmin):
    """Waves, the youngest first."""

    page = "fulfillment.wave"
    list_display = (
        "number",
        badge_column("status"),
        link_column("warehouse", gettext_lazy("Warehouse")),
        progress,
        only,
        when_column("leaves_by_on", gettext_lazy("Must leave by")),
        when_column("created_at", gettext_lazy("Planned")),
        when_column("done_at", gettext_lazy("Done")),
    )
    list_filter = ("status", "warehouse")
    tabs = (
        Tab(gettext_lazy("To release"), {"status__exact": Status.PLANNED.value}),
        Tab(gettext_lazy("To pick"), {"status__exact": Status.RELEASED.value}),
        Tab(gettext_lazy("Done"), {"status__exact": Status.DONE.value}),
    )
    search_fields = ("=number",)
    search_help_text = gettext_lazy("Number of the wave")
    empty_text = gettext_lazy("No wave yet. Plan one to fetch for many orders on one walk.")
    facts = (
        link_column("warehouse", gettext_lazy("Warehouse")),
        progress,
        only,
        when_column("leaves_by_on", gettext_lazy("Must leave by")),
        planned_by,
        when_column("created_at", gettext_lazy("Planned")),
        when_column("released_at", gettext_lazy("Released")),
        when_column("done_at", gettext_lazy("Done")),
    )
    transition_services = {
        "release": TransitionSpec(
            gettext_lazy("Release"), services.release_wave, OPERATE, consequences=_release, style="primary"
        ),
        "found": TransitionSpec(
            gettext_lazy("Finish picking"),
            services.pick_wave,
            OPERATE,
            form=WaveFoundForm,
            consequences=_pick,
            arguments=lambda wave, said: {"missing": said["missing"]},
            when=lambda wave: wave.status == Status.RELEASED,
            style="primary",
        ),
        "cancel": TransitionSpec(
            gettext_lazy("Cancel"),
            services.cancel_wave,
            OPERATE,
            form=OptionalReasonForm,
            consequences=_cancel,
            style="danger",
        ),
    }
    papers = WAVE_PAPERS

    def get_urls(self) -> list[Any]:
        """Add the page of the plan."""
        return [path("plan/", self.admin_site.admin_view(plan_wave), name="plan_wave"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Wave]":
        """Read how far each is along with it."""
        return seen(selectors.waves())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the plan of a wave who may make one."""
        url = reverse(PLAN) if request.user.has_perms(PLANS) else ""
        return super().changelist_view(request, {**(extra_context or {}), "plan_wave_url": url})

    def headline(self, obj: Wave) -> str:
        """Say what comes next."""
        if obj.status == Status.PLANNED:
            return _("Waits to be released.")
        if obj.status != Status.RELEASED:
            return ""
        left = batch.batch_rows(batch.left_to_fetch(batch.works_of_wave(obj)))
        units, bins = batch.counted(left)
        text = ngettext("%(units)s units to fetch from %(n)s bin.", "%(units)s units to fetch from %(n)s bins.", bins)
        return text % {"units": units, "n": bins}


@finder(permission="fulfillment.view_wave", order=46)
def find_waves(term: str) -> list[Hit]:
    """Find a wave by its number; what cannot be one asks nobody."""
    if not term.upper().startswith("WV-"):
        return []
    found = seen(Wave.objects.select_related("warehouse")).filter(number=term.upper())[:LIMIT]
    return [
        Hit(
            str(one.number),
            page_of(one),
            detail=str(one.warehouse),
            kind=_("Wave"),
            status=one.status,
            status_label=one.get_status_display(),  # type: ignore[attr-defined]
        )
        for one in found
    ]
