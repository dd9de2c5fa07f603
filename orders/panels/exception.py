"""The page of an exception: what helps, and what each way would mean."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.panels import panel
from orders import remedies
from orders.models import OrderException
from orders.verification import DUPLICATE

from .order import beside_of

EXCEPTION = "orders.exception"


@panel(EXCEPTION, order=10)
def what_helps(request: HttpRequest, exception: OrderException) -> tuple[str, dict[str, Any]] | None:
    """Offer what helps, with its consequences before the click."""
    if exception.closed_at is not None:
        return None
    offers = [
        (one, offer)
        for one in remedies.for_kind(exception.category)
        if request.user.has_perm(one.permission) and (offer := remedies.offer_of(one, exception))
    ]
    looks_alike = exception.order is not None and exception.payload.get("check") == DUPLICATE
    return "orders/panels/remedies.html", {
        "title": _("What helps"),
        "offers": offers,
        "exception": exception,
        "beside": beside_of(request, exception.order) if looks_alike and exception.order else "",
    }
