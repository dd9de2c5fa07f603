"""What brings an order on whose return is open."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.way import Remedy, remedy
from orders.models import Order
from returns import selectors
from returns.panels import VIEW


@remedy("orders.order", "return")
def settle_return(request: HttpRequest, order: Order) -> Remedy | None:
    """Lead to the return that is open."""
    if not request.user.has_perm(VIEW):
        return None
    for found in selectors.returns_of(order):
        if found.status in selectors.OPEN:
            return Remedy(_("Look at the return"), reverse("admin:returns_returnrequest_change", args=[found.pk]))
    return None
