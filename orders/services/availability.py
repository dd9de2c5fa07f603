"""What could be promised now, without promising it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from inventory import selectors as stock
from inventory.models import Product
from inventory.sourcing import Demand, decide
from orders import promise
from orders.errors import InvalidOrder
from pricing import services as pricing

from .promising import dated, days_by_code, days_of, expected_on
from .sourcing import picks_by_code


@dataclass(frozen=True, kw_only=True)
class Availability:
    """How many units could be promised, from where and when. `short` units would follow, or not be sold."""

    product: Product
    quantity: int
    available: int
    short: int
    parcels: list[promise.Parcel]

    @property
    def can_be_ordered(self) -> bool:
        """Whether an order for all of it would be accepted now."""
        return not self.short or self.product.backorder

    @property
    def arrives_on(self) -> date | None:
        """When all of it could be there."""
        return promise.arrives_on(self.parcels) if self.can_be_ordered else None


def availability(
    *, sku: str, quantity: int, country: str, method: str, channel: str, at: datetime | None = None
) -> Availability:
    """Say what could be promised of a product into a country. Raises InvalidOrder for an unknown SKU."""
    product = stock.products_by_sku([sku]).get(sku.strip().upper())
    if product is None or not product.active:
        text = f"There is no product {sku}"
        raise InvalidOrder(
            text, errors=[{"pointer": "/sku", "code": "unknown_product", "detail": text, "in": "query"}]
        )
    way = pricing.channel_by_code(channel)
    if not product.needs_stock:
        parcels, free, short = promise.service_parcel({1: quantity}), quantity, 0
    else:
        places = pricing.places_for(pricing.shipping_method(method), country)
        shelves = stock.stock_by_warehouse([product.pk])
        decision = decide([Demand(1, product.pk, quantity, True)], shelves, places)
        free, short = sum(shelves.values()), decision.short.get(1, 0)
        parcels = promise.goods_parcels(picks_by_code(decision.picks, places), days_by_code(places))
        if short and product.backorder:
            waits = promise.backorder_parcel(
                {1: short}, days=days_of(places), expected_on=expected_on({product.pk: short})
            )
            parcels = [*parcels, *waits]
    return Availability(
        product=product,
        quantity=quantity,
        available=free,
        short=short,
        parcels=dated(parcels, channel=way, at=at or timezone.now()),
    )
