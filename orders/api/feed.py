"""Orders in the feed of events: who may hear of them, and how they are called outside."""

from typing import Any

from core.api.events import named_by, visible_to
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
