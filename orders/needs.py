"""What orders need of somebody, in one place: the list of the back office and the API ask for it alike."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import seat
from orders import selectors
from orders.models import Order, OrderStatus

S = OrderStatus
SHIPPED_WITHIN = timedelta(hours=24)


def _unshipped() -> Q:
    """Paid a day ago or longer, and nothing has left: asked among the few orders that are at work."""
    return Q(
        status__in=[S.CONFIRMED, S.FULFILLING],
        payment_status__in=[Order.Paid.PAID, Order.Paid.OVERPAID],
        fulfillment_status=Order.Fulfillment.UNFULFILLED,
        placed_at__lt=timezone.now() - SHIPPED_WITHIN,
    )


def _should_have_left() -> Q:
    """The day is over on which it, or the first parcel of it, had to leave: asked among what is at work."""
    return Q(
        status__in=[S.CONFIRMED, S.FULFILLING],
        fulfillment_status=Order.Fulfillment.UNFULFILLED,
        ship_by_on__lt=seat.today(),
    )


NEEDS: dict[str, tuple[Any, Callable[[], Q]]] = {
    "late": (_("Late"), selectors.late),
    "leaving": (_("Should have left"), _should_have_left),
    "hold": (_("On hold"), lambda: Q(status__in=selectors.LIVE, active_holds__gt=0)),
    "payment": (_("Waiting for payment"), lambda: Q(status=S.VERIFIED)),
    "stock": (
        _("Waiting for stock"),
        lambda: Q(status=S.CONFIRMED, allocation_status__in=["backordered", "partial"]),
    ),
    "exception": (_("Open exception"), lambda: Q(open_exceptions__gt=0)),
    "shipping": (_("Paid, not shipped after 24 hours"), _unshipped),
    "unpaid": (_("Delivered, not paid"), lambda: Q(status=S.FULFILLED, balance_due__gt=0)),
}


def needing(rows: QuerySet[Order], need: str) -> QuerySet[Order]:
    """Return the orders that need something; all of them where nobody knows the need."""
    return rows.filter(NEEDS[need][1]()) if need in NEEDS else rows
