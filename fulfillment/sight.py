"""Who is limited to warehouses or channels sees the work there, for orders of those, and its parcels."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from core import sight
from fulfillment.models import FulfillmentOrder

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


@sight.hides("fulfillment.wave", "warehouse")
def waves_in_warehouses(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the waves of those warehouses."""
    return rows.filter(warehouse__code__in=codes)


@sight.hides("fulfillment.wave", "channel")
def waves_of_channels(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the waves that are about orders of those channels and no others: a wave goes as a whole."""
    others = FulfillmentOrder.objects.filter(wave=OuterRef("pk")).exclude(order__channel__code__in=codes)
    return rows.filter(~Exists(others))
