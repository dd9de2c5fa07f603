"""What it costs, how it travels and how long it takes: read only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from core.often import Remembered
from inventory.models import Product, Warehouse
from inventory.routing import RuleSet
from inventory.sourcing import Place
from pricing.calculation import EXEMPT, NOT_STATED
from pricing.errors import CurrencyNotSold, ShippingNotAvailable, UnknownChannel, UnknownShippingMethod
from pricing.models import Channel, Price, PriceList, ShippingMethod, Zone
from pricing.reference import reference

# Working days to assume where nobody entered any: long enough to keep the promise.
UNKNOWN_DAYS = 10
# A warehouse without a known way to the receiver serves only when no other can.
FAR_AWAY = 1000


@dataclass(frozen=True)
class PriceStep:
    """What one unit costs from a quantity on."""

    min_quantity: int
    amount: Decimal


def channel_by_code(code: str) -> Channel:
    """Return an active channel. Raises UnknownChannel."""
    if (channel := reference().channels.get(code)) is None:
        text = f"There is no channel {code!r}"
        raise UnknownChannel(text, errors=[{"pointer": "/channel", "code": UnknownChannel.code, "detail": text}])
    return channel


def channels() -> list[Channel]:
    """Return the active channels."""
    return sorted(reference().channels.values(), key=lambda channel: channel.name)


def shipping_method(code: str) -> ShippingMethod:
    """Return an active shipping method. Raises UnknownShippingMethod."""
    if (method := reference().methods.get(code)) is None:
        text = f"There is no shipping method {code!r}"
        fault = {"pointer": "/shipping_method", "code": UnknownShippingMethod.code, "detail": text}
        raise UnknownShippingMethod(text, errors=[fault])
    return method


def method_name(code: str) -> str:
    """Name a shipping method in the language of the reader; one that is not offered any more goes by its code."""
    known = reference().methods.get(code)
    return known.name_in() if known else code


def shipping_methods(country: str = "", currency: str = "") -> list[ShippingMethod]:
    """Return the active methods; of a country and currency only those that deliver there."""
    methods = list(reference().methods.values())
    if not currency:
        return methods
    zone = reference().zone(country)
    return [
        method
        for method in methods
        if method.pickup or (zone and (method.pk, zone.pk, currency) in reference().rates)
    ]  # fmt: skip


def zone_for(country: str) -> Zone | None:
    """Return the shipping zone of a country; a country nobody named belongs to the rest of the world."""
    return reference().zone(country)


@dataclass(frozen=True)
class ShippingStep:
    """What a delivery costs, and why: the step of value and weight that the goods reach. No zone: nothing travels."""

    amount: Decimal
    method: str
    zone: str = ""
    min_goods_value: Decimal = Decimal(0)
    min_weight_grams: int = 0

    @property
    def reason(self) -> str:
        """Say why, in the words of the contract."""
        if not self.zone:
            return f"{self.method}: nothing travels"
        worth = f", goods from {self.min_goods_value.normalize():f}" if self.min_goods_value else ""
        heavy = f", from {self.min_weight_grams} g" if self.min_weight_grams else ""
        return f"{self.method} to {self.zone}{worth}{heavy}"

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form."""
        return {"zone": self.zone, "value": f"{self.min_goods_value:f}", "grams": self.min_weight_grams}


def shipping_step(
    method: ShippingMethod, country: str, currency: str, goods_value: Decimal, grams: int = 0
) -> ShippingStep:
    """Return the charge for a method into a country: of the steps that value and weight reach, the last one.

    Raises ShippingNotAvailable where the method does not go.
    """
    if method.pickup:
        return ShippingStep(Decimal(0), method.name)
    zone = zone_for(country)
    steps = reference().rates.get((method.pk, zone.pk, currency), []) if zone else []
    reached = [one for one in steps if one.min_goods_value <= goods_value and one.min_weight_grams <= grams]
    if zone is None or not reached:
        text = f"{method.name} does not deliver to {country or 'an unknown country'} in {currency}"
        fault = {"pointer": "/shipping_method", "code": ShippingNotAvailable.code, "detail": text}
        raise ShippingNotAvailable(text, errors=[fault])
    last = reached[-1]
    return ShippingStep(last.amount, method.name, zone.name, last.min_goods_value, last.min_weight_grams)


def shipping_price(
    method: ShippingMethod, country: str, currency: str, goods_value: Decimal, grams: int = 0
) -> tuple[Decimal, str]:
    """Return the charge for a method into a country, and why. Raises ShippingNotAvailable."""
    step = shipping_step(method, country, currency, goods_value, grams)
    return step.amount, step.reason


def grams_of(lines: Iterable[tuple[Product, int]]) -> int:
    """Return what goods weigh, as far as their products say."""
    return sum(product.weight_grams * units for product, units in lines)


def transit_days(warehouse_id: int, method: ShippingMethod | None, country: str) -> int:
    """Return the working days from a warehouse to a country."""
    if method is None or method.pickup:
        return 0
    days = _known_days(warehouse_id, method, zone_for(country))
    return UNKNOWN_DAYS if days is None else days


def places_for(method: ShippingMethod | None, country: str) -> list[Place]:
    """Return the warehouses as seen from a country: fewer days by the method are nearer."""
    zone = zone_for(country)
    here = method is None or method.pickup
    places = []
    for warehouse in reference().warehouses:
        days = 0 if here else _known_days(warehouse.pk, method, zone)
        distance = FAR_AWAY if days is None else days
        places.append(Place(warehouse.pk, distance, warehouse.priority, warehouse.last_resort, warehouse.code))
    return places


def warehouses() -> Sequence[Warehouse]:
    """Return the warehouses in service as they were read last: whoever gets them does not change them."""
    return reference().warehouses


def _known_days(warehouse_id: int, method: ShippingMethod | None, zone: Zone | None) -> int | None:
    if method is None or zone is None:
        return None
    return reference().transits.get((warehouse_id, zone.pk, method.pk))


def routing_rules() -> RuleSet | None:
    """Return the routing rules that hold, if any do."""
    return reference().rules


def distance_sales_on(day: date) -> str:
    """Return how consumers in other member states are taxed on a day; nothing where nobody has said so."""
    return reference().distance_sales_on(day)


def registered_in() -> frozenset[str]:
    """Return the countries in which the seller pays VAT under a number of its own."""
    return reference().registered_in


def price_list_for(channel: Channel, currency: str = "") -> PriceList:
    """Return the price list of a channel. Raises CurrencyNotSold where it has none in that currency."""
    wanted = currency or channel.currency
    if channel.price_list is None or channel.price_list.currency != wanted:
        text = f"{channel.name} has no prices in {wanted}"
        raise CurrencyNotSold(text, errors=[{"pointer": "/currency", "code": CurrencyNotSold.code, "detail": text}])
    return channel.price_list


def price_lists_for(
    channel: Channel, *, on: date, currency: str = "", group_id: int | None = None, gross: bool | None = None
) -> list[PriceList]:
    """Return the lists that hold for a sale, the one that is asked first first.

    What names the customer group goes before what names the channel, that before what names a period; of equally close
    ones the higher priority goes first, then the code. The channel's own list comes last. Raises CurrencyNotSold
    where there is none.
    """
    wanted = currency or channel.currency
    taxed = channel.prices_include_tax if gross is None else gross
    own = channel.price_list
    found = [
        one
        for one in reference().price_lists
        if one.currency == wanted
        and (own is None or one.pk != own.pk)
        and one.holds_for(channel_id=channel.pk, group_id=group_id, on=on, gross=taxed)
    ]
    found.sort(key=lambda one: ([not named for named in one.closeness], -one.priority, one.code))
    if own is not None and own.currency == wanted:
        found.append(own)
    if not found:
        price_list_for(channel, currency)
    return found


def valid_prices(price_lists: Sequence[PriceList], product_ids: Iterable[int], on: date) -> list[Price]:
    """Return the prices of products on a day in one query; those that apply first come first."""
    rank = {one.pk: index for index, one in enumerate(price_lists)}
    found = _VALID.rows(lists=list(rank), products=sorted(set(product_ids)), on=on)
    return sorted(found, key=lambda price: rank[price.price_list_id]) if len(rank) > 1 else found


def _valid(lists: Sequence[int], products: Sequence[int], on: date) -> QuerySet[Price]:
    started = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    not_over = Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    found = Price.objects.filter(started, not_over, price_list__pk__in=lists, product__pk__in=products)
    return found.order_by("product_id", "-min_quantity", F("valid_from").desc(nulls_last=True), "-pk")


# Asked with every order.
_VALID = Remembered(_valid)


def prices_for(
    channel: Channel, product_ids: Sequence[int], on: date, *, group_id: int | None = None
) -> dict[int, Decimal]:
    """Return what one unit of each product costs on a channel on a day; products without a price are left out."""
    ladders = price_steps(channel, product_ids, on, group_id=group_id)
    return {pk: steps[0].amount for pk, steps in ladders.items() if steps[0].min_quantity <= 1}


def price_steps(
    channel: Channel, product_ids: Sequence[int], on: date, *, group_id: int | None = None
) -> dict[int, list[PriceStep]]:
    """Return, by product, the prices that hold for one buyer: the first, then each that a larger quantity reaches."""
    try:
        lists = price_lists_for(channel, on=on, group_id=group_id)
    except CurrencyNotSold:
        return {}
    by_product: dict[int, list[Price]] = {}
    for price in valid_prices(lists, product_ids, on):
        by_product.setdefault(price.product_id, []).append(price)
    found: dict[int, list[PriceStep]] = {}
    for pk, prices in by_product.items():
        ladder = found.setdefault(pk, [])
        for quantity in sorted({max(1, price.min_quantity) for price in prices}):
            amount = next(price.amount for price in prices if price.min_quantity <= quantity)
            if not ladder or ladder[-1].amount != amount:
                ladder.append(PriceStep(quantity, amount))
    return found


def tax_classes() -> set[str]:
    """Return the classes of goods that can be taxed, or are known not to be."""
    rates = (tax.tax_class for taxes in reference().taxes.values() for tax in taxes)
    return {NOT_STATED, EXEMPT, *rates}
