"""A tax rate that changes while orders are under way."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from orders.models import Order
from pricing import services as pricing
from pricing.models import TaxRate


def day(days_ago: int) -> date:
    """Return the day so many days ago."""
    return timezone.localdate() - timedelta(days=days_ago)


def rate_begins(rate: str, *, days_ago: int = 0, tax_class: str = "standard", country: str = "DE") -> None:
    """Let a rate begin so many days ago."""
    TaxRate.objects.create(country=country, tax_class=tax_class, rate=Decimal(rate), valid_from=day(days_ago))
    pricing.forget()


def priced(order: Order, *, days_ago: int) -> Order:
    """Let an order have been priced so many days ago."""
    Order.objects.filter(pk=order.pk).update(taxed_on=day(days_ago))
    return Order.objects.select_related("channel").get(pk=order.pk)
