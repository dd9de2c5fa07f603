"""Orders seen from other places: who may hear of them, how they are called, and whom they make known."""

from typing import Any

from django.db.models import Q

from core.api.events import named_by, visible_to
from core.api.sight import belonging
from customers.models import Customer
from orders import selectors
from orders.models import Order

KIND = Order._meta.label_lower


@visible_to(KIND)
def orders_of_channels(ids: set[int], channels: frozenset[str]) -> set[int]:
    """A key hears of the orders of its channels."""
    return set(Order.objects.filter(pk__in=ids, channel__code__in=channels).values_list("pk", flat=True))


@named_by(KIND)
def numbers_of_orders(ids: set[int]) -> dict[int, dict[str, Any]]:
    """Orders are called by their number."""
    return {pk: {"number": number} for pk, number in Order.objects.filter(pk__in=ids).values_list("pk", "number")}


@belonging(Customer._meta.label_lower)
def buyers(channels: frozenset[str] | None) -> Q:
    """A key sees the customers of the orders of its channels."""
    return selectors.buyers_on(channels)
