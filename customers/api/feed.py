"""Who may see and hear of which customers, and how they are called outside."""

from typing import Any

from django.db.models import Q

from core.api.events import named_by, visible_to
from core.api.sight import belongs
from customers import selectors
from customers.models import Customer

KIND = Customer._meta.label_lower


def seen_by(channels: frozenset[str]) -> Q:
    """Return the condition of customers whom a key limited to channels sees."""
    return selectors.written_down_for(channels) | belongs(KIND, channels)


@visible_to(KIND)
def customers_of_channels(ids: set[int], channels: frozenset[str]) -> set[int]:
    """A key hears of the customers whom it sees."""
    return set(Customer.objects.filter(seen_by(channels), pk__in=ids).values_list("pk", flat=True))


@named_by(KIND)
def numbers_of_customers(ids: set[int]) -> dict[int, dict[str, Any]]:
    """Customers are called by their number."""
    found = Customer.objects.filter(pk__in=ids)
    return {pk: {"number": number} for pk, number in found.values_list("pk", "number")}
