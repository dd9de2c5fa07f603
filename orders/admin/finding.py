"""How orders are found from the one search box."""

from django.utils.translation import gettext_lazy as _

from core.admin.links import page_of
from core.admin.searching import LIMIT, Hit, finder
from orders import selectors
from orders.models import Order


@finder(permission="orders.view_order", order=10)
def find_orders(term: str) -> list[Hit]:
    """Find orders by number, reference, PO number, e-mail, name, phone, SKU or tracking number."""
    ids = selectors.first_found(term, limit=LIMIT)
    rows = Order.objects.select_related("channel").filter(pk__in=ids).order_by("-pk")
    return [
        Hit(
            str(order),
            page_of(order),
            detail=order.customer_name,
            kind=_("Order"),
            status=order.status,
            status_label=selectors.display_status(order),
        )
        for order in rows
    ]
