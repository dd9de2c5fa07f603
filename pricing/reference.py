"""Channels, methods, zones and rates: few rows that every order needs, kept in the process.

Whoever changes one calls `forget`, so this process sees it at once; other processes see it after
`MAX_AGE` seconds at the latest.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.keeping import Kept
from inventory.models import RoutingRuleSet, Warehouse
from inventory.routing import Faulty, RuleSet, parse
from pricing.models import (
    Channel,
    DistanceSales,
    PriceList,
    Promotion,
    ShippingMethod,
    ShippingRate,
    TaxRate,
    TaxRegistration,
    Transit,
    Zone,
)
from pricing.transit_defaults import usual_days

MAX_AGE = 5.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reference:
    """One reading of the settings. Its rows are shared between threads: read them, never write them."""

    channels: dict[str, Channel]
    price_lists: Sequence[PriceList]
    methods: dict[str, ShippingMethod]
    zone_of: dict[str, Zone]
    rest_of_world: Zone | None
    rates: dict[tuple[int, int, str], list[ShippingRate]]
    transits: dict[tuple[int, int, int], int]
    warehouses: Sequence[Warehouse]
    taxes: dict[str, list[TaxRate]]
    promotions: Sequence[Promotion]
    rules: RuleSet | None
    registered_in: frozenset[str]
    distance_sales: Sequence[DistanceSales] = ()

    def zone(self, country: str) -> Zone | None:
        """Return the zone of a country, else the rest of the world where there is one."""
        return self.zone_of.get(country, self.rest_of_world)

    def tax_rates(self, on: date, *countries: str, customer_class: str = "") -> dict[tuple[str, str], Decimal]:
        """Return the rates of countries on a day, by country or region and class; of two the one that started later.

        What is entered for a class of customers holds for them in place of the usual.
        """
        return {
            (tax.region or country, tax.tax_class): tax.rate
            for buys in dict.fromkeys(("", customer_class))
            for country in countries
            for tax in self.taxes.get(country, ())
            if tax.customer_class == buys and tax.valid_from <= on and (tax.valid_to is None or on <= tax.valid_to)
        }

    def distance_sales_on(self, on: date) -> str:
        """Return how consumers in other member states are taxed on a day; nothing where nobody has said so."""
        return next((one.way for one in reversed(self.distance_sales) if one.valid_from <= on), "")


def _read() -> Reference:
    zones = list(Zone.objects.order_by("pk"))
    rates: dict[tuple[int, int, str], list[ShippingRate]] = {}
    for rate in ShippingRate.objects.order_by("min_weight_grams", "min_goods_value"):
        rates.setdefault((rate.method_id, rate.zone_id, rate.currency), []).append(rate)
    taxes: dict[str, list[TaxRate]] = {}
    for tax in TaxRate.objects.order_by("valid_from"):
        taxes.setdefault(tax.country, []).append(tax)
    methods = {one.code: one for one in ShippingMethod.objects.filter(active=True).order_by("pk")}
    warehouses = list(Warehouse.objects.filter(active=True).order_by("priority", "pk"))
    active = RoutingRuleSet.objects.filter(status=RoutingRuleSet.Status.ACTIVE).first()
    return Reference(
        channels={one.code: one for one in Channel.objects.filter(active=True).select_related("price_list")},
        price_lists=[one for one in PriceList.objects.order_by("code") if any(one.closeness)],
        methods=methods,
        zone_of={country: zone for zone in reversed(zones) for country in zone.countries},
        rest_of_world=next((zone for zone in zones if not zone.countries), None),
        rates=rates,
        transits=_transits(warehouses, zones, list(methods.values())),
        warehouses=warehouses,
        taxes=taxes,
        promotions=list(Promotion.objects.filter(active=True, needs_code=False).order_by("code")),
        rules=_readable(active) if active else None,
        registered_in=frozenset(TaxRegistration.objects.values_list("country", flat=True)),
        distance_sales=list(DistanceSales.objects.order_by("valid_from")),
    )


def rules_of(row: RoutingRuleSet) -> RuleSet:
    """Return routing rules ready to be asked."""
    return parse(row.content, currency=row.currency, version=row.version, name=row.name)


def _readable(row: RoutingRuleSet) -> RuleSet | None:
    """Return the rules that hold; what nobody can read any more stops no order, and is cried out."""
    try:
        return rules_of(row)
    except Faulty:
        logger.exception("The routing rules %s cannot be read: orders are placed without rules", row)
        return None


def _transits(
    warehouses: Sequence[Warehouse], zones: Sequence[Zone], methods: Sequence[ShippingMethod]
) -> dict[tuple[int, int, int], int]:
    """Return the days by warehouse, zone and method: as described, or the usual ones of a warehouse without any."""
    known = {(one.warehouse_id, one.zone_id, one.method_id): one.days for one in Transit.objects.all()}
    described = {warehouse_id for warehouse_id, _, _ in known}
    usual = {
        (warehouse.pk, zone.pk, method.pk): usual_days(method.code, origin=warehouse.country, countries=zone.countries)
        for warehouse in warehouses
        if warehouse.pk not in described
        for method in methods
        for zone in zones
    }
    return {way: days for way, days in usual.items() if days is not None} | known


_kept = Kept(_read, max_age=MAX_AGE)


def reference() -> Reference:
    """Return the settings, at most a few seconds old."""
    return _kept.get()


def forget() -> None:
    """Read the settings anew: now, and once more when the change that asks for it is committed."""
    _kept.forget()
