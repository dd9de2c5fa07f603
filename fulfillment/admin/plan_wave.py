"""The plan of a wave: what it would take, in which order and from which bins, before the click."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core.admin.actors import actor_for
from core.admin.links import page_of
from core.admin.site import site
from core.errors import DomainError
from core.reader import retold
from fulfillment import batch, services
from fulfillment.models import FulfillmentOrder
from fulfillment.panels import tote_rows
from fulfillment.services import Proposal

from .steps import OPERATE
from .wave_forms import WishForm

PLAN, PLANS = "admin:plan_wave", (OPERATE, "fulfillment.view_wave")
# So much that is passed over is named; the count tells of all.
NAMED = 50


def plan_wave(request: HttpRequest) -> HttpResponse:
    """Show what a wave would take (GET), or plan what was shown (POST)."""
    if not request.user.has_perms(PLANS):
        raise PermissionDenied
    form, refusal = WishForm(request.POST if request.method == "POST" else request.GET), ""
    if request.method == "POST" and form.is_valid():
        try:
            seen = request.POST.get("seen", "")
            wave = services.plan_wave(form.wanted(), seen=seen, actor=actor_for(request))
        except DomainError as error:
            refusal = error.message
        else:
            messages.success(request, _("%(wave)s is planned.") % {"wave": wave})
            return HttpResponseRedirect(page_of(wave))
    return _page(request, form, refusal)


def _page(request: HttpRequest, form: WishForm, refusal: str) -> HttpResponse:
    proposal = services.propose_wave(form.wanted()) if form.is_valid() else None
    context = {
        **site.each_context(request),
        "title": _("Plan a wave"),
        "form": form,
        "refusal": refusal,
        "proposal": proposal,
        "back": reverse("admin:fulfillment_wave_changelist"),
        "carried": form.carried(),
        **(_preview(request, proposal) if proposal else {}),
    }
    return TemplateResponse(request, "fulfillment/plan_wave.html", context)


def _preview(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    works = batch.works_by_id([work.pk for work in proposal.works])
    for tote, work in enumerate(works, start=1):
        work.tote = tote
    rows = batch.batch_rows(works)
    return {
        "works": tote_rows(request, works),
        "rows": rows,
        "summary": _summary(works, rows),
        "skipped": [(one.work, retold(one.why)) for one in proposal.skipped[:NAMED]],
    }


def _summary(works: list[FulfillmentOrder], rows: list[batch.Row]) -> str:
    units, bins = batch.counted(rows)
    words = {"n": len(works), "units": units, "bins": bins}
    return _("Orders: %(n)s · units: %(units)s · bins: %(bins)s") % words
