"""Sentences the machine writes down in English and everybody reads in his own language.

    POSTCODE = sentence(gettext_noop("Postcode %(code)s does not fit %(country)s"))

    POSTCODE(code="1", country="Germany")       # what is stored: one language for the log, the API, a search
    retold(order.hold_reason)                   # what is shown: "Die Postleitzahl 1 passt nicht zu Deutschland"

A place called `price` may hold a figure alone, whose currency is told beside the text.

A stored sentence is recognised by the words it was made of; what a person wrote is shown as he wrote it.
Several may fit: a sentence within a sentence ends as another one does, and a value of free text holds anything.
Then the one is meant whose words, with those of the sentences within it, say most of the text (`understood`).
Pure: the reader's translations and locale are handed in (`core.templatetags.back_office.retold`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from core.countries import country_names
from core.money import format_amount

PLACE = re.compile(r"%\((\w+)\)s")
TEXT = r".+?"
ITEMS = r"\d+ × .+?"
NUMBER = r"[A-Z]+-\d+"
COUNT = r"\d+(?:\.\d+)?"
SHARE = r"\d+(?:\.\d+)? %"
MONEY = r"-?\d+(?:\.\d+)? [A-Z]{3}"
ISO_DAY = r"\d{4}-\d\d-\d\d"
# What the value of a place looks like, by its name; others are free text.
SHAPES = {
    **dict.fromkeys(("change", "number", "order", "parcel"), NUMBER),
    **dict.fromkeys(("count", "hours", "line", "most", "n"), COUNT),
    **dict.fromkeys(
        (
            "amount",
            "credit",
            "expected",
            "given",
            "goods",
            "listed",
            "moved",
            "ours",
            "over",
            "owed",
            "paid",
            "wanted",
        ),
        MONEY,
    ),
    "units": ITEMS,
    "day": ISO_DAY,
    "document": r"\S+",
    "share": SHARE,
    "limit": f"{MONEY}|{SHARE}",
    "price": f"{MONEY}|{COUNT}",
}
# Places that may hold another sentence; `parts` holds several.
NESTED = frozenset({"cause", "reason", "why"})
AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})")
PERCENT = re.compile(r"(\d+\.\d+) %")
DAY = re.compile(ISO_DAY)


@dataclass(frozen=True)
class Sentence:
    """Words with places for values; calling it with the values says it in English."""

    words: str
    pattern: re.Pattern[str]
    # The longest run of its words: a text without it is another sentence, which is seen faster than by the pattern.
    longest: str
    # How many letters of its own it has.
    letters: int

    def __call__(self, **values: object) -> str:
        """Say it as it is stored."""
        return self.words % values


@dataclass(frozen=True)
class Understood:
    """Which sentence a text is, with the values in its places, and how many of its letters are words of ours."""

    sentence: Sentence
    values: dict[str, str]
    letters: int


SENTENCES: list[Sentence] = []


def gettext_noop(words: str) -> str:
    """Mark words for the translators, as Django's function of this name does, without Django."""
    return words


def sentence(words: str) -> Sentence:
    """Make a sentence that is recognised wherever it is read."""
    parts = PLACE.split(words)
    pattern = "".join(
        f"(?P<{part}>{SHAPES.get(part, TEXT)})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
    )
    own = parts[::2]
    made = Sentence(words, re.compile(pattern, re.DOTALL), max(own, key=len), sum(map(len, own)))
    SENTENCES.append(made)
    understood.cache_clear()
    return made


@lru_cache(maxsize=4096)
def understood(text: str) -> Understood | None:
    """Find the sentence that says most of a text, and its values; nothing where no sentence fits."""
    fitting = [
        _weighed(known, found.groupdict())
        for known in SENTENCES
        if known.longest in text and (found := known.pattern.fullmatch(text))
    ]
    # The words break a tie: what is read never hangs on the order in which modules were loaded.
    return min(fitting, key=lambda one: (-one.letters, one.sentence.words), default=None)


def _weighed(known: Sentence, values: dict[str, str]) -> Understood:
    within = [understood(part) for name, value in values.items() for part in _parts(name, value)]
    return Understood(known, values, known.letters + sum(one.letters for one in within if one))


def _parts(name: str, value: str) -> list[str]:
    """Return the sentences that the value of a place may hold."""
    if name == "parts":
        return value.split(", ")
    return [value] if name in NESTED else []


def retell(text: str, *, translate: Callable[[str], str], locale: Locale, currency: str = "") -> str:
    """Say a stored sentence in the words and the locale of its reader; anything else stays as it is."""
    meant = understood(text)
    if meant is None:
        return text
    return translate(meant.sentence.words) % {
        name: _price(value, currency, locale)
        if name == "price"
        else _value(name, value, translate=translate, locale=locale)
        for name, value in meant.values.items()
    }


def _price(value: str, currency: str, locale: Locale) -> str:
    """Say a price, which may have more decimals than its currency; where nobody knows that, as a figure."""
    figure, _space, own = value.partition(" ")
    if own or currency:
        return price_in(locale, Decimal(figure), own or currency)
    return str(format_decimal(Decimal(figure), "#,##0.00####", locale=locale))


def price_in(locale: Locale, amount: Decimal, currency: str) -> str:
    """Write an amount with all the decimals it has."""
    return format_amount(amount, currency, locale, exact=True)


def _value(name: str, value: str, *, translate: Callable[[str], str], locale: Locale) -> str:
    if name == "country":
        return _country(value, locale)
    if parts := _parts(name, value):
        return ", ".join(retell(part, translate=translate, locale=locale) for part in parts)
    if DAY.fullmatch(value):
        return str(format_date(date.fromisoformat(value), "long", locale=locale))
    if amount := AMOUNT.fullmatch(value):
        return format_amount(Decimal(amount[1]), amount[2], locale)
    if share := PERCENT.fullmatch(value):
        return f"{format_decimal(Decimal(share[1]), locale=locale)} %"
    return value


def _country(said: str, locale: Locale) -> str:
    """Name a country in the language of the reader; it is stored by its English name or its code."""
    codes = {name: code for code, name in country_names("en").items()}
    return country_names(str(locale)).get(codes.get(said, said), said)
