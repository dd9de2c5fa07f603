"""What lies on the counter and what it costs: read only, told anew after every scan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal

from django.utils.translation import gettext as _

from core import seat
from core.errors import Invalid
from core.money import quantum, round_amount
from desk.till import Till
from inventory import selectors as stock
from inventory.models import Product
from pricing import services as pricing

MOST_LINES = 200
MOST_UNITS = 100_000
STEPS_OF_CASH = (5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class Discount:
    """What is taken off all goods together: a share of them in percent, or an amount in the terms of the prices."""

    percent: Decimal | None = None
    amount: Decimal = Decimal(0)

    def on(self, goods: Decimal, currency: str) -> Decimal:
        """Return what is taken off goods of this worth."""
        return self.amount if self.percent is None else round_amount(goods * self.percent / 100, currency)


@dataclass(frozen=True)
class Row:
    """Units of one product on the counter. `shelf` is what the shop has of it; None where nothing lies on a shelf."""

    product: Product
    quantity: int
    shelf: int | None
    unit_price: Decimal | None = None
    total: Decimal | None = None
    fault: str = ""

    @property
    def short(self) -> int:
        """Return the units that are not here."""
        return 0 if self.shelf is None else max(0, self.quantity - self.shelf)


@dataclass(frozen=True)
class Basket:
    """All of it: goods less discount, both in the terms of the prices, tax by rate, and the total with tax.

    `added` is what the scans just put there, `unknown` the codes that nothing is sold under. `off` is what of the
    discount was granted at the counter; the rest are promotions for everybody.
    """

    currency: str
    gross: bool
    rows: list[Row] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=dict)
    goods: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    off: Decimal = Decimal(0)
    taxes: list[dict[str, str]] = field(default_factory=list)
    total: Decimal = Decimal(0)
    fault: str = ""

    @property
    def units(self) -> int:
        """Return how many pieces lie there."""
        return sum(row.quantity for row in self.rows)

    @property
    def sellable(self) -> bool:
        """Whether it can be sold as it lies there."""
        return bool(self.rows) and not self.fault and not any(row.short or row.fault for row in self.rows)


def price_basket(
    till: Till, wanted: Mapping[str, int], *, scanned: Sequence[str] = (), discount: Discount | None = None
) -> Basket:
    """Price what lies on the counter, with what was scanned added to it one by one.

    Three statements: the products, their stock here, and their prices.
    """
    found = stock.products_scanned([*wanted, *scanned])
    units: dict[str, int] = {}
    added: dict[str, int] = {}
    for code, quantity in wanted.items():
        if (product := found.get(code.strip().upper())) is not None:
            units[product.sku] = min(MOST_UNITS, units.get(product.sku, 0) + quantity)
    for code in scanned:
        if (product := found.get(code.strip().upper())) is not None:
            units[product.sku] = min(MOST_UNITS, units.get(product.sku, 0) + 1)
            added[product.sku] = added.get(product.sku, 0) + 1
    unknown = [code for code in [*wanted, *scanned] if code.strip().upper() not in found]
    products = {product.sku: product for product in found.values()}
    shelves = stock.stock_by_warehouse([one.pk for one in products.values() if one.needs_stock]) if units else {}
    rows = [
        Row(products[sku], quantity, _on_shelf(products[sku], till, shelves))
        for sku, quantity in list(units.items())[:MOST_LINES]
    ]
    basket = Basket(till.channel.currency, till.channel.prices_include_tax, rows, unknown, added)
    return _priced(basket, till, discount) if rows else basket


def _on_shelf(product: Product, till: Till, shelves: Mapping[tuple[int, int], int]) -> int | None:
    return shelves.get((product.pk, till.warehouse.pk), 0) if product.needs_stock else None


def _priced(basket: Basket, till: Till, discount: Discount | None) -> Basket:
    """Add prices and sums; what has no price is told at its row, and the rest is priced without it."""
    currency = basket.currency
    try:
        quote, goods = _quote_what_has_a_price(till, basket.rows)
        worth = sum((_worth(line, row, currency) for line, row in zip(quote.lines, goods, strict=True)), Decimal(0))
        off = discount.on(worth, currency) if discount else Decimal(0)
        if off > worth:
            return replace(basket, fault=_("The discount is more than the goods are worth."))
        quote = _quote(till, goods, off) if off else quote
    except Invalid as error:
        return replace(basket, fault=error.message)
    priced = {row.product.pk: line for row, line in zip(goods, quote.lines, strict=True)}
    return replace(
        basket,
        rows=[_with_price(row, priced.get(row.product.pk), currency) for row in basket.rows],
        goods=worth,
        discount=off + sum((line.discount_total for line in quote.lines), Decimal(0)),
        off=off,
        taxes=quote.tax_breakdown,
        total=quote.total,
    )


def _quote_what_has_a_price(till: Till, rows: Sequence[Row]) -> tuple[pricing.Quote, Sequence[Row]]:
    try:
        return _quote(till, rows, Decimal(0)), rows
    except pricing.PriceMissing as error:
        at_fault = {fault["pointer"] for fault in error.errors}
        rest = [row for index, row in enumerate(rows) if f"/lines/{index}/sku" not in at_fault]
        return _quote(till, rest, Decimal(0)), rest


def _quote(till: Till, rows: Sequence[Row], off: Decimal) -> pricing.Quote:
    return pricing.quote_order(
        channel=till.channel,
        lines=[pricing.QuoteLine(key=n, product=row.product, quantity=row.quantity) for n, row in enumerate(rows)],
        country=till.warehouse.country,
        on=seat.today(),
        method=till.method,
        charges=[pricing.ChargeInput(kind="discount", name="Discount", amount=-off)] if off else [],
    )


def _worth(line: pricing.QuotedLine, row: Row, currency: str) -> Decimal:
    return round_amount(line.unit_price * row.quantity, currency)


def _with_price(row: Row, line: pricing.QuotedLine | None, currency: str) -> Row:
    if line is None:
        return replace(row, fault=_("This has no price in the shop."))
    return replace(row, unit_price=line.unit_price, total=_worth(line, row, currency) - line.discount_total)


def handy_cash(total: Decimal, currency: str) -> list[Decimal]:
    """Return what people are likely to hand over for a total: the next round amounts, each once."""
    cent = quantum(currency)
    rounded = {((total / step).to_integral_value(ROUND_CEILING) * step).quantize(cent) for step in STEPS_OF_CASH}
    return sorted(amount for amount in rounded if amount > total)[:3]
