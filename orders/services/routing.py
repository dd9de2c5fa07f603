"""Which warehouses may serve an order, and what each would cost: asks the rules that hold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.middleware import zone_of
from core.reader import locale
from customers.addresses import PostalAddress
from inventory.costing import Costs
from inventory.handling import CARRIED, GIFT, labels
from inventory.models import Product, Warehouse
from inventory.routing import Facts, PlaceFacts, RuleSet, costs_for, route
from inventory.services import Place
from orders import ports, promise
from orders.calendar import is_working_day
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.models import Channel, ShippingMethod

from .origins import Sold, sold_of, why_not_from
from .promising import dated, days_by_code

# So far we look for the days that a late parcel may take; nobody waits longer and calls it late by a day.
FARTHEST = 60
# So many later decisions an order remembers.
MOST_LATER = 20
HELD = OrderLine._meta.get_field("product")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the rules are asked about: goods and units, to whom, by what way, until when."""

    channel: Channel
    method: ShippingMethod | None
    country: str
    postal_code: str = ""
    goods: Sequence[tuple[Product, int]] = ()
    value: Decimal | None = None
    currency: str = ""
    gift: bool = False
    wanted_on: date | None = None
    # How it is taxed, where any goods lie abroad and that is known.
    sold: Sold | None = None
    # It left long ago, from wherever that was: nobody asks how it was taxed.
    historic: bool = False


@dataclass(frozen=True)
class Routed:
    """Which places may serve, what each would cost, and what is told of it with the decision."""

    places: list[Place]
    costs: Costs | None = None
    told: dict[str, Any] = field(default_factory=dict)


def route_order(
    order: Order,
    lines: Sequence[OrderLine],
    *,
    at: datetime,
    rules: RuleSet | None = None,
    used: Mapping[int, int] | None = None,
    historic: bool = False,
) -> Routed:
    """Ask the rules that hold, or others, about the stocked goods of an order."""
    rules = rules or pricing.routing_rules()
    address = PostalAddress.from_dict(order.shipping_address or order.billing_address)
    wanted = Wanted(
        channel=order.channel,
        method=order.shipping_method,
        country=address.country,
        postal_code=address.postal_code,
        goods=[(product, line.open) for line, product in goods_of(order, lines, read=rules is not None)],
        value=order.subtotal - order.discount_total,
        currency=order.currency,
        gift=is_gift(order),
        wanted_on=order.requested_delivery_on or order.promised_on,
        sold=None if historic else sold_of(order, lines),
        historic=historic,
    )
    return route_goods(wanted, at=at, rules=rules, used=used)


def route_goods(
    wanted: Wanted, *, at: datetime, rules: RuleSet | None = None, used: Mapping[int, int] | None = None
) -> Routed:
    """Ask rules about goods that somebody wants. Without rules only what cannot be handled keeps a place out.

    `used` is the work of the day by warehouse, where it is known already.
    """
    places = pricing.places_for(wanted.method, wanted.country)
    known = {one.pk: one for one in pricing.warehouses()}
    excluded = _unable(wanted, places, known)
    places = [
        replace(place, cannot=barred) if (barred := _barred(wanted, known[place.warehouse_id])) else place
        for place in places
    ]
    handling = {str(product.pk): product.handling for product, _ in wanted.goods if product.handling}
    told: dict[str, Any] = {"handling": handling} if handling else {}
    if rules is None:
        told |= {"excluded": excluded} if excluded else {}
        return Routed([place for place in places if place.code not in excluded], None, told)
    facts = facts_of(wanted, rules)
    work = work_for(rules) if used is None else used
    allowed = route(rules, facts, [_place_facts(known[place.warehouse_id], work, at) for place in places])
    excluded = {**allowed.excluded, **excluded}
    places = [replace(place, favored=place.code in allowed.favored) for place in places if place.code not in excluded]
    told |= {"rule_set": {"version": rules.version, "name": rules.name}}
    told |= {"rules": list(allowed.spoke)} if allowed.spoke else {}
    told |= {"excluded": excluded} if excluded else {}
    told |= {"favored": {"by": allowed.favored_by, "at": sorted(allowed.favored)}} if allowed.favored else {}
    return Routed(places, _costs(wanted, rules, facts, places, at), told)


def work_for(rules: RuleSet | None) -> Mapping[int, int]:
    """Return the work of the day by warehouse, where the rules ask for it."""
    return ports.workload.today() if rules is not None and rules.asks_for_capacity else {}


def with_later(
    sourcing: Mapping[str, Any], decision: Mapping[str, Any], told: Mapping[str, Any], *, at: datetime, **more: Any
) -> dict[str, Any]:
    """Return what an order remembers of its decisions with one that was taken later; of very many the last ones."""
    later = {"at": at.isoformat(), **more, **decision, **{key: told[key] for key in told if key != "handling"}}
    return {**sourcing, "later": [*sourcing.get("later", []), later][-MOST_LATER:]}


def goods_of(order: Order, lines: Iterable[OrderLine], *, read: bool) -> list[tuple[OrderLine, Product]]:
    """Return the stocked lines with their products: those at hand, else as far as the order remembers them.

    With `read`, what is not at hand is read, in one statement.
    """
    stocked = [line for line in lines if line.is_goods]
    if read:
        equip(stocked)
    remembered = order.sourcing.get("handling", {})
    return [
        (line, line.product)
        if HELD.is_cached(line)
        else (line, Product(pk=line.product_id, handling=remembered.get(str(line.product_id), [])))
        for line in stocked
    ]


def equip(lines: Iterable[OrderLine]) -> None:
    """Hand lines their products, as far as they have none at hand, in one statement."""
    bare = [line for line in lines if not HELD.is_cached(line)]
    products = Product.objects.in_bulk({line.product_id for line in bare}) if bare else {}
    for line in bare:
        line.product = products[line.product_id]


def is_gift(order: Order) -> bool:
    """Whether the order is to be wrapped."""
    return bool(order.gift_note.strip()) or GIFT in order.tags


def not_carried(method: ShippingMethod | None, products: Iterable[Product]) -> list[str]:
    """Return what of the goods a way of delivery cannot carry; nothing travels that is collected."""
    if method is None or method.pickup:
        return []
    return sorted({tag for product in products for tag in product.handling if tag in CARRIED} - set(method.handles))


def why_not_carried(method: ShippingMethod | None, products: Iterable[Product]) -> str:
    """Say why a way of delivery cannot carry goods, or nothing."""
    if method is None or not (tags := not_carried(method, products)):
        return ""
    said = {"method": method.name_in(str(locale())), "what": ", ".join(labels(tags))}
    return _("%(method)s does not carry goods that are: %(what)s") % said


def fitting_methods(
    products: Iterable[Product], country: str = "", currency: str = ""
) -> tuple[list[ShippingMethod], list[str]]:
    """Return the ways of delivery that can carry goods there, and why each of the others cannot."""
    goods = list(products)
    found = [(method, why_not_carried(method, goods)) for method in pricing.shipping_methods(country, currency)]
    return [method for method, why in found if not why], [why for _method, why in found if why]


def _unable(wanted: Wanted, places: Iterable[Place], known: Mapping[int, Warehouse]) -> dict[str, dict[str, Any]]:
    """Return the places that can do nothing for the order, and what they cannot."""
    found: dict[str, dict[str, Any]] = {}
    for place in places:
        warehouse, home = known[place.warehouse_id], wanted.channel.seller_country
        if not wanted.historic and (why := why_not_from(warehouse.country, home=home, sold=wanted.sold)) is not None:
            found[place.code] = why
        elif wanted.gift and GIFT not in warehouse.handles:
            found[place.code] = {"why": "handling", "tags": [GIFT]}
        elif wanted.goods and (missing := _missing_everywhere(wanted, warehouse)):
            found[place.code] = {"why": "handling", "tags": missing}
    return found


def _missing_everywhere(wanted: Wanted, warehouse: Warehouse) -> list[str]:
    """Return what keeps a warehouse from giving any of the goods; nothing if it may give some."""
    missing = [set(product.handling) - set(warehouse.handles) for product, _ in wanted.goods]
    return sorted(set().union(*missing)) if all(missing) else []


def _barred(wanted: Wanted, warehouse: Warehouse) -> frozenset[int]:
    """Return the goods that a warehouse may not give."""
    return frozenset(
        product.pk
        for product, _ in wanted.goods
        if product.handling and set(product.handling) - set(warehouse.handles)
    )


def facts_of(wanted: Wanted, rules: RuleSet) -> Facts:
    """Return what rules may ask about the goods that somebody wants."""
    zone = pricing.zone_for(wanted.country)
    tags = {tag for product, _ in wanted.goods for tag in product.handling} | ({GIFT} if wanted.gift else set())
    return Facts(
        country=wanted.country,
        postal_code=wanted.postal_code,
        zone=zone.code if zone else "",
        channel=wanted.channel.code,
        categories=frozenset(product.category for product, _ in wanted.goods if product.category),
        tags=frozenset(tags),
        value=wanted.value if wanted.currency == rules.currency else None,
        grams=sum(product.weight_grams * units for product, units in wanted.goods),
        seller_country=wanted.channel.seller_country,
        registered_in=pricing.registered_in(),
    )


def _place_facts(warehouse: Warehouse, work: Mapping[int, int], at: datetime) -> PlaceFacts:
    used = None
    if warehouse.daily_capacity:
        used = work.get(warehouse.pk, 0) * 100 // warehouse.daily_capacity
    last = warehouse.cut_off or warehouse.last_pickup_at
    here = timezone.localtime(at, zone_of(warehouse.time_zone) or timezone.get_default_timezone())
    return PlaceFacts(warehouse.code, warehouse.country, used, last is not None and here.time() > last)


def _costs(wanted: Wanted, rules: RuleSet, facts: Facts, places: Sequence[Place], at: datetime) -> Costs | None:
    if rules.costs is None:
        return None
    today = timezone.localdate(at)
    days = _days_until_there(wanted, places, today, at) if rules.costs.late else {}
    return costs_for(
        rules,
        facts,
        codes={place.warehouse_id: place.code for place in places},
        days=days,
        weights={product.pk: product.weight_grams for product, _ in wanted.goods},
        due_days=_working_days(today, wanted.wanted_on) if wanted.wanted_on else None,
    )


def _days_until_there(wanted: Wanted, places: Sequence[Place], today: date, at: datetime) -> dict[int, int]:
    """Return in how many working days a parcel from each place would be there."""
    parcels = promise.goods_parcels([(place.warehouse_id, place.code, 1) for place in places], days_by_code(places))
    arrivals = {parcel["warehouse"]: parcel["arrives_on"] for parcel in dated(parcels, channel=wanted.channel, at=at)}
    return {place.warehouse_id: _working_days(today, date.fromisoformat(arrivals[place.code])) for place in places}


def _working_days(first: date, last: date) -> int:
    """Return the working days from one day to a later one."""
    days = min((last - first).days, FARTHEST)
    return sum(is_working_day(first + timedelta(days=count)) for count in range(1, days + 1))
