"""What an order costs after it is changed: by the same calculation, with what was agreed for what stays."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import round_amount
from inventory.models import Product
from pricing.calculation import (
    ChargeInput,
    GoodsLine,
    PriceSource,
    PromotionRule,
    Quote,
    QuoteRequest,
    TaxBuyer,
    TaxSituation,
    taxed_as,
)
from pricing.calculation import quote as calculate
from pricing.errors import AgreedElsewhere, ShippingNotAvailable
from pricing.models import Channel, Promotion, ShippingMethod
from pricing.providers import tax_provider
from pricing.reference import reference
from pricing.selectors import grams_of, shipping_step

from .buyers import distance_sales_told, supply_of

# How the calculation names where a price comes from.
SOURCE = re.compile(r"\(price list (.+?)(?:, from (\d+) units)?\)$")
Told = Sequence[Mapping[str, Any]]
# Of a promotion that an edit earned again when its uses were gone.
USED_UP = "promotion_used_up"


@dataclass(frozen=True, kw_only=True)
class AgreedLine:
    """A line at the price that is agreed for it, in the terms of the order; the last two are its present figures."""

    key: int
    product: Product
    quantity: int
    unit_price: Decimal
    tax_total: Decimal = Decimal(0)
    total: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """An agreement: its lines, and where they go by what way. `on` is the day whose tax rates it bears.

    `charges` are what is asked for beside the goods, as it was agreed; `shipping` what is asked for the delivery.
    """

    channel: Channel
    currency: str
    prices_include_tax: bool
    on: date
    lines: Sequence[AgreedLine]
    country: str
    method: ShippingMethod | None
    shipping: Decimal | None
    region: str = ""
    charges: Sequence[ChargeInput] = ()
    buyer: TaxBuyer = field(default_factory=TaxBuyer)
    total: Decimal = Decimal(0)


def steps_of(told: Told) -> dict[int, int]:
    """Return from how many units on the price of a line holds, by its key, for prices that come from a list."""
    return {key: one.min_quantity for key, one in _sources(told).items()}


def requote_order(
    before: Agreed,
    after: Agreed,
    *,
    told: Told,
    anew: Told = (),
    without: Collection[str] = (),
    by: str = "",
    why: str = "",
) -> Quote:
    """Say what an agreement costs after it is changed. `told` is how the figures of the one before came about.

    `anew` are the reasons of prices that come from a list with this change: of new lines, and of those that got
    another step. `by` is who changes it, and `why` the reason: both are told of prices that are set by hand.
    `without` are the codes of promotions of which no use is left: they are remembered, and take nothing off.

    What was granted with it (promotions, a discount on a line, a delivery at another price) is granted again. Tax
    that was reckoned elsewhere stays with its line, as long as it goes where it went, at the rates of
    the same day. Raises AgreedElsewhere where the figures before cannot be worked
    out here, and Invalid for what cannot be priced.
    """
    promotions = _promotions(told)
    idle = {one["rule"]["code"] for one in told if one["code"] == USED_UP}
    at_work = [one for one in promotions if one.code not in idle]
    granted = _granted(told, before.lines)
    known = {line.key: line for line in before.lines}
    free = any(one.kind == "free_shipping" for one in at_work)
    by_rates = free or _by_rates(before, granted) == before.shipping
    same_way = (before.method, before.country) == (after.method, after.country)
    given = after.shipping if same_way and not by_rates else None
    # A price that somebody sets by hand comes from no list any more.
    lists = {
        key: one
        for key, one in _sources(told).items()
        if all(line.unit_price == known[key].unit_price for line in after.lines if line.key == key and key in known)
    } | _sources(anew)
    signs = _signs(before, after, told, lists, by=by, why=why)
    distance_sales = distance_sales_told(told)
    # As it is worked out now, with tax that was reckoned elsewhere, or with services that bear a part of the delivery.
    for keeps_tax, for_all in ((False, False), (True, False), (False, True)):
        was = _calculate(
            before,
            before.shipping if not free else None,
            at_work,
            granted,
            known,
            lists=lists,
            distance_sales=distance_sales,
            keeps_tax=keeps_tax,
            delivery_for_all=for_all,
        )
        if _is_same(was, before):
            now = _calculate(
                after,
                given,
                [one for one in promotions if one.code not in without],
                granted,
                known,
                lists=lists,
                signs=signs,
                distance_sales=distance_sales,
                keeps_tax=keeps_tax and _taxed_like(before) == _taxed_like(after),
            )
            left_out = [_used_up(one) for one in promotions if one.code in without]
            return replace(now, explanation=[*_remembering(now, granted), *left_out])
    raise AgreedElsewhere("The figures of this order were agreed elsewhere and cannot be worked out again here")


def _used_up(rule: PromotionRule) -> dict[str, Any]:
    text = f"{rule.name}: no use of it is left"
    return {"about": f"discount:{rule.code}", "code": USED_UP, "text": text, "rule": rule.as_dict()}


def _taxed_like(agreed: Agreed) -> tuple[str, str, date]:
    """Return what the tax of an agreement rests on, beside who buys."""
    return agreed.country, agreed.region, agreed.on


def _calculate(
    agreed: Agreed,
    shipping: Decimal | None,
    promotions: Sequence[PromotionRule],
    granted: Mapping[int, tuple[Decimal, int]],
    known: Mapping[int, AgreedLine],
    *,
    lists: Mapping[int, PriceSource],
    signs: Mapping[int, tuple[str, str]] | None = None,
    distance_sales: str,
    keeps_tax: bool,
    delivery_for_all: bool = False,
) -> Quote:
    goods = [
        _goods(
            line,
            agreed.currency,
            granted,
            known if keeps_tax else {},
            lists.get(line.key),
            (signs or {}).get(line.key, ("", "")),
        )
        for line in agreed.lines
    ]
    worth = sum((line.unit_price * line.quantity - line.discount for line in goods), start=Decimal(0))
    return calculate(
        QuoteRequest(
            currency=agreed.currency,
            prices_include_tax=agreed.prices_include_tax,
            lines=goods,
            tax=TaxSituation(
                seller_country=agreed.channel.seller_country,
                country=taxed_as(agreed.country),
                region=agreed.region,
                rates=reference().tax_rates(
                    agreed.on,
                    agreed.channel.seller_country,
                    taxed_as(agreed.country),
                    customer_class=agreed.buyer.customer_class,
                ),
                on=agreed.on,
                distance_sales=distance_sales,
                **vars(agreed.buyer),
            ),
            charges=[*_delivery(agreed, shipping, worth), *agreed.charges],
            promotions=promotions,
            # What was granted stays granted, as far as there is something to take it off.
            excess="cap",
            delivery_for_all=delivery_for_all,
        ),
        provider=tax_provider(),
    )


def _goods(
    line: AgreedLine,
    currency: str,
    granted: Mapping[int, tuple[Decimal, int]],
    known: Mapping[int, AgreedLine],
    source: PriceSource | None = None,
    sign: tuple[str, str] = ("", ""),
) -> GoodsLine:
    amount, units = granted.get(line.key, (Decimal(0), 1))
    was = known.get(line.key)
    tax = None
    if was is not None:
        changed = (line.quantity, line.unit_price) != (was.quantity, was.unit_price)
        share = line.quantity * line.unit_price / (was.quantity * was.unit_price or 1) if changed else Decimal(1)
        tax = round_amount(was.tax_total * share, currency)
    return GoodsLine(
        key=line.key,
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_class=line.product.tax_class,
        supply=supply_of(line.product),
        discount=min(
            round_amount(amount * line.quantity / units, currency),
            round_amount(line.quantity * line.unit_price, currency),
        ),
        tax_amount=tax,
        sku=line.product.sku,
        category=line.product.category,
        source=source,
        by=sign[0],
        why=sign[1],
    )


def _delivery(agreed: Agreed, given: Decimal | None, worth: Decimal) -> list[ChargeInput]:
    """Return the charge for the way of delivery: the one that was agreed, else by the rates."""
    if given is None and agreed.method is None:
        return []
    code, name = (agreed.method.code, agreed.method.name) if agreed.method else ("shipping", "Shipping")
    if given is not None:
        return [ChargeInput(kind="shipping", code=code, name=name, amount=given, reason=f"{name}: given")]
    assert agreed.method is not None  # noqa: S101 - one of the two is there
    step = shipping_step(agreed.method, agreed.country, agreed.currency, worth, _grams(agreed))
    return [
        ChargeInput(kind="shipping", code=code, name=name, amount=step.amount, reason=step.reason, rate=step.as_dict())
    ]


def _grams(agreed: Agreed) -> int:
    return grams_of((line.product, line.quantity) for line in agreed.lines)


def _by_rates(agreed: Agreed, granted: Mapping[int, tuple[Decimal, int]]) -> Decimal | None:
    """Return what the rates ask for the delivery that is agreed; None where they say nothing of it."""
    if agreed.method is None:
        return None
    goods = [_goods(line, agreed.currency, granted, {}) for line in agreed.lines]
    worth = sum((line.unit_price * line.quantity - line.discount for line in goods), start=Decimal(0))
    try:
        return shipping_step(agreed.method, agreed.country, agreed.currency, worth, _grams(agreed)).amount
    except ShippingNotAvailable:
        return None


def _is_same(quote: Quote, agreed: Agreed) -> bool:
    lines = {line.key: line for line in agreed.lines}
    return quote.total == agreed.total and all(
        (one.tax_total, one.total) == (lines[one.key].tax_total, lines[one.key].total) for one in quote.lines
    )


def _sources(told: Told) -> dict[int, PriceSource]:
    """Return, by the key of a line, the price list its price came from.

    Orders that were placed before lists were remembered name theirs only in words.
    """
    found = {}
    for one in told:
        if one["code"] != "price_list" or not one["about"].startswith("line:"):
            continue
        key = int(one["about"].removeprefix("line:"))
        if "list" in one:
            found[key] = PriceSource.from_dict(one["list"])
        elif match := SOURCE.search(one["text"]):
            found[key] = PriceSource(name=match.group(1), min_quantity=int(match.group(2) or 1))
    return found


def _signs(
    before: Agreed, after: Agreed, told: Told, lists: Mapping[int, PriceSource], *, by: str, why: str
) -> dict[int, tuple[str, str]]:
    """Return, by the key of a line, who set its price or gave its discount, and why: now, or when it was agreed."""
    found = {}
    for one in told:
        key = one["about"].removeprefix("line:")
        if key.isdigit() and one.get("by"):
            found[int(key)] = str(one["by"]), str(one.get("why", ""))
    known = {line.key: line.unit_price for line in before.lines}
    for line in after.lines:
        if line.key in known and line.unit_price != known[line.key] and line.key not in lists:
            found[line.key] = by, why
    return found


def _promotions(told: Told) -> list[PromotionRule]:
    """Return the promotions that were granted, also those that the goods do not reach any more.

    Orders that were placed before rules were remembered name them by their code.
    """
    found = [PromotionRule.from_dict(one["rule"]) for one in told if "rule" in one]
    codes = [
        one["about"].partition(":")[2]
        for one in told
        if "rule" not in one and one["code"] in ("promotion_percent", "promotion_amount")
    ]
    for one in Promotion.objects.filter(code__in=codes) if codes else ():
        found.append(PromotionRule(code=one.code, name=one.name, kind=one.kind, value=one.value))
    if any(one["code"] == "free_shipping" for one in told) and not any(one.kind == "free_shipping" for one in found):
        found.append(PromotionRule(code="", name="Free delivery", kind="free_shipping"))
    return found


def _granted(told: Told, lines: Iterable[AgreedLine]) -> dict[int, tuple[Decimal, int]]:
    """Return the discount that was given on single lines, as an amount on so many units."""
    units = {line.key: line.quantity for line in lines}
    found: dict[int, tuple[Decimal, int]] = {}
    for one in told:
        key = one["about"].removeprefix("line:")
        if one["code"] not in ("line_discount", "discount_kept") or not key.isdigit():
            continue
        if "agreed" in one:
            found[int(key)] = Decimal(one["agreed"]["amount"]), int(one["agreed"]["units"])
        elif int(key) in units:
            found[int(key)] = -Decimal(one["amount"]), units[int(key)]
    return found


def _remembering(quote: Quote, granted: Mapping[int, tuple[Decimal, int]]) -> list[dict[str, Any]]:
    """Return how the figures came about, with what was granted at first: it counts again when units come back."""
    kept = {f"line:{key}": {"amount": f"{amount:f}", "units": units} for key, (amount, units) in granted.items()}
    told = [
        {**one, "agreed": kept[one["about"]]} if one["code"] == "line_discount" and one["about"] in kept else one
        for one in quote.explanation
    ]
    said = {one["about"] for one in told if one["code"] == "line_discount"}
    # Of a line that costs nothing now, or is taken off, nothing is said.
    silent = [
        {"about": about, "code": "discount_kept", "text": "Granted again with its units", "agreed": one}
        for about, one in kept.items()
        if about not in said
    ]
    return [*told, *silent]
