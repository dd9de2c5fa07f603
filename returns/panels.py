"""Parts of pages that tell about returns."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import CreditNote, Refund
from core.admin.strands import Told, events_of, log_of, strand
from core.panels import panel
from core.sight import seen
from customers.models import Customer
from orders.models import Order
from orders.panels import latest_rows, newest_orders, places_of
from returns import selectors
from returns.models import ReturnRequest

Part = tuple[str, dict[str, Any]] | None
SHOWN = 10
OPEN_IN_SIGHT = 2
VIEW = "returns.view_returnrequest"
NOW = "customers.customer.now"


@panel("orders.order", order=60)
def returns_of_order(request: HttpRequest, order: Order) -> Part:
    """What came back of an order, or is asked to; and the way to take something back."""
    if not order.shipped_at or not request.user.has_perm(VIEW):
        return None
    found = selectors.returns_of(order) if order.open_returns or order.return_status != Order.Returned.NONE else []
    more, refund = None, ""
    if request.user.has_perm("returns.operate_return"):
        more = (reverse("admin:returns_returnrequest_request", args=[order.pk]), _("Take something back"))
        if order.invoiced_total > order.credited_total:
            here = f"?next={request.path}%23returns"
            refund = reverse("admin:returns_order_do", args=[order.pk, "refund"]) + here
    context = {"title": _("Returns"), "anchor": "returns", "flush": bool(found), "returns": found, "more": more}
    context["refund"] = refund
    return "returns/panels/returns.html", context


@panel(NOW, order=50)
def open_returns_of_customer(request: HttpRequest, customer: Customer) -> Part:
    """What is coming back now, and the way to take something back."""
    if not request.user.has_perm(VIEW):
        return None
    found = list(seen(selectors.open_returns_of(customer))[: OPEN_IN_SIGHT + 1])
    shipped = next((order for order in latest_rows(request, customer) if order.shipped_at), None)
    take = ""
    if shipped and not found and request.user.has_perm("returns.operate_return"):
        take = reverse("admin:returns_returnrequest_request", args=[shipped.pk])
    context = {
        "title": _("Coming back"),
        "returns": found[:OPEN_IN_SIGHT],
        "are_more": len(found) > OPEN_IN_SIGHT,
        "take": take,
        "shipped": shipped,
    }
    return "returns/panels/coming_back.html", context


@panel("customers.customer", order=60)
def returns_of_customer(request: HttpRequest, customer: Customer) -> Part:
    """What a customer gave back lately."""
    if not request.user.has_perm(VIEW):
        return None
    found = selectors.returns_among(newest_orders(request, customer).numbers, limit=SHOWN)
    context = {"title": _("Returns"), "flush": bool(found), "returns": found, "with_order": True}
    return "returns/panels/returns.html", context


@strand("customers.customer", "orders", gettext_lazy("Orders"), order=11, permission=VIEW)
def events_of_returns(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what became of what they gave back."""
    return events_of(places_of(request, customer), until, app="returns")


@strand("orders.order", "returns", gettext_lazy("Returns"), order=38, permission=VIEW, is_among_all=False)
def returns_in_log(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell what became of the returns of an order."""
    return log_of(request, order, until, Q(subject_type__startswith="returns."))


@panel("returns.return", order=10)
def lines_of_return(request: HttpRequest, found: ReturnRequest) -> Part:
    """What comes back, what was found, and what the customer gets."""
    lines = list(found.lines.all())
    return "returns/panels/lines.html", {
        "title": _("Goods"),
        "count": len(lines),
        "flush": True,
        "lines": lines,
        "currency": found.order.currency,
    }


@panel("returns.return", order=20)
def money_of_return(request: HttpRequest, found: ReturnRequest) -> Part:
    """The credit notes and refunds that a return led to."""
    notes = list(CreditNote.objects.filter(order=found.order_id, reference=found.number).order_by("pk"))
    refunds = list(Refund.objects.filter(order=found.order_id, reference=found.number).order_by("pk"))
    if not notes and not refunds:
        return None
    return "returns/panels/money.html", {"title": _("Money"), "flush": True, "notes": notes, "refunds": refunds}
