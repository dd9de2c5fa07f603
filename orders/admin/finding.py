"""How orders are found from the one search box."""

from django.utils.translation import gettext_lazy as _

from core.admin.links import page_of
from core.admin.searching import LIMIT, Hit, finder
from core.sight import limited_to, seen
from orders import selectors
from orders.models import Order


@finder(permission="orders.view_order", order=10)
def find_orders(term: str) -> list[Hit]:
    """Find orders by number, reference, PO number, e-mail, name, phone, SKU or tracking number."""
    rows = Order.objects.select_related("channel").order_by("-pk")
    if limited_to("channel") is None:
        rows = rows.filter(pk__in=selectors.first_found(term, limit=LIMIT))
    else:
        # The first few of all may be none of theirs.
        rows = selectors.search(seen(rows), term)[:LIMIT]
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
