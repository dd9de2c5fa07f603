"""Money: exact, and the parts always add up to the whole."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from core.money import (
    MINOR_UNITS,
    CurrencyMismatch,
    Money,
    apportion,
    decimals_of,
    format_amount,
    plain,
    quantum,
    round_amount,
    sum_money,
)

CURRENCIES = st.sampled_from(["EUR", "JPY", "BHD"])
AMOUNTS = st.decimals(min_value=-1_000_000, max_value=1_000_000, places=3, allow_nan=False, allow_infinity=False)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=10_000, places=2), min_size=1, max_size=40)


@given(AMOUNTS, WEIGHTS, CURRENCIES)
def test_parts_add_up_to_the_rounded_whole(amount: Decimal, weights: list[Decimal], currency: str) -> None:
    parts = apportion(amount, weights, currency)
    assert len(parts) == len(weights)
    assert sum(parts) == round_amount(amount, currency)


@given(AMOUNTS, WEIGHTS, CURRENCIES)
def test_no_part_is_a_unit_away_from_its_exact_share(amount: Decimal, weights: list[Decimal], currency: str) -> None:
    whole, total, unit = round_amount(amount, currency), sum(weights), Fraction(quantum(currency))
    for part, weight in zip(apportion(amount, weights, currency), weights, strict=True):
        share = Fraction(whole) * (Fraction(weight) / Fraction(total) if total else Fraction(1, len(weights)))
        assert abs(Fraction(part) - share) < unit


@given(AMOUNTS, WEIGHTS, CURRENCIES)
def test_parts_are_whole_units_and_the_same_each_time(amount: Decimal, weights: list[Decimal], currency: str) -> None:
    parts = apportion(amount, weights, currency)
    assert all(part == round_amount(part, currency) for part in parts)
    assert parts == apportion(amount, weights, currency)


def test_the_remainder_goes_to_the_largest_then_to_the_first() -> None:
    assert apportion(Decimal("10.00"), [1, 1, 1], "EUR") == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert apportion(Decimal("-10.00"), [1, 1, 1], "EUR") == [Decimal("-3.33"), Decimal("-3.33"), Decimal("-3.34")]
    assert apportion(Decimal(1), [0, 0], "JPY") == [Decimal(1), Decimal(0)]
    assert apportion(Decimal(1), [], "EUR") == []


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("2.5", "JPY", "3"), ("-2.5", "JPY", "-3"), ("0.0005", "BHD", "0.001"), ("1.005", "EUR", "1.01")],
)
def test_halves_are_rounded_away_from_zero(amount: str, currency: str, shown: str) -> None:
    assert plain(Decimal(amount), currency) == shown


def test_money_knows_its_currency_and_no_float() -> None:
    five, yen = Money(Decimal("5.00"), "EUR"), Money(Decimal(5), "JPY")
    with pytest.raises(CurrencyMismatch):
        five + yen
    with pytest.raises(CurrencyMismatch):
        _ = five < yen
    with pytest.raises(TypeError, match="not float"):
        Money(5.0, "EUR")  # type: ignore[arg-type]
    assert sum_money([five, -five * 3], "EUR") == Money(Decimal("-10.00"), "EUR")
    assert sum_money([], "EUR") == Money.zero("EUR")
    assert str(five) == "5.00 EUR"
    assert five.format("de").replace("\xa0", " ") == "5,00 €"
    assert [str(part) for part in five.split([2, 1])] == ["3.33 EUR", "1.67 EUR"]


def test_every_currency_has_the_decimals_of_iso_4217() -> None:
    listed = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
    assert len(listed) > 150
    assert {code: decimals_of(code) for code in listed} == listed
    assert {code: quantum(code) for code in listed} == {code: Decimal(1).scaleb(-n) for code, n in listed.items()}
    # The table says nothing that is known without it, and of what is no money any more CLDR is believed.
    assert {code: n for code, n in listed.items() if get_currency_precision(code) != n} == MINOR_UNITS
    others = set(list_currencies()) - set(listed)
    assert {code: decimals_of(code) for code in others} == {code: get_currency_precision(code) for code in others}


@pytest.mark.parametrize("locale", ["en", "en_GB", "de"])
def test_an_amount_is_shown_with_as_many_decimals_as_it_is_kept(locale: str) -> None:
    mark = "," if locale == "de" else "."
    for code in list_currencies():
        for kept in (round_amount(Decimal(amount), code) for amount in ("1234567", "-1", "0.5678", "-99.5")):
            figure = re.search(r"\d(.*\d)?", format_amount(kept, code, locale).replace(code, ""))
            assert figure is not None
            shown = re.sub(rf"[^\d{mark}]", "", figure[0]).replace(mark, ".")
            assert shown == plain(abs(kept), code), code


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        ("99.5", "RSD", "en", "RSD99.50"), ("-1234.5", "RSD", "de", "-1.234,50\xa0RSD"),
        ("0.125", "IQD", "en", "IQD0.125"),
        ("7", "MGA", "de", "7,00\xa0MGA"), ("1.5", "KWD", "en", "KWD1.500"), ("500", "JPY", "de", "500\xa0¥"),
    ],
)  # fmt: skip
def test_amounts_of_coarse_cash_are_written_in_full(amount: str, currency: str, locale: str, shown: str) -> None:
    assert format_amount(Decimal(amount), currency, locale) == shown
    assert Money(Decimal(amount), currency).format(locale) == shown


def test_a_price_is_written_with_all_the_decimals_it_has() -> None:
    assert format_amount(Decimal("99.5"), "RSD", "en", exact=True) == "RSD99.50"
    assert format_amount(Decimal("0.0625"), "RSD", "en", exact=True) == "RSD0.0625"
