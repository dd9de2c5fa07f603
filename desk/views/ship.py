"""Ship in one go: the panel on the page of an order posts here; what is refused is shown here with what was typed."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin.actors import actor_for
from core.admin.forms import show_refusal
from core.admin.site import site
from core.errors import DomainError
from core.reader import spoken_amount
from core.sight import limited_to, seen
from desk.forms import ShipForm
from desk.panels import SHIPS, may_take_money, ship_form
from desk.shipping import ready_to_ship, ship_and_take_money
from desk.views.gate import staff_with
from fulfillment.models import Shipment
from orders.models import Order


@staff_with(SHIPS, "orders.view_order")
def ship(request: HttpRequest, number: str) -> HttpResponse:
    """Say what would leave (GET), or ship it and write down the money (POST)."""
    rows = seen(Order.objects.select_related("channel", "customer", "shipping_method"))
    order = rows.filter(number=number.strip().upper()).first()
    if order is None:
        raise Http404
    places = limited_to("warehouse")
    ready = ready_to_ship(order, places=places)
    if ready is None or not ready.parcels or (ready.first_pay and not may_take_money(request)):
        left = ready.left_alone() if ready else []
        return _page(request, order, None, elsewhere=left, status=409 if request.method == "POST" else 200)
    form = ship_form(request, ready, request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _page(request, order, form, status=200)
    if form.is_valid():
        try:
            parcels = ship_and_take_money(
                order.pk, numbers=form.numbers(), money=form.money(), places=places, actor=actor_for(request)
            )
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _said(order, parcels, form))
            return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
    if "seen" in form.errors:
        form.data = {**form.data.dict(), "seen": ready.seen}  # type: ignore[attr-defined]
    return _page(request, order, form, status=409)


def _said(order: Order, parcels: list[Shipment], form: ShipForm) -> str:
    count = len(parcels)
    words = {"order": order.number, "n": count}
    said = ngettext("%(order)s: %(n)s parcel left.", "%(order)s: %(n)s parcels left.", count) % words
    if (money := form.money()) is not None:
        recorded = _("%(amount)s recorded.") % {"amount": spoken_amount(money.amount, order.currency)}
        said = f"{said} {recorded}"
    return said


def _page(
    request: HttpRequest, order: Order, form: ShipForm | None, *, elsewhere: Sequence[str] = (), status: int
) -> HttpResponse:
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Ship %(order)s") % {"order": order.number},
        "order": order,
        "form": form,
        "elsewhere": elsewhere,
        "back": reverse("admin:orders_order_change", args=[order.pk]),
    }
    return TemplateResponse(request, "desk/ship.html", context, status=status)
