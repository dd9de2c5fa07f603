"""Money: an exact amount and its currency, and the only place where money is rounded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from core.errors import Invalid

# CLDR, and with it babel, says how many decimals a currency is used with where people pay in cash. Banks, invoices and
# the books count as ISO 4217 does (list one of 2026-01-01, column minor units), which says more of these.
MINOR_UNITS = {
    **dict.fromkeys(("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2),
    "IQD": 3,
}


class CurrencyMismatch(Invalid):
    """Two amounts of different currencies met in one sum."""

    code = "currency_mismatch"


def decimals_of(currency: str) -> int:
    """Return how many decimals a currency has by ISO 4217; by CLDR of what is no money any more; 2 where unknown."""
    return MINOR_UNITS.get(currency, get_currency_precision(currency))


@lru_cache(maxsize=256)
def quantum(currency: str) -> Decimal:
    """Return the smallest unit of a currency, e.g. 0.01 for EUR."""
    return Decimal(1).scaleb(-decimals_of(currency))


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round half away from zero to the currency's smallest unit."""
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, order=False)
class Money:
    """An exact amount in one currency. Never a float, never two currencies in one sum."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Refuse floats: they cannot hold a cent."""
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"Money needs a Decimal, not {type(self.amount).__name__}")

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Return nothing, in a currency."""
        return cls(Decimal(0), currency)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{plain(self.amount, self.currency)} {self.currency}"

    def rounded(self) -> "Money":
        """Return the amount in whole smallest units."""
        return Money(round_amount(self.amount, self.currency), self.currency)

    def split(self, weights: Sequence[Decimal | int]) -> list["Money"]:
        """Share the rounded amount out by weight, so that the parts add up to it exactly."""
        return [Money(part, self.currency) for part in apportion(self.amount, weights, self.currency)]

    def format(self, locale: str = "en") -> str:
        """Write the amount as a reader of `locale` expects it."""
        return format_amount(self.amount, self.currency, locale)


def sum_money(amounts: Iterable[Money], currency: str) -> Money:
    """Add amounts of one currency; nothing adds up to zero."""
    return sum(amounts, start=Money.zero(currency))


def apportion(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Share an amount out by largest remainder (Hamilton): exact to the smallest unit.

    The parts add up to the rounded amount. Equal remainders go to the earlier part, so the
    same input always gives the same parts. Weights of zero in sum share evenly.
    """
    if not weights:
        return []
    unit = quantum(currency)
    whole = round_amount(amount, currency)
    total = sum((Decimal(weight) for weight in weights), start=Decimal(0))
    shares = [Decimal(1)] * len(weights) if total == 0 else [Decimal(weight) for weight in weights]
    total = total if total != 0 else Decimal(len(weights))
    exact = [whole * share / total for share in shares]
    parts = [(value / unit).to_integral_value(rounding=ROUND_FLOOR) * unit for value in exact]
    left = int(((whole - sum(parts, start=Decimal(0))) / unit).to_integral_value(rounding=ROUND_HALF_UP))
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[:left]:
        parts[index] += unit
    return [part.quantize(unit) for part in parts]


def plain(amount: Decimal, currency: str) -> str:
    """Write an amount with the currency's decimals and nothing else, as the API does."""
    return f"{round_amount(amount, currency):f}"


def format_amount(amount: Decimal, currency: str, locale: Locale | str, *, exact: bool = False) -> str:
    """Write an amount as a reader of `locale` expects it, with the decimals of its currency, or with all it has."""
    if currency not in MINOR_UNITS:
        return str(format_currency(amount, currency, locale=locale, decimal_quantization=not exact))
    # babel asks CLDR for the decimals, unless the pattern says them.
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    pattern = pattern.replace("0.00", f"0.{'0' * MINOR_UNITS[currency]}")
    said = format_currency(
        amount, currency, pattern, locale=locale, currency_digits=False, decimal_quantization=not exact
    )
    return str(said)
