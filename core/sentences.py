"""Sentences the machine writes down in English and everybody reads in his own language.

    POSTCODE = sentence(gettext_noop("Postcode %(code)s does not fit %(country)s"))

    POSTCODE(code="1", country="Germany")       # what is stored: one language for the log, the API, a search
    retold(order.hold_reason)                   # what is shown: "Die Postleitzahl 1 passt nicht zu Deutschland"

A stored sentence is recognised by the words it was made of; what a person wrote is shown as he wrote it.
Pure: the reader's translations and locale are handed in (`core.templatetags.back_office.retold`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from core.countries import country_names

PLACE = re.compile(r"%\((\w+)\)s")
ITEMS = r"\d+ × .+?"
NUMBER = r"[A-Z]+-\d+"
# Where a word of a person could look like ours, the value must look like ours too.
SHAPES = {"units": ITEMS, "order": NUMBER, "number": NUMBER, "parcel": NUMBER}
AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Sentence:
    """Words with places for values; calling it with the values says it in English."""

    words: str
    pattern: re.Pattern[str]

    def __call__(self, **values: object) -> str:
        """Say it as it is stored."""
        return self.words % values


SENTENCES: list[Sentence] = []


def gettext_noop(words: str) -> str:
    """Mark words for the translators, as Django's function of this name does, without Django."""
    return words


def sentence(words: str) -> Sentence:
    """Make a sentence that is recognised wherever it is read."""
    parts = PLACE.split(words)
    pattern = "".join(
        f"(?P<{part}>{SHAPES.get(part, '.+?')})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
    )
    made = Sentence(words, re.compile(pattern, re.DOTALL))
    SENTENCES.append(made)
    return made


def retell(text: str, *, translate: Callable[[str], str], locale: Locale) -> str:
    """Say a stored sentence in the words and the locale of its reader; anything else stays as it is."""
    for known in SENTENCES:
        if found := known.pattern.fullmatch(text):
            values = found.groupdict().items()
            return translate(known.words) % {
                name: _value(name, value, translate=translate, locale=locale) for name, value in values
            }
    return text


def _value(name: str, value: str, *, translate: Callable[[str], str], locale: Locale) -> str:
    if name == "country":
        return _country(value, locale)
    if name == "parts":
        return ", ".join(retell(part, translate=translate, locale=locale) for part in value.split(", "))
    if DAY.fullmatch(value):
        return str(format_date(date.fromisoformat(value), "long", locale=locale))
    if amount := AMOUNT.fullmatch(value):
        return str(format_currency(Decimal(amount[1]), amount[2], locale=locale))
    return value


def _country(english: str, locale: Locale) -> str:
    codes = {name: code for code, name in country_names("en").items()}
    return country_names(str(locale)).get(codes.get(english, ""), english)
