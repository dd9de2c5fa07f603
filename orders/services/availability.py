"""What could be promised now, without promising it: the shop, the basket, the order desk and the API ask here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone

from core import seat
from customers.addresses import PostalAddress
from inventory import selectors as stock
from inventory.models import Product
from inventory.queueing import leave
from inventory.sourcing import Demand, decide
from orders import outlook, promise
from orders.errors import InvalidOrder
from orders.priority import USUAL, rank_of
from pricing import services as pricing

from .origins import Sold, is_asked
from .promising import dated, days_by_code, days_of, waits_of
from .routing import Routed, Wanted, route_goods, work_for
from .sourcing import picks_by_code


@dataclass(frozen=True, kw_only=True)
class Availability:
    """How many units could be promised, from where and when. `short` units would follow, or not be sold.

    `room` is for how many units more orders may wait.
    `by_day` says how many could be promised from each day on, those of earlier days included; no day is now.
    """

    product: Product
    quantity: int
    available: int
    short: int
    room: int
    parcels: list[promise.Parcel]
    by_day: list[tuple[date | None, int]]

    @property
    def can_be_ordered(self) -> bool:
        """Whether an order for all of it would be accepted now."""
        return not self.short or (self.product.backorder and self.short <= self.room)

    @property
    def arrives_on(self) -> date | None:
        """When all of it could be there."""
        return promise.arrives_on(self.parcels) if self.can_be_ordered else None


def availability(
    *,
    sku: str,
    quantity: int,
    country: str,
    postal_code: str = "",
    method: str,
    channel: str,
    at: datetime | None = None,
) -> Availability:
    """Say what could be promised of a product into a country. Raises InvalidOrder for an unknown SKU."""
    product = stock.products_by_sku([sku]).get(sku.strip().upper())
    if product is None or not product.active:
        text = f"There is no product {sku}"
        raise InvalidOrder(
            text, errors=[{"pointer": "/sku", "code": "unknown_product", "detail": text, "in": "query"}]
        )
    (found,) = availabilities(
        [(product, quantity)], country=country, postal_code=postal_code, method=method, channel=channel, at=at
    )
    return found


def availabilities(
    wanted: Iterable[tuple[Product, int]],
    *,
    country: str,
    postal_code: str = "",
    method: str,
    channel: str,
    at: datetime | None = None,
) -> list[Availability]:
    """Say what could be promised of products, each as if nothing else were ordered. One statement for all of them."""
    pairs = list(wanted)
    when = at or timezone.now()
    way = pricing.channel_by_code(channel)
    asked = outlook.Demanding(rank_of(USUAL, when))
    goods = [product for product, _quantity in pairs if product.needs_stock]
    made_of = {
        kit: tuple((part.product_id, part.per) for part in parts)
        for kit, parts in stock.parts_of(product.pk for product in goods if product.is_kit).items()
    }
    figures = outlook.figures((product.pk for product in goods), asked, kits=made_of)
    buyer = Wanted(channel=way, method=pricing.shipping_method(method), country=country, postal_code=postal_code)
    rules = pricing.routing_rules()
    used = work_for(rules)
    found = []
    for product, quantity in pairs:
        free, short, parcels = quantity, 0, promise.service_parcel({1: quantity})
        room, by_day = 0, list[tuple[date | None, int]]([(None, quantity)])
        if product.needs_stock:
            one = figures[product.pk]
            free = sum(_left(product, one).values())
            asking = replace(buyer, goods=[(product, quantity)], sold=_sold(product, buyer, at=when))
            routed = route_goods(asking, at=when, rules=rules, used=used)
            parcels, short = _parcels(product, quantity, one, routed, at=when)
            free += sum(one.borrowable().values())
            by_day = one.by_day()
            room = outlook.room(product.backorder_limit, one.waiting) if product.backorder else 0
        found.append(
            Availability(
                product=product,
                quantity=quantity,
                available=free,
                short=short,
                room=room,
                parcels=dated(parcels, channel=way, at=when),
                by_day=by_day,
            )
        )
    return found


def _sold(product: Product, buyer: Wanted, *, at: datetime) -> Sold | None:
    """Return how a product is taxed to somebody of whom nothing is known: a consumer."""
    if not is_asked(buyer.channel.seller_country, pricing.warehouses()):
        return None
    day = seat.day_of(at)
    supply = pricing.Supply(
        seller_country=buyer.channel.seller_country,
        country=buyer.country,
        region=pricing.region_of(PostalAddress(country=buyer.country, postal_code=buyer.postal_code)),
        buyer=pricing.TaxBuyer(),
        distance_sales=pricing.distance_sales_on(day),
        goods={1: product},
    )
    return Sold(supply=supply, on=day, collected=buyer.method is not None and buyer.method.pickup)


def _parcels(
    product: Product, quantity: int, figures: outlook.Figures, routed: Routed, *, at: datetime
) -> tuple[list[promise.Parcel], int]:
    """Return the parcels of one product as an order for it would get them, and how many units are short."""
    release = product.release_on
    since = release if release is not None and release > seat.day_of(at) else None
    shelves = _left(product, figures)
    places = routed.places
    decision = decide([Demand(1, product.pk, quantity, True)], shelves, places, routed.costs)
    days = days_by_code(places)
    not_before = {1: since} if since else {}
    parcels = promise.goods_parcels(picks_by_code(decision.picks, places), days, not_before=not_before)
    short = decision.short.get(1, 0)
    borrowed = 0
    if short and since is None and (lendable := figures.borrowable()):
        rest = [Demand(1, product.pk, short, True)]
        more = decide(rest, {(product.pk, place): units for place, units in lendable.items()}, places, routed.costs)
        parcels = promise.goods_parcels(picks_by_code([*decision.picks, *more.picks], places), days)
        short, borrowed = more.short.get(1, 0), short - more.short.get(1, 0)
    if short and product.backorder:
        taken = {pick.warehouse_id: pick.quantity for pick in decision.picks}
        codes = {place.warehouse_id: place.code for place in places}
        stages = figures.outlook(taken=taken, borrowed=borrowed).take(short, at=codes)
        waits = waits_of(1, short, stages, codes, since=since)
        parcels += promise.backorder_parcels(waits, {**days, "": days_of(places)})
    return parcels, short


def _left(product: Product, figures: outlook.Figures) -> dict[tuple[int, int], int]:
    """Return what is free per (product, warehouse), less what those who wait are about to get."""
    if isinstance(figures, outlook.KitFigures):
        left = figures.whole([_less_ahead(product, part) for part, _per in figures.parts])
    else:
        left = _less_ahead(product, figures)
    return {(product.pk, place): units for place, units in left.items()}


def _less_ahead(product: Product, figures: outlook.Figures) -> dict[int, int]:
    shelves = {(product.pk, place): units for place, units in figures.shelves.items()}
    leave(shelves, {product.pk: figures.ahead} if product.backorder else {})
    return {place: units for (_product, place), units in shelves.items()}
