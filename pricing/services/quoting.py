"""One quote for everybody: API, desk, portal and the order itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from inventory.models import Product
from pricing.calculation import (
    ChargeInput,
    Excess,
    GoodsLine,
    PriceSource,
    Quote,
    QuoteRequest,
    TaxBuyer,
    TaxSituation,
    taxed_as,
)
from pricing.calculation import quote as calculate
from pricing.errors import PriceMissing
from pricing.models import Channel, Price, PriceList, ShippingMethod
from pricing.providers import tax_provider
from pricing.reference import reference
from pricing.selectors import grams_of, price_lists_for, shipping_step, valid_prices

from .buyers import supply_of
from .promotions import Sale, promotions_for

ANYBODY = TaxBuyer()


@dataclass(frozen=True)
class QuoteLine:
    """Units of a product to be priced. A given `unit_price` or `tax_amount` was agreed elsewhere and is kept.

    `by` is who gave the price or the discount.
    """

    key: int
    product: Product
    quantity: int
    unit_price: Decimal | None = None
    tax_amount: Decimal | None = None
    discount: Decimal = Decimal(0)
    by: str = ""


def quote_order(
    *,
    channel: Channel,
    lines: Sequence[QuoteLine],
    country: str,
    region: str = "",
    on: date,
    method: ShippingMethod | None = None,
    shipping_price: Decimal | None = None,
    charges: Sequence[ChargeInput] = (),
    coupon_codes: Sequence[str] = (),
    buyer: TaxBuyer = ANYBODY,
    group_id: int | None = None,
    customer_id: int | None = None,
    is_first: bool | None = None,
    prices_include_tax: bool | None = None,
    currency: str | None = None,
    excess: Excess = "refuse",
) -> Quote:
    """Say what an order costs and why. At most two statements: the prices, and the coupons if there are any.

    `region` is where in the country it goes, as `region_of` tells. `group_id` is the group of the customer, whose
    prices they get; `is_first` says whether it is their first order, as far as that is known. `excess` is what becomes
    of discounts beyond the rest. Raises Invalid, with the fields at fault, for what cannot be priced.
    """
    money = currency or channel.currency
    gross = channel.prices_include_tax if prices_include_tax is None else prices_include_tax
    goods = _goods(channel, lines, on=on, currency=money, group_id=group_id, gross=gross)
    sale = Sale(
        on=on,
        currency=money,
        channel_id=channel.pk,
        goods=goods,
        group_id=group_id,
        customer_id=customer_id,
        is_first=is_first,
    )
    worth = sum((line.unit_price * line.quantity - line.discount for line in goods), start=Decimal(0))
    grams = grams_of((line.product, line.quantity) for line in lines)
    taxed = taxed_as(country)
    rates = reference().tax_rates(on, channel.seller_country, taxed, customer_class=buyer.customer_class)
    return calculate(
        QuoteRequest(
            currency=money,
            prices_include_tax=gross,
            lines=goods,
            tax=TaxSituation(
                seller_country=channel.seller_country,
                country=taxed,
                region=region,
                on=on,
                distance_sales=reference().distance_sales_on(on),
                rates=rates,
                **vars(buyer),
            ),
            charges=[*_shipping(method, shipping_price, country, money, worth, grams), *charges],
            promotions=promotions_for(sale, coupon_codes),
            excess=excess,
        ),
        provider=tax_provider(),
    )


def _goods(
    channel: Channel, lines: Sequence[QuoteLine], *, on: date, currency: str, group_id: int | None, gross: bool
) -> list[GoodsLine]:
    """Find the price of every line that brings none."""
    prices: dict[int, list[Price]] = {}
    lists: dict[int, PriceList] = {}
    if wanted := [line.product.pk for line in lines if line.unit_price is None]:
        found_lists = price_lists_for(channel, on=on, currency=currency, group_id=group_id, gross=gross)
        lists = {one.pk: one for one in found_lists}
        for price in valid_prices(found_lists, wanted, on):
            prices.setdefault(price.product_id, []).append(price)
    goods: list[GoodsLine] = []
    faults: list[dict[str, str]] = []
    for index, line in enumerate(lines):
        if line.unit_price is not None:
            goods.append(_goods_line(line, line.unit_price))
            continue
        steps = prices.get(line.product.pk, ())
        found = next((price for price in steps if price.min_quantity <= line.quantity), None)
        if found is None:
            names = ", ".join(one.name for one in lists.values())
            text = f"{line.product.sku} has no price in {names}"
            faults.append({"pointer": f"/lines/{index}/sku", "code": PriceMissing.code, "detail": text})
            continue
        goods.append(_goods_line(line, found.amount, _source(lists[found.price_list_id], found)))
    if faults:
        raise PriceMissing(faults[0]["detail"], errors=faults)
    return goods


def _source(price_list: PriceList, price: Price) -> PriceSource:
    ends = [day for day in (price_list.valid_to, price.valid_to) if day]
    return PriceSource(
        code=price_list.code,
        name=price_list.name,
        min_quantity=max(1, price.min_quantity),
        valid_to=min(ends) if ends else None,
    )


def _goods_line(line: QuoteLine, unit_price: Decimal, source: PriceSource | None = None) -> GoodsLine:
    return GoodsLine(
        key=line.key,
        quantity=line.quantity,
        unit_price=unit_price,
        tax_class=line.product.tax_class,
        supply=supply_of(line.product),
        discount=line.discount,
        tax_amount=line.tax_amount,
        sku=line.product.sku,
        category=line.product.category,
        source=source,
        by=line.by,
    )


def _shipping(
    method: ShippingMethod | None, given: Decimal | None, country: str, currency: str, worth: Decimal, grams: int
) -> list[ChargeInput]:
    """Return the charge for the way of delivery: the one agreed elsewhere, else by the rates."""
    if given is None and method is None:
        return []
    code, name = (method.code, method.name) if method else ("shipping", "Shipping")
    if given is not None:
        return [ChargeInput(kind="shipping", code=code, name=name, amount=given, reason=f"{name}: given")]
    assert method is not None  # noqa: S101 - one of the two is there
    step = shipping_step(method, country, currency, worth, grams)
    return [
        ChargeInput(kind="shipping", code=code, name=name, amount=step.amount, reason=step.reason, rate=step.as_dict())
    ]
