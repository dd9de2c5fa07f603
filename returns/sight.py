"""Who is limited sees the returns of orders of those channels, and those that go to those warehouses."""

from typing import Any

from django.db.models import Q, QuerySet

from core import sight

Rows = QuerySet[Any]


@sight.hides("returns.returnrequest", "channel")
def of_orders(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what comes back of orders of those channels."""
    return rows.filter(order__channel__code__in=codes)


@sight.hides("returns.returnrequest", "warehouse")
def to_warehouses(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what comes back to those warehouses, or to none yet."""
    return rows.filter(Q(warehouse=None) | Q(warehouse__code__in=codes))
