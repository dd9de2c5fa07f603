"""Fields of bodies: money as text, whole numbers that are numbers, codes that exist."""

import functools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import get_territory_currencies
from django.utils import timezone
from rest_framework import serializers

from core.money import plain

LARGEST_QUANTITY = 1_000_000
FIRST_YEAR, LAST_YEAR = 1900, 2199
FIRST_TOLD_YEAR = 1990
CLOCKS_DIFFER = timedelta(minutes=5)
PLANNED_AHEAD = timedelta(days=2 * 366)
# Regions that CLDR knows and ISO 3166-1 does not assign.
NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"})


class MoneyField(serializers.DecimalField):
    """An amount: written as text with the currency's decimals, read from text or number, never a float.

    `currency_from` names where the currency stands, from the object on: `currency`, `thing.currency`.
    """

    default_error_messages = {"too_fine": "At most {max_decimal_places} decimals."}

    def __init__(self, *, currency_from: str = "currency", max_digits: int = 14, **options: Any) -> None:
        self.currency_from = currency_from
        options.setdefault("decimal_places", 3)
        super().__init__(max_digits=max_digits, **options)

    def get_attribute(self, instance: Any) -> Any:
        """Return the amount and its currency."""
        amount = super().get_attribute(instance)
        return None if amount is None else (amount, _follow(instance, self.currency_from))

    def to_representation(self, value: Any) -> str:
        """Write the amount as text."""
        amount, currency = value if isinstance(value, tuple) else (value, "EUR")
        return plain(Decimal(amount), currency)


class UnitPriceField(MoneyField):
    """A price of one piece: the currency's decimals, and more only where the price has them."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("decimal_places", 6)
        super().__init__(max_digits=options.pop("max_digits", 18), **options)

    def to_representation(self, value: Any) -> str:
        """Write all the decimals that mean something."""
        amount, currency = value if isinstance(value, tuple) else (value, "EUR")
        rounded, exact = plain(Decimal(amount), currency), Decimal(amount).normalize()
        return rounded if Decimal(rounded) == exact else f"{exact:f}"


class RateField(serializers.DecimalField):
    """A share: 19 % is `"0.19"`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=8, decimal_places=6, **options)

    def to_representation(self, value: Any) -> str:
        """Write it without idle zeros, and with two decimals at least."""
        exact = Decimal(value).normalize()
        return f"{exact:f}" if -int(exact.as_tuple().exponent) >= 2 else f"{exact:.2f}"


class WholeNumberField(serializers.IntegerField):
    """A JSON integer. Not `"2"`, not `2.5`, not `true`."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class QuantityField(WholeNumberField):
    """How many: a whole number from 1 to 1,000,000."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 1)
        options.setdefault("max_value", LARGEST_QUANTITY)
        super().__init__(**options)


class TextField(serializers.CharField):
    """A JSON string. Numbers are no text."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class MomentField(serializers.DateTimeField):
    """A moment, RFC 3339, always written in UTC whatever the zone of the house.

    What lies outside all living memory is refused: near the first and the last year, a page that shows
    the moment in another time zone could not be drawn.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("default_timezone", UTC)
        super().__init__(**options)

    def to_internal_value(self, value: Any) -> datetime:
        """Return the moment."""
        moment: datetime = super().to_internal_value(value)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail("overflow")
        return moment


class PastMomentField(MomentField):
    """A moment that has been, within the memory of computers; clocks may differ by a few minutes."""

    default_error_messages = {
        "in_future": "This lies in the future.",
        "too_long_ago": f"This is before the year {FIRST_TOLD_YEAR}.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        """Return the moment."""
        moment = super().to_internal_value(value)
        if moment > timezone.now() + CLOCKS_DIFFER:
            self.fail("in_future")
        if moment.astimezone(UTC).year < FIRST_TOLD_YEAR:
            self.fail("too_long_ago")
        return moment


class ComingDayField(serializers.DateField):
    """A day from today on that somebody can plan for."""

    default_error_messages = {
        "in_past": "This day is over.",
        "too_far_ahead": "This is more than two years ahead.",
    }

    def to_internal_value(self, value: Any) -> date:
        """Return the day."""
        day: date = super().to_internal_value(value)
        today = timezone.localdate()
        if day < today:
            self.fail("in_past")
        if day > today + PLANNED_AHEAD:
            self.fail("too_far_ahead")
        return day


class FlagField(serializers.BooleanField):
    """A JSON true or false, nothing that only looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictSerializer(serializers.Serializer):
    """A body whose members are all known: a typo must not look like a change."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse members that would be dropped."""
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            faults = {name: [serializers.ErrorDetail("There is no such member.", code="unknown")] for name in unknown}
            raise serializers.ValidationError(faults)
        return super().to_internal_value(data)


class CountryField(TextField):
    """A country in two letters, ISO 3166-1."""

    default_error_messages = {"unknown_country": "{value} is no country (ISO 3166-1 alpha-2)."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=2, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the code."""
        code = super().to_internal_value(data)
        if code not in countries():
            self.fail("unknown_country", value=code)
        return code


class CurrencyField(TextField):
    """A currency in three letters, ISO 4217, that is legal tender somewhere."""

    default_error_messages = {"unknown_currency": "{value} is no currency (ISO 4217)."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=3, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the code."""
        code = super().to_internal_value(data)
        if code not in currencies():
            self.fail("unknown_currency", value=code)
        return code


@functools.cache
def countries() -> frozenset[str]:
    """Return the codes of all countries."""
    codes = [str(code) for code in Locale("en").territories]
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - NO_COUNTRY


@functools.cache
def currencies() -> frozenset[str]:
    """Return the codes of all currencies that are legal tender today."""
    return frozenset(code for country in countries() for code in get_territory_currencies(country))


def _follow(instance: Any, path: str) -> str:
    for name in path.split("."):
        instance = instance[name] if isinstance(instance, dict) else getattr(instance, name)
    return str(instance)
