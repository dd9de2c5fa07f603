"""Who reads: the locale of the reader, and what the machine kept as text in his words."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import list_currencies
from django.utils import timezone
from django.utils.translation import get_language, gettext, to_locale

from core.countries import country_names
from core.money import Money
from core.sentences import AMOUNT, price_in, retell

DAY = re.compile(r"\d{4}-\d\d-\d\d")
MONTH = re.compile(r"\d{4}-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


def locale() -> Locale:
    """Return the locale of the reader."""
    return _locale_of(get_language() or "en")


@lru_cache(maxsize=16)
def _locale_of(language: str) -> Locale:
    try:
        found = Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")
    # Plain English would mean month before day; the house is European.
    return Locale("en", "GB") if found.language == "en" and not found.territory else found


def retold(text: str, currency: str = "") -> str:
    """Say a sentence that was written down in English in the words of the reader (`core.sentences`)."""
    return retell(text, translate=gettext, locale=locale(), currency=currency)


def spoken(text: str, currency: str = "") -> str:
    """Say what was kept as text as its reader does: a day, a month, a moment, an amount with its currency, a sentence.

    Anything else stays as it is.
    """
    try:
        if DAY.fullmatch(text):
            return spoken_date(date.fromisoformat(text))
        if MONTH.fullmatch(text):
            return str(format_skeleton("yMMMM", date.fromisoformat(f"{text}-01"), locale=locale()))
        if MOMENT.fullmatch(text):
            return spoken_moment(datetime.fromisoformat(text))
    except ValueError:  # it only looks like one
        return text
    if (amount := AMOUNT.fullmatch(text)) and amount[2] in _currencies():
        return spoken_amount(Decimal(amount[1]), amount[2])
    return retold(text, currency)


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def spoken_amount(amount: Decimal, currency: str) -> str:
    """Write an amount within a sentence."""
    return Money(amount, currency).format(str(locale()))


def spoken_price(amount: Decimal, currency: str) -> str:
    """Write an amount with all the decimals it has: a price may have more than its currency."""
    return price_in(locale(), amount, currency)


def spoken_date(value: date) -> str:
    """Write a day within a sentence: 18 November 2026. A moment is the day it is here."""
    day = timezone.localdate(value) if hasattr(value, "hour") else value  # type: ignore[arg-type]
    return str(format_date(day, "long", locale=locale()))


def spoken_time(value: datetime) -> str:
    """Write a time of day within a sentence, by the clock of the reader."""
    return str(format_time(timezone.localtime(value), "short", locale=locale()))


def spoken_moment(value: datetime) -> str:
    """Write a moment within a sentence: its day, and the time by the clock of the reader."""
    return f"{spoken_date(value)}, {spoken_time(value)}"


def country_name(code: str) -> str:
    """Name a country by its code."""
    return country_names(str(locale())).get(code, code)


def spoken_actor(actor: str) -> str:
    """Write an actor of the log for people: `staff:maya` → Maya. The name of a person stays as it is."""
    kind, _colon, name = str(actor).partition(":")
    if not (kind.isalpha() and kind.islower()):
        return str(actor)
    title = actor_kinds().get(kind, kind.capitalize())
    return f"{title} {name}".strip() if title else name[:1].upper() + name[1:]


def actor_kinds() -> dict[str, str]:
    """Return how the kinds of actors are called; people of the house go by their name alone."""
    return {
        "api": gettext("API"),
        "customer": gettext("Customer"),
        "demo": gettext("Demo"),
        "guest": gettext("Guest"),
        "import": gettext("Import"),
        "operator": gettext("Operator"),
        "staff": "",
        "system": gettext("System"),
    }
