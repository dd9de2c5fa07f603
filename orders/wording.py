"""How days, moments and amounts of an order are written for its customer, in the language of the order."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_percent
from django.utils import timezone
from django.utils.translation import gettext as _

from core.money import format_amount
from customers.addresses import PostalAddress
from customers.terms import TERMS
from orders.models import Order


def locale_of(language: str) -> Locale:
    """Return the locale of a language; plain English is European here, with the day before the month."""
    try:
        found = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")
    return Locale("en", "GB") if found.language == "en" and not found.territory else found


def day(value: date | None, language: str) -> str:
    """Write a day: Thursday 26 November 2026."""
    return str(format_date(value, "full", locale=locale_of(language))) if value else ""


def moment(value: datetime | None, language: str) -> str:
    """Write a moment in the time zone of the house."""
    if value is None:
        return ""
    return str(format_datetime(timezone.localtime(value), "long", locale=locale_of(language)))


def amount(value: Decimal, currency: str, language: str) -> str:
    """Write an amount with its currency."""
    return format_amount(value, currency, locale_of(language))


def share(value: Decimal, language: str) -> str:
    """Write a tax rate: 19 %."""
    return str(format_percent(value, "#,##0.##\u00a0%", locale=locale_of(language), decimal_quantization=False))


def address(stored: Mapping[str, Any], language: str) -> list[str]:
    """Write an address line by line, with the name of its country."""
    return PostalAddress.from_dict(stored).spoken(str(locale_of(language)))


def check(name: str) -> str:
    """Name a check, in the language that is active."""
    names = {
        "complete": _("completeness"),
        "address": _("address"),
        "contact": _("contact"),
        "duplicate": _("duplicate"),
        "price": _("price"),
        "discount": _("discount"),
        "quantity": _("quantity"),
        "credit": _("credit limit"),
        "total": _("total"),
        "risk": _("risk"),
        "stock": _("stock"),
    }
    return names.get(name, name)


def check_result(result: str) -> str:
    """Name what a check said, in the language that is active."""
    return {"pass": _("passed"), "warn": _("warning"), "fail": _("failed"), "waived": _("waived")}.get(result, result)


def terms(code: str) -> str:
    """Name payment terms, in the language that is active."""
    return str(dict(TERMS).get(code, code))


def buyer_of(order: Order) -> str:
    """Name who ordered as people speak of it: the company, else the person."""
    return order.bill_to.company or order.customer_name
