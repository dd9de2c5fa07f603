"""What goes into a quote, and what comes out. Amounts are in the quote's currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Self

from core.errors import Invalid

ZERO = Decimal(0)
# What fits the columns of an order: 14 digits, 3 of them decimals.
MAX_AMOUNT = Decimal(10) ** 11 - 1
CHARGE_KINDS = frozenset({"shipping", "fee", "discount", "manual"})


class AmountTooLarge(Invalid):
    """An amount is larger than any order can be."""

    code = "amount_too_large"


class InvalidPrice(Invalid):
    """A price cannot be charged as written."""

    code = "invalid_price"


class InvalidTax(Invalid):
    """A given tax does not fit the amount it is said to be on."""

    code = "invalid_tax"


class DiscountTooLarge(Invalid):
    """A discount takes more than the goods cost."""

    code = "discount_too_large"


@dataclass(frozen=True, kw_only=True)
class PriceSource:
    """The price list that a price is from, the quantity it is reached with, and the last day of list or price."""

    name: str
    code: str = ""
    min_quantity: int = 1
    valid_to: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form."""
        until = {"until": self.valid_to.isoformat()} if self.valid_to else {}
        return {"code": self.code, "name": self.name, "from": self.min_quantity, **until}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read a source from its stored form."""
        until = date.fromisoformat(stored["until"]) if stored.get("until") else None
        return cls(name=stored["name"], code=stored["code"], min_quantity=int(stored["from"]), valid_to=until)


@dataclass(frozen=True, kw_only=True)
class GoodsLine:
    """Units of one product at a price per unit, net or gross as the request says.

    `discount` is an amount off the whole line; `tax_amount` a tax already agreed elsewhere, which is
    kept as it is. `source` says where the price comes from: a price list, or nothing for a given one; what was given,
    price or discount, was given `by` somebody, for the reason `why`. `supply` is goods, service or
    digital, as tax asks.
    """

    key: int
    quantity: int
    unit_price: Decimal
    tax_class: str = "standard"
    supply: str = "goods"
    discount: Decimal = ZERO
    tax_amount: Decimal | None = None
    sku: str = ""
    category: str = ""
    source: PriceSource | None = None
    by: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class ChargeInput:
    """A sum that is no product; a discount is negative. Without a tax class it is taxed as the goods are.

    `by` is who asks for it or grants it, where that was a person; `rate` the step of a delivery that was reached.
    """

    kind: str
    amount: Decimal
    code: str = ""
    name: str = ""
    tax_class: str = ""
    reason: str = ""
    by: str = ""
    rate: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class PromotionRule:
    """A discount on the goods: `kind` is percent, amount or free_shipping. It applies from a worth of goods on.

    Where products or categories are named, it is for those goods only, and their worth is what counts. The higher
    priority is worked out first.
    """

    code: str
    name: str
    kind: str
    value: Decimal = ZERO
    min_goods_value: Decimal = ZERO
    # Above nothing: a share takes no more than this off, whatever the goods are worth.
    max_discount: Decimal = ZERO
    priority: int = 0
    skus: Sequence[str] = ()
    categories: Sequence[str] = ()

    def covers(self, line: GoodsLine) -> bool:
        """Whether it is for goods of this line."""
        return not (self.skus or self.categories) or line.sku in self.skus or line.category in self.categories

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form: what was granted once is reckoned with again when the order is changed."""
        amounts = {"value": f"{self.value:f}", "from": f"{self.min_goods_value:f}"}
        only = {"skus": list(self.skus), "categories": list(self.categories)}
        more: dict[str, Any] = {name: named for name, named in only.items() if named}
        if self.priority:
            more["priority"] = self.priority
        if self.max_discount:
            more["at_most"] = f"{self.max_discount:f}"
        return {"code": self.code, "name": self.name, "kind": self.kind, **amounts, **more}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read a rule from its stored form."""
        return cls(
            code=stored["code"],
            name=stored["name"],
            kind=stored["kind"],
            value=Decimal(stored["value"]),
            min_goods_value=Decimal(stored["from"]),
            max_discount=Decimal(stored.get("at_most", 0)),
            priority=int(stored.get("priority", 0)),
            skus=tuple(stored.get("skus", ())),
            categories=tuple(stored.get("categories", ())),
        )


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """A certificate by which somebody pays no tax in a country, or a region of it, between two days in ISO form."""

    number: str
    country: str
    region: str = ""
    reason: str = ""
    valid_from: str = ""
    valid_until: str = ""

    def holds(self, country: str, region: str, on: date | None) -> bool:
        """Whether it counts for what is taxed in a place on a day; without a day, on any."""
        day = on.isoformat() if on else ""
        in_time = not day or (self.valid_from <= day and (not self.valid_until or day <= self.valid_until))
        return self.country == country and self.region in ("", region) and in_time


@dataclass(frozen=True, kw_only=True)
class TaxBuyer:
    """Who buys, as far as tax asks. Of a VAT id: whether it was refused, or the day and number of who confirmed it."""

    is_business: bool = False
    vat_id: str = ""
    vat_refused: bool = False
    vat_checked_on: str = ""
    vat_reference: str = ""
    exemptions: tuple[Exemption, ...] = ()
    customer_class: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form: only what is otherwise than of anybody."""
        found = {one.name: value for one in fields(TaxBuyer) if (value := getattr(self, one.name)) != one.default}
        return found | ({"exemptions": [vars(one) for one in self.exemptions]} if self.exemptions else {})

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "TaxBuyer":
        """Read a buyer from their stored form."""
        given = {one.name: stored[one.name] for one in fields(TaxBuyer) if one.name in stored}
        return TaxBuyer(**{**given, "exemptions": tuple(Exemption(**one) for one in given.get("exemptions", ()))})


@dataclass(frozen=True, kw_only=True)
class TaxSituation(TaxBuyer):
    """Who sells from where to whom, and the rates of that day by (country, tax class).

    `region` is a code of ISO 3166-2; rates of a region stand under it in place of its country. `distance_sales` is how
    consumers in other member states are taxed on that day; `with_goods` says that services go with goods.
    """

    seller_country: str
    country: str
    region: str = ""
    on: date | None = None
    distance_sales: str = ""
    with_goods: bool = False
    rates: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


# What becomes of discounts on the whole beyond all the rest.
Excess = Literal["refuse", "cap", "keep"]


@dataclass(frozen=True, kw_only=True)
class QuoteRequest:
    """Everything a quote depends on.

    Discounts on the whole take no more than there is: what is more is refused, or left out with `excess="cap"`. With
    "keep", which is for what was sold elsewhere long ago, the total is below nothing then. `delivery_for_all` works
    out what was agreed while services bore a part of the delivery of goods.
    """

    currency: str
    prices_include_tax: bool
    lines: Sequence[GoodsLine]
    tax: TaxSituation
    charges: Sequence[ChargeInput] = ()
    promotions: Sequence[PromotionRule] = ()
    excess: Excess = "refuse"
    delivery_for_all: bool = False


@dataclass(frozen=True, kw_only=True)
class QuotedLine:
    """What one line contributes: net_total + tax_total = total. `discount_total` is in the terms of the price."""

    key: int
    unit_price: Decimal
    discount_total: Decimal
    net_total: Decimal
    tax_category: str
    tax_rate: Decimal
    tax_total: Decimal
    total: Decimal


@dataclass(frozen=True, kw_only=True)
class QuotedCharge:
    """What one charge contributes; `taxes` lists its share of each rate as {category, rate, net, tax} in strings."""

    kind: str
    code: str
    name: str
    amount: Decimal
    taxes: list[dict[str, str]]
    net_total: Decimal
    tax_total: Decimal
    total: Decimal


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What an order costs. Header amounts are net, but for the total:

    subtotal − discount_total + shipping_total + charges_total + tax_total = total = Σ lines + Σ charges.
    """

    currency: str
    prices_include_tax: bool
    lines: list[QuotedLine]
    charges: list[QuotedCharge]
    tax_breakdown: list[dict[str, str]]
    subtotal: Decimal
    discount_total: Decimal
    shipping_total: Decimal
    charges_total: Decimal
    tax_total: Decimal
    total: Decimal
    explanation: list[dict[str, Any]]
