"""Parked drafts: what somebody began, who had it last, and one click to go on."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core import seat
from core.admin.actors import actor_for
from core.admin.site import site
from core.sight import seen
from desk.views.gate import OPERATE, SEE_CUSTOMERS, staff_with
from orders import selectors, services
from orders.errors import NotADraft

SHOWN = 100


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_GET
def parked(request: HttpRequest) -> HttpResponse:
    """List the drafts, what was changed last first."""
    found = list(seen(selectors.parked())[: SHOWN + 1])
    context = {
        **site.each_context(request),
        "title": _("Parked drafts"),
        "drafts": found[:SHOWN],
        "has_more": len(found) > SHOWN,
        "today": seat.today(),
    }
    return TemplateResponse(request, "desk/parked.html", context)


def throw_away(request: HttpRequest, draft_id: int, number: str) -> None:
    """Throw a draft away for who looks at it, and say so, or that it is none any more."""
    try:
        services.discard_draft(draft_id, actor=actor_for(request))
        messages.success(request, _("%(number)s is thrown away.") % {"number": number})
    except NotADraft:
        messages.warning(request, _("%(number)s is no draft any more.") % {"number": number})
