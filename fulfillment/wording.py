"""How days and weights are written on paper and in mails, in the language of their reader."""

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from django.utils import timezone

from orders.wording import locale_of


def long_day(day: date | None, language: str) -> str:
    """Write a day in full: 23 November 2026, 23. November 2026."""
    return str(format_date(day, "long", locale=locale_of(language))) if day else ""


def short_moment(moment: datetime, language: str) -> str:
    """Write a moment short, in the time zone of the house."""
    return str(format_datetime(timezone.localtime(moment), "short", locale=locale_of(language)))


def weight(grams: int, language: str) -> str:
    """Write a weight in grams, or in kilograms from one kilogram on; nothing where nobody knows it."""
    if not grams:
        return ""
    if grams < 1000:
        return f"{grams} g"
    return f"{format_decimal(Decimal(grams) / 1000, format='0.0', locale=locale_of(language))} kg"
