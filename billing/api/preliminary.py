"""`/orders/{number}/quotation/pdf/` and `/orders/{number}/proforma/pdf/`: the papers before the invoice."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from billing import services
from billing.errors import NotOffered
from core.api.auth import scopes_of
from core.api.filters import refuse_unknown
from core.api.pdf import PAPER, paper
from core.api.views import ApiView
from orders import selectors as orders
from orders.errors import UnknownOrder

from .views import READ_DOCUMENTS

WRITES = "orders:write"


class QuotationPdfView(ApiView):
    """A quotation on paper."""

    required_scopes = {"GET": "orders:read"}  # noqa: RUF012 - as its siblings have it
    renderer_classes = PAPER

    @extend_schema(operation_id="orders_quotation_pdf", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the PDF of what was offered; it names the page to accept it on for who may write orders."""
        refuse_unknown(request, ())
        found = orders.offered(self.channels).filter(number=number.upper()).values_list("pk", flat=True).first()
        if found is None:
            raise NotOffered("There is no such quotation")
        name, content = services.quotation_pdf(found, accept=WRITES in scopes_of(request))
        return paper(content, name)


class ProformaPdfView(ApiView):
    """A proforma invoice on paper."""

    required_scopes = {"GET": READ_DOCUMENTS}  # noqa: RUF012 - as its siblings have it
    renderer_classes = PAPER

    @extend_schema(operation_id="orders_proforma_pdf", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the PDF over what is on no invoice yet; 409 `no_proforma` where all of it is."""
        refuse_unknown(request, ())
        found = orders.orders(self.channels).filter(number=number.upper()).values_list("pk", flat=True).first()
        if found is None:
            raise UnknownOrder("There is no such order")
        name, content = services.proforma_pdf(found)
        return paper(content, name)
