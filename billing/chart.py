"""Which numbers the accounts of the ledger have at an accountant: the usual ones of SKR 03 and SKR 04. Pure Python.

Every kind of account that billing posts to is answered for; where there is no usual number the answer is None, and
somebody has to say one (`billing.services.charts`).
"""

from dataclasses import dataclass
from decimal import Decimal

from billing import postings
from pricing.calculation import EU_COUNTRIES, NORTHERN_IRELAND_VAT

SKR03, SKR04 = "SKR03", "SKR04"
# Takes the tax out of an account that would work it out by itself.
NO_AUTOMATIC_TAX = "40"
# Between these, DATEV works out the tax of what is booked by itself.
AUTOMATIC = {
    SKR03: ((8300, 8309), (8340, 8349), (8400, 8449)),
    SKR04: ((4300, 4309), (4340, 4349), (4400, 4449)),
}

Pair = tuple[str, str]
TRANSIT: Pair = ("1360", "1460")
USUAL: dict[str, Pair] = {
    # Open to be booked on by hand, unlike 1400 and 1200, which collect from the accounts of customers.
    postings.RECEIVABLE: ("1410", "1210"),
    postings.PREPAYMENT: ("1710", "3250"),
    postings.STORE_CREDIT: ("1700", "3500"),
    postings.ROUNDING: ("4900", "6300"),
    postings.SMALL_DIFFERENCE: ("4900", "6300"),
    postings.BAD_DEBT: ("2400", "6930"),
    postings.GOODWILL: ("4900", "6300"),
    postings.FEE: ("4970", "6855"),
    postings.DISPUTE: ("1500", "1300"),
}
MONEY: dict[str, Pair] = {"bank_transfer": ("1200", "1800"), "cash": ("1000", "1600")}
# By category of EN 16931, whatever the country.
BY_CATEGORY: dict[str, Pair] = {"K": ("8125", "4125"), "G": ("8120", "4120"), "E": ("8100", "4100")}
AT_HOME: dict[str, Pair] = {"0.1900": ("8400", "4400"), "0.0700": ("8300", "4300"), "0.1600": ("8340", "4340")}
TAX_AT_HOME: dict[str, Pair] = {"0.1900": ("1776", "3806"), "0.0700": ("1771", "3801"), "0.1600": ("1775", "3805")}
# Whose tax is declared with that of the member states, and the two letters that the EU writes for one of them.
IN_EU = EU_COUNTRIES | {NORTHERN_IRELAND_VAT}
WRITTEN = {"GR": "EL"}
ABROAD, TAX_ABROAD = ("8320", "4320"), ("1767", "3817")
ANY_REVENUE, ANY_TAX = ("8200", "4200"), ("1770", "3800")
REVERSED_AT_HOME, REVERSED_IN_EU, OUTSIDE = ("8337", "4337"), ("8336", "4336"), ("8338", "4338")


@dataclass(frozen=True)
class Number:
    """A number at the accountant; `key` is the tax key (BU-Schlüssel) of what is booked there with its tax."""

    number: str
    key: str = ""


def usual(chart: str, kind: str, detail: str, *, home: str) -> Number | None:
    """Return the usual number of an account of the ledger for a seller at `home`; None where there is none."""
    pair = _pair(kind, detail, home)
    return Number(pair[0 if chart == SKR03 else 1]) if pair else None


def is_automatic(chart: str, number: str) -> bool:
    """Whether DATEV works out the tax of what is booked on an account by itself. Longer numbers end in zeros."""
    short = int(number[:4]) if number.isdigit() and len(number) >= 4 else 0
    return any(least <= short <= most for least, most in AUTOMATIC.get(chart, ()))


def padded(number: str, length: int) -> str:
    """Write a number of four digits with as many as the accountant uses."""
    return number.ljust(length, "0") if len(number) < length else number


def _pair(kind: str, detail: str, home: str) -> Pair | None:
    if kind == postings.MONEY:
        # With a provider, and on a terminal, it is on its way to the bank.
        return MONEY.get(detail, TRANSIT)
    if kind == postings.REVENUE:
        return _revenue(detail, home)
    if kind == postings.TAX:
        return _tax(detail, home)
    return USUAL.get(kind)


def _revenue(detail: str, home: str) -> Pair | None:
    country, _colon, rest = detail.partition(":")
    category, _colon, rate = rest.partition(":")
    if not detail:
        return ANY_REVENUE
    if category in BY_CATEGORY:
        return BY_CATEGORY[category]
    if category == "AE":
        return _by_place(country, home, REVERSED_AT_HOME, REVERSED_IN_EU, OUTSIDE)
    if category in ("O", "Z") or not Decimal(rate):
        return _by_place(country, home, ANY_REVENUE, ANY_REVENUE, OUTSIDE)
    return _by_place(country, home, AT_HOME.get(rate), ABROAD, None)


def _tax(detail: str, home: str) -> Pair | None:
    country, _colon, rate = detail.partition(":")
    return _by_place(country, home, TAX_AT_HOME.get(rate), TAX_ABROAD, None) if detail else ANY_TAX


def _by_place(country: str, home: str, here: Pair | None, in_eu: Pair | None, outside: Pair | None) -> Pair | None:
    if country == home:
        return here
    return in_eu if country in IN_EU else outside
