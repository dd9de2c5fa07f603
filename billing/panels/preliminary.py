"""The papers before the invoice, on the page of an order."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing import services
from core.panels import panel
from orders.models import Draft, Order

SEES_QUOTATION = "orders.view_order"
SEES_PROFORMA = "billing.view_invoice"


@panel("orders.order", order=42)
def papers_before_the_invoice(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Offer the quotation where one was offered, and the proforma invoice until all is invoiced."""
    papers = []
    unplaced = order.placed_at is None
    if request.user.has_perm(SEES_QUOTATION):
        offered = Draft.objects.filter(order=order, offered_at__isnull=False, valid_until__isnull=False)
        if offered.exists():
            papers.append({"name": _("Quotation"), "url": reverse("admin:billing_order_quotation", args=[order.pk])})
    has_proforma = not unplaced and order.invoice_status != Order.Invoiced.INVOICED
    if has_proforma and request.user.has_perm(SEES_PROFORMA) and not services.why_no_proforma(order):
        papers.append({"name": _("Proforma invoice"), "url": reverse("admin:billing_order_proforma", args=[order.pk])})
    if not papers:
        return None
    return "billing/panels/preliminary.html", {"title": _("Before the invoice"), "side": True, "papers": papers}
