"""Which rates goods bear on a day: the one of their supply, whatever the day on which they were priced.

Tax is due at the rate of the day of supply (Directive 2006/112/EC, art. 63 and 93). Nothing is read here: rates are
few, and kept in the process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from inventory.models import Product
from pricing.calculation import AT_HOME, GOODS, ONE_STOP_SHOP, TaxBuyer, TaxKey, TaxRateMissing, TaxSituation, taxed_as
from pricing.providers import tax_provider
from pricing.reference import reference

from .buyers import supply_of

A_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Supply:
    """What is supplied to whom: goods by a key, from and to a country.

    `distance_sales` is how consumers in other member states are taxed.
    """

    seller_country: str
    country: str
    region: str
    buyer: TaxBuyer
    distance_sales: str
    goods: Mapping[int, Product] = field(default_factory=dict)


def last_rate_began(until: date) -> date | None:
    """Return the latest day up to one on which a rate of any country began, or the one before it ended."""
    days = _began(date.min, until, reference().taxes)
    return days[-1] if days else None


def rates_began(after: date, until: date, *, seller_country: str, country: str) -> list[date]:
    """Return the days after one, up to another, on which a rate that a sale may bear began or ended, in order."""
    return _began(after, until, {seller_country, taxed_as(country)})


def _began(after: date, until: date, countries: Any) -> list[date]:
    rates = [rate for country in countries for rate in reference().taxes.get(country, ())]
    days = {rate.valid_from for rate in rates} | {rate.valid_to + A_DAY for rate in rates if rate.valid_to}
    return sorted(day for day in days if after < day <= until)


def rates_on(on: date, supply: Supply) -> dict[int, TaxKey]:
    """Return category and rate of goods on a day, by their key; what has none on that day is left out.

    How the sale is treated is what was agreed: whose tax it is and who buys does not change with a rate.
    """
    return {key: found for key, (found, _country) in _taxes_on(on, supply).items()}


def is_taxed_alike(supply: Supply, *, origin: str, collected: bool, on: date) -> bool:
    """Whether goods bear the same tax, at the same rate and owed to the same country, where they leave another one.

    Where goods leave says how their supply is taxed (Directive 2006/112/EC, art. 31 to 33 and 138). What is
    `collected` is supplied where it lies. The threshold for consumers in other member states is for what leaves the
    member state of the seller alone (art. 59c).
    """
    way = ONE_STOP_SHOP if supply.distance_sales == AT_HOME else supply.distance_sales
    there = replace(supply, seller_country=origin, distance_sales=way)
    if collected:
        there = replace(there, country=origin, region="")
    goods = {key for key, product in supply.goods.items() if supply_of(product) == GOODS}
    agreed, found = _taxes_on(on, supply), _taxes_on(on, there)
    return all(key in found and agreed.get(key) == found[key] for key in goods)


def _taxes_on(on: date, supply: Supply) -> dict[int, tuple[TaxKey, str]]:
    """Return category and rate of goods on a day, and to which country the tax is owed, by their key."""
    kinds = {key: supply_of(product) for key, product in supply.goods.items()}
    taxed = taxed_as(supply.country)
    tax = TaxSituation(
        seller_country=supply.seller_country,
        country=taxed,
        region=supply.region,
        rates=reference().tax_rates(on, supply.seller_country, taxed, customer_class=supply.buyer.customer_class),
        on=on,
        distance_sales=supply.distance_sales,
        with_goods=GOODS in kinds.values(),
        **vars(supply.buyer),
    )
    provider = tax_provider()
    treatments = {kind: provider.treat(tax, kind) for kind in set(kinds.values())}
    found = {}
    for key, product in supply.goods.items():
        try:
            rate = provider.key_for(treatments[kinds[key]], tax, product.tax_class)
        except TaxRateMissing:
            continue
        found[key] = rate, rate.country or treatments[kinds[key]].country
    return found
