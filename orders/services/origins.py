"""From which countries the goods of an order may come: those from which they are taxed as was agreed.

Where goods leave says how their supply is taxed (Directive 2006/112/EC, art. 31 to 33 and 138). An order is priced,
and taxed, before anybody knows on which shelf its goods lie: as what leaves the country that its channel sells from.
So nothing may leave a country from which it would be taxed otherwise (ADR 35).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from inventory.models import Warehouse
from orders.derivation import billed_and_wanted
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.calculation import UNTAXED_GOODS
from pricing.models import Channel

from .taxing import supply_of, taxed_day


@dataclass(frozen=True, kw_only=True)
class Sold:
    """What is sold to whom, as it was agreed, and by the rates of which day.

    What is `collected` changes hands where it lies. Goods without tax that are billed on one paper all leave
    `one_place`, at home: the paper names one VAT id, that of the country they leave.
    """

    supply: pricing.Supply
    on: date
    collected: bool = False
    one_place: bool = False


def sold_of(order: Order, lines: Sequence[OrderLine], *, counter: Warehouse | None = None) -> Sold | None:
    """Return what was agreed of lines of an order; nothing where all goods that may leave lie at home: nobody asks.

    With a `counter` they are handed over there, in its country.
    """
    if not is_asked(order.channel.seller_country, pricing.warehouses() if counter is None else [counter]):
        return None
    supply = supply_of(order, lines)
    if counter is not None:
        supply = replace(supply, country=counter.country, region="")
    is_whole = order.channel.invoice_policy == Channel.InvoicePolicy.PER_ORDER
    return Sold(
        supply=supply,
        on=taxed_day(order),
        collected=counter is not None or (order.shipping_method is not None and order.shipping_method.pickup),
        one_place=any(
            line.is_goods
            and line.tax_category in UNTAXED_GOODS
            and (is_whole or billed_and_wanted(line) > line.shipped)
            for line in lines
        ),
    )


def is_asked(home: str, warehouses: Iterable[Warehouse]) -> bool:
    """Whether goods could leave another country than their seller's, so that it matters how they are taxed."""
    return bool(home) and any(one.country != home and one.country in pricing.registered_in() for one in warehouses)


def why_not_from(country: str, *, home: str, sold: Sold | None) -> dict[str, str] | None:
    """Say, as data, why goods may not come from a country; nothing where they may, as far as is known."""
    if not home or country == home:
        return None
    if country not in pricing.registered_in():
        return {"why": "not_registered", "country": country}
    if sold is None:
        return None
    is_alike = pricing.is_taxed_alike(sold.supply, origin=country, collected=sold.collected, on=sold.on)
    return None if is_alike and not sold.one_place else {"why": "tax"}
