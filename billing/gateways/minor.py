"""Amounts as Stripe counts them: whole numbers of the smallest unit, with its exceptions."""

from decimal import Decimal

from core.money import Money

# docs.stripe.com/currencies: without decimals, and with three of which the last is nought.
ZERO = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
THREE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Counted in hundredths there, of which the shop has none.
WHOLE_ONLY = frozenset({"ISK", "UGX"})


def digits(currency: str) -> int:
    """Return how many decimals of a currency are counted."""
    return 0 if currency in ZERO else 3 if currency in THREE else 2


def fits(amount: Money) -> bool:
    """Whether an amount can be said in whole units, in the steps that are taken."""
    units = amount.amount.scaleb(digits(amount.currency))
    step = 10 if amount.currency in THREE else 100 if amount.currency in WHOLE_ONLY else 1
    return units > 0 and units % step == 0


def units(amount: Money) -> int:
    """Return an amount in units. Raises ValueError where it has none."""
    if not fits(amount):
        raise ValueError(f"{amount} cannot be said in the units of {amount.currency}")
    return int(amount.amount.scaleb(digits(amount.currency)))


def money(number: int, currency: str) -> Money:
    """Return units as an amount."""
    code = currency.upper()
    return Money(Decimal(number).scaleb(-digits(code)), code)
