"""The daily close: what was sent and is not closed, why, and one button to close what may be."""

import re
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import bulk
from core.admin import bulk_running
from core.admin.actors import actor_for
from core.admin.bulk import AT_ONCE, LIMIT, TOKEN
from core.admin.site import site
from core.today import CAP, spoken
from desk.selectors import closing
from desk.views.gate import OPERATE, staff_with
from orders.closing import READY, REASONS

SEES = ("orders.view_order", "billing.view_invoice")
STEP = "complete_many"
KEY = re.compile(r"[0-9]{1,18}")


@staff_with(*SEES)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the orders, of one reason if asked; the oldest first."""
    reason = request.GET.get("reason", "")
    reason = reason if reason in REASONS else ""
    shown = closing.page(reason, request.user, after=_key(request, "after"), before=_key(request, "before"))
    counted = closing.counts()
    may_close = next(n for code, _label, n in counted if code == READY)
    user: Any = request.user
    context = {
        **site.each_context(request),
        "title": _("Daily close"),
        "tabs": [(code, label, spoken(n), code == reason) for code, label, n in counted],
        "total": counted[0][2],
        "reason": reason,
        "page": shown,
        "ready": may_close,
        "spoken_ready": number_format(CAP, force_grouping=True) + "+" if may_close > CAP else str(may_close),
        "may_operate": user.has_perm(OPERATE),
        "token": uuid.uuid4().hex,
        "last": closing.last_close(),
    }
    return TemplateResponse(request, "desk/closing.html", context)


@staff_with(*SEES, OPERATE)
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Close everything that may be closed, as a job with a result for each order."""
    ids = closing.ready(LIMIT)
    back = reverse("desk:close")
    said = request.POST.get("token", "")
    token = said if TOKEN.fullmatch(said) else uuid.uuid4().hex
    known = bulk.known(owner_id=request.user.pk, token=token)
    if known is None and not ids:
        messages.info(request, _("Nothing may be closed at the moment."))
        return HttpResponseRedirect(back)
    wanted = bulk.Wanted(
        table="orders.order",
        step=STEP,
        token=token,
        owner_id=int(request.user.pk or 0),
        said={},
        about=_("Daily close"),
        back=back,
        language=get_language() or "en",
    )
    job, _new = bulk.begin(wanted, ids, actor=actor_for(request))
    if len(ids) <= AT_ONCE:
        bulk_running.pay_now(job)
    return HttpResponseRedirect(reverse("admin:bulk_job", args=[job.key]))


def _key(request: HttpRequest, name: str) -> int | None:
    """Return where the page begins; nothing for what cannot be the key of a row."""
    said = request.GET.get(name, "")
    return int(said) if KEY.fullmatch(said) else None
