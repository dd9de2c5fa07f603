"""Which open invoices a bank transfer pays, how sure that is, and why: pure, from texts and amounts.

The number of an invoice or order in the text is the best reason, also without its dash or leading zeros; then the
amount, then the name. What is not sure is proposed, and a person decides.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from core.sentences import gettext_noop, sentence

BY_INVOICE = sentence(gettext_noop("names invoice %(number)s"))
BY_ORDER = sentence(gettext_noop("names order %(number)s"))
BY_OTHER_ROW = sentence(gettext_noop("another row pays invoice %(number)s"))
PAID_BEFORE = sentence(gettext_noop("invoice %(number)s is paid already"))
SAME_AMOUNT = sentence(gettext_noop("the amount is what is open"))()
SAME_SUM = sentence(gettext_noop("the amount is what is open on them together"))()
LESS = sentence(gettext_noop("less than is open"))()
MORE = sentence(gettext_noop("more than is open"))()
SAME_NAME = sentence(gettext_noop("the name is that of the customer"))()
OTHER_NAME = sentence(gettext_noop("the name is another one"))()
ONLY_ONE = sentence(gettext_noop("nothing else is open over this amount"))()
SEVERAL = sentence(gettext_noop("%(n)s invoices are open over this amount"))
NOTHING = sentence(gettext_noop("no number, name or amount says what it is for"))()
# Legal forms and courtesies say nothing about who it is.
FILLERS = frozenset(
    [
        "gmbh",
        "co",
        "kg",
        "ag",
        "ug",
        "ohg",
        "gbr",
        "ek",
        "e",
        "k",
        "mbh",
        "ltd",
        "limited",
        "llc",
        "inc",
        "sarl",
        "sa",
        "bv",
        "the",
        "and",
        "und",
        "herr",
        "frau",
        "dr",
        "prof",
    ]
)
NUMBER = re.compile(r"([a-z]+(?:[-\s]?[a-z]+)*)[-\s]?0*(\d+)")


class Confidence(StrEnum):
    """How sure a proposal is."""

    EXACT = "exact"
    LIKELY = "likely"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True)
class Open:
    """An invoice that waits for money."""

    pk: int
    number: str
    order: str
    customer: str
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Match:
    """Invoices a transfer is for, with what of it each gets; `rest` is left over."""

    confidence: Confidence
    why: tuple[str, ...]
    parts: tuple[tuple[int, Decimal], ...] = ()
    rest: Decimal = Decimal(0)


def match(*, text: str, name: str, amount: Decimal, currency: str, invoices: Sequence[Open]) -> Match:
    """Say which of the open invoices a transfer that came in is for."""
    of_currency = [one for one in invoices if one.currency == currency]
    named, why = _named(text, of_currency)
    if named:
        return _weigh(named, why, amount, name)
    same = [one for one in of_currency if one.amount == amount]
    by_name = [one for one in same if is_same_name(name, one.customer)]
    if len(by_name) == 1:
        return Match(Confidence.LIKELY, (SAME_NAME, SAME_AMOUNT), ((by_name[0].pk, amount),))
    if len(by_name) > 1:
        return Match(Confidence.NONE, (SAME_NAME, SEVERAL(n=len(by_name))))
    theirs = [one for one in of_currency if is_same_name(name, one.customer)]
    if theirs and sum(one.amount for one in theirs) == amount:
        return Match(Confidence.LIKELY, (SAME_NAME, SAME_SUM), tuple((one.pk, one.amount) for one in theirs))
    if len(same) == 1:
        return Match(Confidence.POSSIBLE, (SAME_AMOUNT, ONLY_ONE, OTHER_NAME), ((same[0].pk, amount),))
    if len(theirs) == 1:
        return _weigh(theirs, [SAME_NAME], amount, name, best=Confidence.POSSIBLE)
    return Match(Confidence.NONE, (SEVERAL(n=len(same)),) if same else (NOTHING,))


def _weigh(
    named: Sequence[Open], why: Sequence[str], amount: Decimal, name: str, *, best: Confidence = Confidence.EXACT
) -> Match:
    wanted = sum((one.amount for one in named), start=Decimal(0))
    parts, left = [], amount
    for one in named:
        part = min(left, one.amount)
        if part > 0:
            parts.append((one.pk, part))
            left -= part
    reasons = list(why)
    if amount == wanted:
        reasons.append(SAME_SUM if len(named) > 1 else SAME_AMOUNT)
        confidence = best
    else:
        reasons.append(LESS if amount < wanted else MORE)
        confidence = min(best, Confidence.LIKELY, key=_RANK.index)
    if name and not any(is_same_name(name, one.customer) for one in named):
        reasons.append(OTHER_NAME)
        confidence = min(confidence, Confidence.LIKELY, key=_RANK.index)
    return Match(confidence, tuple(reasons), tuple(parts), max(Decimal(0), left))


_RANK = [Confidence.NONE, Confidence.POSSIBLE, Confidence.LIKELY, Confidence.EXACT]


def _named(text: str, invoices: Iterable[Open]) -> tuple[list[Open], list[str]]:
    """Return the invoices whose number the text names, else those of orders it names; in the order they were given."""
    found = numbers_in(text)
    rows = list(invoices)
    by_invoice = [one for one in rows if key_of(one.number) in found]
    if by_invoice:
        return by_invoice, [BY_INVOICE(number=one.number) for one in by_invoice]
    by_order = [one for one in rows if key_of(one.order) in found]
    orders = dict.fromkeys(one.order for one in by_order)
    return by_order, [BY_ORDER(number=number) for number in orders]


@lru_cache(maxsize=16_384)
def key_of(number: str) -> tuple[str, str]:
    """Return a number without its dashes and leading zeros: INV-000123 is ("inv", "123")."""
    letters = re.sub(r"[^a-z]", "", number.lower())
    digits = re.sub(r"\D", "", number).lstrip("0")
    return letters, digits or "0"


def numbers_in(text: str) -> set[tuple[str, str]]:
    """Return every number of ours a text may name: the letters before some digits, and each ending of them."""
    found: set[tuple[str, str]] = set()
    for hit in NUMBER.finditer(_plain(text)):
        words = re.split(r"[-\s]", hit[1])
        digits = hit[2].lstrip("0") or "0"
        for at in range(len(words)):
            found.add(("".join(words[at:]), digits))
    return found


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are of the same person or house: all words of the shorter are in the longer."""
    mine, theirs = _words(one), _words(other)
    if not mine or not theirs:
        return False
    shorter, longer = sorted((mine, theirs), key=len)
    return shorter <= longer and (len(shorter) > 1 or shorter == longer or len(next(iter(shorter))) > 4)


@lru_cache(maxsize=16_384)
def _words(name: str) -> frozenset[str]:
    said = re.findall(r"[a-z0-9]+", _plain(name))
    return frozenset(word for word in said if word not in FILLERS and len(word) > 1)


def _plain(text: str) -> str:
    """Fold as banks do: ä is ae, capitals and accents are gone."""
    folded = text.lower()
    for one, other in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        folded = folded.replace(one, other)
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
