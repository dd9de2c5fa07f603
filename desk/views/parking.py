"""Setting a sale aside, taking it up again, throwing it away: by whoever sells at this counter."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.admin.actors import actor_for
from core.admin.forms import show_refusal
from core.errors import DomainError
from desk.forms import SaleForm
from desk.parking import TYPED, Aside, park_sale, parked_sale
from desk.till import open_till
from desk.views.gate import SELL, staff_with
from desk.views.parked import throw_away
from desk.views.walk_in import DISCOUNT, show_counter

NEEDED = ("token", "lines", "page", "version")


@staff_with(SELL)
@require_POST
def park(request: HttpRequest) -> HttpResponse:
    """Set aside what lies on the counter, and take up another sale if one is named."""
    here = open_till(request.session)
    if here is None:
        return HttpResponseRedirect(reverse("desk:till"))
    form = SaleForm(request.POST, till=here, may_discount=request.user.has_perm(DISCOUNT))
    form.full_clean()
    said = form.cleaned_data
    # What else is wrong with it is said when it is sold; here it is kept as it was typed.
    if any(name not in said for name in NEEDED):
        return show_counter(request, here, form)
    aside = Aside(
        token=uuid.UUID(said["token"]),
        page=said["page"],
        version=said["version"],
        units=said["lines"],
        typed={name: request.POST.get(name, "") for name in TYPED if name in form.fields},
    )
    try:
        order = park_sale(aside, till=here, actor=actor_for(request))
    except DomainError as error:
        show_refusal(form, error)
        return show_counter(request, here, form)
    messages.success(request, _("%(number)s is parked.") % {"number": order.number})
    then = f"?{urlencode({'take': said['then']})}" if said.get("then") else ""
    return HttpResponseRedirect(reverse("desk:walk-in") + then)


@staff_with(SELL)
@require_POST
def discard(request: HttpRequest, number: str) -> HttpResponse:
    """Throw away what nobody comes back for."""
    here = open_till(request.session)
    found = parked_sale(here, number) if here else None
    if found is None:
        raise Http404
    throw_away(request, found.pk, found.number)
    return HttpResponseRedirect(reverse("desk:walk-in"))
