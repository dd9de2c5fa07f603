"""What a cart would cost, to the cent, with the same code that places the order."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import format_percent

from core import seat
from core.errors import DomainError
from core.reader import locale
from customers.models import Customer
from portal import cart
from pricing import services as pricing
from pricing.calculation import Quote, region_of


def taxes_of(quote: Quote | None) -> list[tuple[str, Decimal]]:
    """Return the tax of a quote per rate, the rate as the reader writes it: 19%."""
    if quote is None:
        return []
    return [
        (format_percent(Decimal(part["rate"]), locale=locale(), decimal_quantization=False), Decimal(part["tax"]))
        for part in quote.tax_breakdown
    ]


def quote_cart(
    lines: list[cart.CartLine], answers: Mapping[str, Any], customer: Customer | None
) -> tuple[Quote | None, DomainError | None]:
    """Return the quote, or nothing and why there is none."""
    try:
        quote = pricing.quote_order(
            channel=cart.channel(),
            lines=[
                pricing.QuoteLine(key=position, product=line.product, quantity=line.quantity)
                for position, line in enumerate(lines, start=1)
            ],
            country=answers.get("country") or cart.channel().seller_country,
            region=region_of(answers.get("country") or "", "", answers.get("postal_code") or ""),
            method=pricing.shipping_method(answers.get("shipping_method") or "standard"),
            coupon_codes=(answers["coupon_code"],) if answers.get("coupon_code") else (),
            buyer=pricing.tax_buyer(
                customer, is_company=bool(answers.get("company")), vat_id=answers.get("vat_id") if customer else None
            ),
            group_id=customer.group_id if customer else None,
            customer_id=customer.pk if customer else None,
            is_first=not customer.orders.exclude(status="draft").exists() if customer else None,
            on=seat.today(),
        )
    except DomainError as error:
        return None, error
    return quote, None
