"""Parked drafts: what somebody began, who had it last, and one click to go on."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.admin.site import site
from core.sight import seen
from desk.views.gate import OPERATE, SEE_CUSTOMERS, staff_with
from orders import selectors

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
        "today": timezone.localdate(),
    }
    return TemplateResponse(request, "desk/parked.html", context)
