"""Every figure has one definition, here. Money is per currency; days are days of the shop's time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncMonth
from django.utils import timezone

from core import seat
from core.sight import seen
from orders import selectors as order_facts
from orders.models import Order, OrderLine, OrderStatus
from pricing.services import TRIAL

# A discarded draft was never an order, and what was cancelled or lapsed brought nothing.
NO_REVENUE = (OrderStatus.DRAFT, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
CLOSED = (OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
NET_REVENUE = F("subtotal") - F("discount_total")
SOLD_UNITS = F("quantity") - F("cancelled")


@dataclass(frozen=True)
class Period:
    """A span of days, both included."""

    first: date
    last: date

    def bounds(self) -> tuple[datetime, datetime]:
        """Return the first moment, and the first moment after, in the shop's time zone."""
        return seat.began(self.first), seat.began(self.last + timedelta(days=1))


def sold_orders(period: Period) -> "QuerySet[Order]":
    """Return the orders placed in a period that bring revenue; what somebody tried out brings none."""
    start, end = period.bounds()
    placed = seen(Order.objects.filter(placed_at__gte=start, placed_at__lt=end))
    return placed.exclude(status__in=NO_REVENUE).exclude(channel__code=TRIAL)


def orders_by_stage() -> list[dict[str, Any]]:
    """Count the orders in every status, drafts included, in the order of the line."""
    counted = dict(seen(Order.objects.all()).values_list("status").annotate(count=Count("pk")))
    return [
        {"status": status.value, "label": status.label, "count": counted.get(status.value, 0)}
        for status in OrderStatus
    ]


def late_orders(today: date | None = None) -> "QuerySet[Order]":
    """Return the orders that the order desk calls late, so that both pages show one figure."""
    return seen(Order.objects.filter(order_facts.late(today)))


def orders_on_hold() -> "QuerySet[Order]":
    """Return live orders with an active hold."""
    return seen(Order.objects.filter(active_holds__gt=0)).exclude(status__in=CLOSED)


def revenue(period: Period, by: str) -> list[dict[str, Any]]:
    """Return orders, net revenue (goods after discounts, without tax and shipping) and total, per day or month."""
    truncate = TruncMonth if by == "month" else TruncDay
    rows = (
        sold_orders(period)
        .annotate(period=truncate("placed_at", tzinfo=timezone.get_default_timezone()))
        .values("period", "currency")
        .annotate(orders=Count("pk"), net=Sum(NET_REVENUE), gross=Sum("total"))
        .order_by("period", "currency")
    )
    return [{**row, "period": seat.day_of(row["period"])} for row in rows]


def top_products(period: Period, limit: int = 20) -> list[dict[str, Any]]:
    """Return the products with the most net revenue: units sold (ordered − cancelled) and their share of the net."""
    rows = (
        OrderLine.objects.filter(order__in=sold_orders(period).values("pk"))
        .values("sku", currency=F("order__currency"))
        .annotate(name=Max("name"), units=Sum(SOLD_UNITS), orders=Count("order", distinct=True), net=Sum("net_total"))
        .order_by("-net", "sku")
    )
    return [dict(row) for row in rows[:limit]]


def top_customers(period: Period, limit: int = 20) -> list[dict[str, Any]]:
    """Return the customers with the most net revenue; guests count together."""
    rows = (
        sold_orders(period)
        .values("customer_id", "currency", customer_number=F("customer__number"))
        .annotate(name=Max("customer_name"), orders=Count("pk"), net=Sum(NET_REVENUE), gross=Sum("total"))
        .order_by("-net", "customer_id")
    )
    return [dict(row) for row in rows[:limit]]


def totals(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add rows of revenue up, per currency."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(
            row["currency"], {"currency": row["currency"], "orders": 0, "net": Decimal(0), "gross": Decimal(0)}
        )
        one["orders"] += row["orders"]
        one["net"] += row["net"]
        one["gross"] += row["gross"]
    return sorted(found.values(), key=lambda one: -one["gross"])
