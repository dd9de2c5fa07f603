"""What screens and services read about orders."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from customers.models import Customer
from orders import guards
from orders.models import Order, OrderLine, OrderStatus
from pricing.models import Channel

S = OrderStatus
GONE = frozenset({S.CANCELLED, S.EXPIRED})
LIVE = frozenset({S.PLACED, S.VERIFIED, S.CONFIRMED, S.FULFILLING, S.FULFILLED})


def number_of_reference(channel: Channel, reference: str) -> str | None:
    """Return the number of the order that a channel sent with this reference, if it did."""
    if not reference:
        return None
    found = Order.objects.filter(channel=channel, external_reference=reference)
    return found.values_list("number", flat=True).first()


def with_standing(
    rows: QuerySet[Customer], *, channel: Channel, reference: str, goods_key: str, around: datetime, minutes: int
) -> QuerySet[Customer]:
    """Add to customers the numbers of an order with this reference, and of a recent one for the same goods.

    One statement tells who buys, and whether the same was sent a moment ago.
    """
    span = timedelta(minutes=minutes)
    twins = Order.objects.filter(
        customer=OuterRef("pk"), goods_key=goods_key, placed_at__range=(around - span, around + span)
    ).exclude(status__in=[*GONE, S.DRAFT])
    known = Order.objects.filter(channel=channel, external_reference=reference)
    known = known if reference else known.none()
    return rows.annotate(
        twin=Subquery(twins.order_by("-pk").values("number")[:1]),
        same_reference=Subquery(known.order_by().values("number")[:1]),
    )


def on_credit(customer: Customer) -> QuerySet[Order]:
    """Return the orders of a customer that use up the credit limit."""
    return Order.objects.filter(
        customer=customer, currency=customer.currency, payment_terms__in=guards.ON_CREDIT, status__in=LIVE
    )


def waiting_for(product_ids: Iterable[int]) -> list[int]:
    """Return the orders that wait for units of products, the lowest rank first."""
    lines = OrderLine.objects.filter(product__in=list(product_ids), backordered__gt=0, order__status__in=LIVE)
    ranked = lines.order_by("order__rank", "order").values_list("order", flat=True)
    return list(dict.fromkeys(ranked))
