"""Random orders as plain values: what is bought in which currency, for which prices, less what. No database.

A basket is known by its seed and number: the same two always give the same one.
"""

import random
from dataclasses import dataclass
from decimal import Decimal

from core.money import quantum, round_amount
from pricing.calculation import ChargeInput, GoodsLine, PromotionRule, QuoteRequest, TaxSituation

# Without, with two and with three decimals.
CURRENCIES = ("JPY", "KRW", "EUR", "EUR", "USD", "CHF", "KWD", "TND")
STANDARD = ("0.19", "0.20", "0.21", "0.25", "0.255", "0.081")
REDUCED = ("0.07", "0.055", "0.10", "0.025")
CLASSES = ("standard", "standard", "standard", "reduced", "reduced", "zero", "exempt", "not_stated")
MOST_LINES = 200


@dataclass(frozen=True)
class Basket:
    """What somebody wants to buy, and the dice that decide what becomes of it."""

    number: int
    request: QuoteRequest
    dice: random.Random


def basket(seed: int, number: int) -> Basket:
    """Return the basket of a number."""
    dice = random.Random(seed * 10**9 + number)  # noqa: S311 - no secret
    currency, gross = dice.choice(CURRENCIES), dice.random() < 0.5
    classes = dice.sample(CLASSES, dice.randint(1, 4))
    lines = [_line(dice, key, currency, classes) for key in range(_how_many(dice))]
    worth = sum((round_amount(one.unit_price * one.quantity, currency) - one.discount for one in lines), Decimal(0))
    rates = {"standard": dice.choice(STANDARD), "reduced": dice.choice(REDUCED), "zero": "0"}
    tax = TaxSituation(
        seller_country="DE", country="DE", rates={("DE", name): Decimal(rate) for name, rate in rates.items()}
    )
    promotions = tuple(_promotion(dice, number, currency, worth) for number in range(dice.choice((0, 0, 1, 2))))
    request = QuoteRequest(
        currency=currency, prices_include_tax=gross, lines=lines, tax=tax, promotions=promotions,
        charges=tuple(_charges(dice, currency, Decimal(0) if promotions else worth)),
    )  # fmt: skip
    return Basket(number, request, dice)


def _how_many(dice: random.Random) -> int:
    """Return a number of lines: mostly few, as people buy, and now and then up to 200."""
    most = dice.choices((4, 12, 50, MOST_LINES), (70, 20, 8, 2))[0]
    return dice.randint(1, most)


def _line(dice: random.Random, key: int, currency: str, classes: list[str]) -> GoodsLine:
    quantity = dice.choice((1, 1, 1, 2, 3, 5, 7, 12, 99, 144, 1000))
    price = amount(dice, currency, most=dice.choice((10, 1_000, 100_000)))
    if dice.random() < 0.1:
        # A price of a price list may be finer than its currency.
        price += Decimal(dice.randint(0, 9_999)).scaleb(-6) * quantum(currency) * 100
        price = price.quantize(Decimal("0.000001"))
    worth, off = round_amount(price * quantity, currency), dice.random()
    discount = Decimal(0)
    if off < 0.15:
        discount = round_amount(worth * dice.randint(1, 100) / 100, currency)
    elif off < 0.25:
        discount = min(worth, amount(dice, currency, most=500))
    return GoodsLine(
        key=key, quantity=quantity, unit_price=price, discount=discount, tax_class=dice.choice(classes), sku=f"W-{key}"
    )


def _promotion(dice: random.Random, number: int, currency: str, worth: Decimal) -> PromotionRule:
    percent = dice.random() < 0.6
    value = Decimal(dice.randint(1, 1000)) / 10 if percent else min(worth, amount(dice, currency, most=3_000))
    return PromotionRule(
        code=f"P{number}", name="Promotion", kind="percent" if percent else "amount", value=value, priority=number
    )


def _charges(dice: random.Random, currency: str, worth: Decimal) -> list[ChargeInput]:
    found = []
    if dice.random() < 0.7:
        found.append(ChargeInput(kind="shipping", amount=amount(dice, currency, most=2_000)))
    if dice.random() < 0.2:
        tax_class = dice.choice(("", "standard", "reduced"))
        found.append(ChargeInput(kind="fee", amount=amount(dice, currency, most=900), tax_class=tax_class))
    if worth and dice.random() < 0.3:
        percent = dice.random() < 0.6
        off = worth * dice.randint(1, 90) / 100 if percent else min(worth, amount(dice, currency, most=3_000))
        found.append(ChargeInput(kind="discount", amount=-round_amount(off, currency)))
    return found


def amount(dice: random.Random, currency: str, *, most: int) -> Decimal:
    """Return an amount of up to so many smallest units."""
    return dice.randint(0, most) * quantum(currency)
