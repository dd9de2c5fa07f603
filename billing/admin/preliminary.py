"""Papers before the invoice, from the page of an order: the quotation and the proforma invoice."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from billing import services
from billing.panels.preliminary import SEES_PROFORMA, SEES_QUOTATION
from core.admin.base import BackOfficeAdmin
from core.api.pdf import paper
from core.errors import DomainError
from orders.models import Order

# Who may place an order may print the way to accept it.
PLACES = "orders.operate_order"


class PapersOfOrder(BackOfficeAdmin):
    """Hands out the papers of orders that the reader may see; why there is none is said on the page of the order."""

    def addresses(self) -> list[Any]:
        """Return the addresses of the papers."""
        quotation, proforma = (self.admin_site.admin_view(one) for one in (self.quotation, self.proforma))
        return [
            path("of-order/<int:pk>/paper/quotation/", quotation, name="billing_order_quotation"),
            path("of-order/<int:pk>/paper/proforma/", proforma, name="billing_order_proforma"),
        ]

    def quotation(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the quotation."""
        accept = request.user.has_perm(PLACES)
        return self._show(request, pk, SEES_QUOTATION, lambda: services.quotation_pdf(pk, accept=accept))

    def proforma(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the proforma invoice."""
        return self._show(request, pk, SEES_PROFORMA, lambda: services.proforma_pdf(pk))

    def _show(
        self, request: HttpRequest, pk: int, permission: str, draw: Callable[[], tuple[str, bytes]]
    ) -> HttpResponse:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        if not self.get_queryset(request).filter(pk=pk).exists():
            raise Http404
        try:
            name, content = draw()
        except DomainError as missing:
            self.message_user(request, missing.message, messages.WARNING)
            return redirect("admin:orders_order_change", pk)
        return paper(content, name)


def addresses(admin_site: Any) -> list[Any]:
    """Return the addresses of the papers of orders."""
    return PapersOfOrder(Order, admin_site).addresses()
