"""The papers of an order before its invoice, for who may see the order."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from billing import services as billing
from billing.errors import NoProforma, NotOffered
from core.api.pdf import paper
from orders.models import Order
from portal import access

OVER = ("cancelled", "expired")


@require_GET
def quotation_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """Hand out the quotation that became a visible order."""
    order = access.get_order(request, number)
    try:
        name, content = billing.quotation_pdf(order.pk)
    except NotOffered as missing:
        raise Http404 from missing
    return paper(content, name)


@require_GET
def proforma_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """Hand out the proforma invoice of a visible order; none where all of it is invoiced."""
    order = access.get_order(request, number)
    try:
        name, content = billing.proforma_pdf(order.pk)
    except NoProforma as missing:
        raise Http404 from missing
    return paper(content, name)


def papers_of(order: Order) -> dict[str, bool]:
    """Say which of these papers the page of an order offers; the order, read with its draft, says so itself."""
    draft = getattr(order, "draft", None)
    return {
        "has_quotation": draft is not None and draft.offered_at is not None,
        "has_proforma": order.status not in OVER and order.invoice_status != Order.Invoiced.INVOICED,
    }
