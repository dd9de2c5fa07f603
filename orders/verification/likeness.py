"""Whether the same was ordered before: by the same customer, or to the same address by somebody else.

Addresses are looked up by a coarse key that survives most ways of writing them, then compared letter by letter.
"""

import re
import unicodedata
from datetime import timedelta
from difflib import SequenceMatcher

from core.sentences import gettext_noop, sentence
from customers.addresses import PostalAddress

from .facts import Earlier, Facts, Finding
from .names import Limits
from .sums import percent

TWIN = sentence(gettext_noop("Same goods for the same customer as %(number)s, placed a moment ago"))
ALIKE = sentence(gettext_noop("%(share)s of the lines as in %(number)s of the same customer, %(hours)s h before"))
ALIKE_NEAR = sentence(
    gettext_noop("%(share)s of the lines as in %(number)s of somebody at the same address, %(hours)s h before")
)
A_MOMENT = timedelta(minutes=10)
# How much of two names of a street has to agree, and of two names of a person.
STREET_SHARE, NAME_SHARE = 0.82, 0.75
_NUMBER = re.compile(r"\d+")
_NOT_A_SIGN = re.compile(r"[^a-z0-9]+")
# What people write short, and what says nothing about which street it is.
_SHORT = {
    "strasse": "str", "street": "str", "st": "str", "avenue": "ave", "av": "ave", "road": "rd", "lane": "ln",
    "drive": "dr", "square": "sq", "boulevard": "blvd", "bd": "blvd", "platz": "pl", "place": "pl",
}  # fmt: skip
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "herr", "frau", "hr", "fr", "the", "von", "van", "de", "co"})


def duplicate(facts: Facts, limits: Limits) -> Finding | None:
    """Look for an order of the last days with (nearly) the same lines. What is handed over in person is no mistake."""
    limit = f"{percent(limits['share'])} / {limits['hours']:f} h"
    if facts.twin:
        return Finding(TWIN(number=facts.twin), {"number": facts.twin}, mild=facts.told_apart, limit=limit)
    if facts.in_person or facts.at is None:
        return None
    begin = facts.at - timedelta(hours=int(limits["hours"]))
    found = [one for one in facts.earlier if one.at >= begin and _is_like(one, facts, limits)]
    if not found:
        return None
    like = max(found, key=lambda one: (one.same_customer, one.share, one.at))
    value = percent(like.share * 100)
    since = facts.at - like.at
    mild = facts.told_apart or not (like.same_customer or limits["address"])
    data = {"number": like.number, "share": str(round(like.share, 3))}
    if like.same_customer and like.share == 1 and abs(since) <= A_MOMENT:
        return Finding(TWIN(number=like.number), data, mild=mild, value=value, limit=limit)
    words = ALIKE if like.same_customer else ALIKE_NEAR
    hours = max(0, round(since.total_seconds() / 3600))
    return Finding(words(share=value, number=like.number, hours=hours), data, mild=mild, value=value, limit=limit)


def _is_like(one: Earlier, facts: Facts, limits: Limits) -> bool:
    if one.share * 100 < limits["share"]:
        return False
    return one.same_customer or one.same_email or is_same_address(one.address, facts.ship_to)


def address_key(to: PostalAddress) -> str:
    """Return what two ways of writing an address have in common: country, postcode and number of the house."""
    if not to.country or not (to.line1 or to.line2):
        return ""
    postcode = _NOT_A_SIGN.sub("", _folded(to.postal_code))
    numbers = _NUMBER.findall(to.line1) or _NUMBER.findall(to.line2)
    # Where houses have no number, the beginning of their street says where they are.
    place = numbers[-1].lstrip("0")[:6] if numbers else _NOT_A_SIGN.sub("", _folded(to.line1))[:5]
    return f"{to.country.upper()[:2]}:{postcode[:12]}:{place}"


def _folded(text: str) -> str:
    """Return a text without accents and capitals, as `core.words` does for who may ask the database."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def is_same_address(one: PostalAddress, other: PostalAddress) -> bool:
    """Whether two addresses mean the same door and the same people, however they are written."""
    if address_key(one) != address_key(other) or not address_key(one):
        return False
    if (
        max(_likeness(first, second) for first, second in zip(_streets(one), _streets(other), strict=True))
        < STREET_SHARE
    ):
        return False
    flats = [sorted(_NUMBER.findall(to.line2)) for to in (one, other)]
    if all(flats) and flats[0] != flats[1]:
        return False
    return _share_a_name(one, other)


def _streets(to: PostalAddress) -> tuple[str, str]:
    """Return the street as it is written, and with its usual endings cut short: Hauptstraße and Hauptstr. are one."""
    words = [word for word in _NOT_A_SIGN.split(_folded(to.line1)) if word and not word.isdigit()]
    short = "".join(_SHORT.get(word, word) for word in words)
    for ending in ("strasse", "straat"):
        short = short.replace(ending, "str")
    return "".join(words), short


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one and other else 0.0


def _share_a_name(one: PostalAddress, other: PostalAddress) -> bool:
    first, second = _names(one), _names(other)
    if not first or not second:
        return True
    return any(a == b or (len(a) > 3 and _likeness(a, b) >= NAME_SHARE) for a in first for b in second)


def _names(to: PostalAddress) -> list[str]:
    """Return the last name, and the name of the company."""
    people = [word for word in _NOT_A_SIGN.split(_folded(to.name)) if word and word not in _TITLES]
    company = [word for word in _NOT_A_SIGN.split(_folded(to.company)) if len(word) > 2 and word not in _TITLES]
    return [*people[-1:], *company[:1]]
