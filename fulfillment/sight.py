"""Who is limited to warehouses or channels sees the work there, for orders of those, and its parcels."""

from typing import Any

from django.db.models import Q, QuerySet

from core import sight

Rows = QuerySet[Any]


@sight.hides("fulfillment.fulfillmentorder", "channel")
@sight.hides("fulfillment.shipment", "channel")
def of_orders(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what is done for orders of those channels."""
    return rows.filter(order__channel__code__in=codes)


@sight.hides("fulfillment.fulfillmentorder", "warehouse")
def in_warehouses(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the work in those warehouses, and services, which are rendered at no shelf."""
    return rows.filter(Q(warehouse=None) | Q(warehouse__code__in=codes))


@sight.hides("fulfillment.shipment", "warehouse")
def from_warehouses(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the parcels that leave those warehouses."""
    return rows.filter(fulfillment_order__warehouse__code__in=codes)
