"""Who is limited to channels sees the orders of those channels, and what belongs to them."""

from typing import Any

from django.db.models import BigIntegerField, Case, Exists, OuterRef, Q, QuerySet, When
from django.db.models.functions import Cast, Substr

from core import sight
from orders.models import Order

Rows = QuerySet[Any]
THREAD = "orders.order:"


@sight.hides("orders.order", "channel")
def orders(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the orders of those channels."""
    return rows.filter(channel__code__in=codes)


@sight.hides("orders.checkcatch", "channel")
def catches(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what checks found on orders of those channels."""
    return rows.filter(channel__code__in=codes)


@sight.hides("orders.draft", "channel")
@sight.hides("orders.hold", "channel")
@sight.hides("orders.incidentorder", "channel")
@sight.hides("orders.comment", "channel")
@sight.hides("orders.orderfile", "channel")
@sight.hides("orders.followup", "channel")
@sight.hides("orders.orderchange", "channel")
def of_orders(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what belongs to orders of those channels."""
    return rows.filter(order__channel__code__in=codes)


@sight.hides("pricing.redemption", "channel")
def uses(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the uses of promotions by orders of those channels."""
    return rows.filter(Exists(Order.objects.filter(number=OuterRef("reference"), channel__code__in=codes)))


@sight.hides("orders.orderexception", "channel")
def exceptions(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what went wrong with those orders, or with no order."""
    return rows.filter(Q(order=None) | Q(order__channel__code__in=codes))


@sight.hides("orders.incident", "warehouse")
def incidents(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the incidents of those warehouses, or of none."""
    return rows.filter(Q(warehouse=None) | Q(warehouse__code__in=codes))


@sight.hides("core.outgoingmail", "channel")
@sight.hides("core.eventrecord", "channel")
def told(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what was written about those orders, or about no order."""
    number = Case(When(thread__startswith=THREAD, then=Cast(Substr("thread", len(THREAD) + 1), BigIntegerField())))
    theirs = Order.objects.filter(pk=OuterRef("order_number"), channel__code__in=codes)
    return rows.alias(order_number=number).filter(Q(order_number=None) | Exists(theirs))
