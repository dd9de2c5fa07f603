"""Parts of pages that tell about returns."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import CreditNote, Refund
from core.panels import panel
from customers.models import Customer
from orders.models import Order
from returns import selectors
from returns.models import ReturnRequest

Part = tuple[str, dict[str, Any]] | None
SHOWN = 10


@panel("orders.order", order=60)
def returns_of_order(request: HttpRequest, order: Order) -> Part:
    """What came back of an order, or is asked to; and the way to take something back."""
    if not order.shipped_at or not request.user.has_perm("returns.view_returnrequest"):
        return None
    found = selectors.returns_of(order) if order.open_returns or order.return_status != Order.Returned.NONE else []
    more = None
    if request.user.has_perm("returns.operate_return"):
        more = (reverse("admin:returns_returnrequest_request", args=[order.pk]), _("Take something back"))
    context = {"title": _("Returns"), "anchor": "returns", "flush": bool(found), "returns": found, "more": more}
    return "returns/panels/returns.html", context


@panel("customers.customer", order=60)
def returns_of_customer(request: HttpRequest, customer: Customer) -> Part:
    """What a customer gave back lately."""
    if not request.user.has_perm("returns.view_returnrequest"):
        return None
    found = list(selectors.return_rows().filter(order__customer=customer).order_by("-pk")[:SHOWN])
    if not found:
        return None
    context = {"title": _("Returns"), "flush": True, "returns": found, "with_order": True}
    return "returns/panels/returns.html", context


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
