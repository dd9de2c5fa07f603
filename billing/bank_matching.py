"""Which open invoices a bank transfer pays, how sure that is, and why: pure, from texts and amounts.

The number of an invoice or order in the text is the best reason, also without its dash or leading zeros; then the
amount, then the name. What is not sure is proposed, and a person decides.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from core.sentences import gettext_noop, sentence

BY_INVOICE = sentence(gettext_noop("names invoice %(number)s"))
BY_FORMER = sentence(gettext_noop("names invoice %(former)s, replaced by %(number)s"))
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
IS_PAYOUT = sentence(gettext_noop("is payout %(reference)s of the payment provider"))
PAYOUT_AMOUNT = sentence(gettext_noop("the amount is that of a payout of the payment provider"))()
NOTHING = sentence(gettext_noop("no number, name or amount says what it is for"))()
# Legal forms and courtesies say nothing about who it is.
FILLERS = frozenset(
    "gmbh co kg ag ug ohg gbr ek e k mbh ltd limited llc inc sarl sa bv the and und herr frau dr prof".split()  # noqa: SIM905
)
# Words with one separator between them, so that there is one way to read them: a text is read once, however long.
NUMBER = re.compile(r"(?<![a-z])([a-z]+(?:[-\s][a-z]+)*)[-\s]?0*(\d+)")


class Confidence(StrEnum):
    """How sure a proposal is."""

    EXACT = "exact"
    LIKELY = "likely"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True)
class Open:
    """An invoice that waits for money; `former` is the number of the one it replaces."""

    pk: int
    number: str
    order: str
    customer: str
    currency: str
    amount: Decimal
    former: str = ""

    @property
    def numbers(self) -> set[tuple[str, str]]:
        """Return what a transfer for it may name: who has the old paper at hand names that."""
        return {key_of(number) for number in (self.number, self.former) if number}


@dataclass(frozen=True)
class Match:
    """Invoices a transfer is for, with what of it each gets; `rest` is left over."""

    confidence: Confidence
    why: tuple[str, ...]
    parts: tuple[tuple[int, Decimal], ...] = ()
    rest: Decimal = Decimal(0)


@dataclass
class _House:
    """Whoever goes by one set of words, with the invoices that wait for them, by amount, in the order given."""

    open: dict[int, Open] = field(default_factory=dict)
    by_amount: dict[Decimal, dict[int, Open]] = field(default_factory=dict)
    wanted: Decimal = Decimal(0)


class Waiting:
    """Open invoices of one currency, found by their number, order, amount and name: no row looks at all of them."""

    def __init__(self, invoices: Iterable[Open]) -> None:
        """Sort them in; what is found comes in the order in which they are given."""
        self._place: dict[int, int] = {}
        self._by_number: dict[tuple[str, str], dict[int, Open]] = {}
        self._by_order: dict[tuple[str, str], dict[int, Open]] = {}
        self._by_amount: dict[Decimal, dict[int, Open]] = {}
        self._houses: dict[frozenset[str], _House] = {}
        self._with_word: dict[str, list[frozenset[str]]] = {}
        for one in invoices:
            self._place[one.pk] = len(self._place)
            for key in one.numbers:
                self._by_number.setdefault(key, {})[one.pk] = one
            self._by_order.setdefault(key_of(one.order), {})[one.pk] = one
            self._by_amount.setdefault(one.amount, {})[one.pk] = one
            words = _words(one.customer)
            house = self._houses.setdefault(words, _House())
            house.open[one.pk] = one
            house.by_amount.setdefault(one.amount, {})[one.pk] = one
            house.wanted += one.amount

        for words in self._houses:
            for word in words:
                self._with_word.setdefault(word, []).append(words)
        # Whose words are all among some others is looked for by the rarest of them alone.
        self._by_rarest: dict[str, list[frozenset[str]]] = {}
        for words in self._houses:
            if words:
                self._by_rarest.setdefault(min(words, key=self._how_often), []).append(words)

    def _how_often(self, word: str) -> tuple[int, str]:
        return len(self._with_word.get(word, ())), word

    def take(self, one: Open) -> None:
        """Offer an invoice no more: a transfer pays it."""
        house = self._houses[_words(one.customer)]
        for found in (
            *(self._by_number[key] for key in one.numbers), self._by_order[key_of(one.order)],
            self._by_amount[one.amount], house.open, house.by_amount[one.amount],
        ):  # fmt: skip
            del found[one.pk]
        house.wanted -= one.amount

    def named(self, text: str) -> tuple[list[Open], list[str]]:
        """Return the invoices whose number the text names, else those of orders it names, with the reasons."""
        found = numbers_in(text)
        by_invoice = self._sorted(one for key in found for one in self._by_number.get(key, {}).values())
        if by_invoice:
            return by_invoice, [
                BY_INVOICE(number=one.number)
                if key_of(one.number) in found
                else BY_FORMER(former=one.former, number=one.number)
                for one in by_invoice
            ]
        by_order = self._sorted(one for key in found for one in self._by_order.get(key, {}).values())
        orders = dict.fromkeys(one.order for one in by_order)
        return by_order, [BY_ORDER(number=number) for number in orders]

    def of_name(self, name: str) -> list[_House]:
        """Return whoever goes by this name."""
        mine = _words(name)
        near = {words for word in mine for words in self._by_rarest.get(word, ()) if len(words) <= len(mine)}
        if mine:
            near.update(self._with_word.get(min(mine, key=self._how_often), ()))
        houses = (self._houses[words] for words in near if are_same_words(mine, words))
        return [house for house in houses if house.open]

    def same(self, amount: Decimal) -> Mapping[int, Open]:
        """Return those over this amount."""
        return self._by_amount.get(amount, {})

    def _sorted(self, invoices: Iterable[Open]) -> list[Open]:
        return sorted(invoices, key=lambda one: self._place[one.pk])

    def match(self, *, text: str, name: str, amount: Decimal) -> Match:
        """Say which of them a transfer that came in is for."""
        named, why = self.named(text)
        if named:
            return _weigh(named, why, amount, name)
        same, houses = self.same(amount), self.of_name(name)
        by_name = sum(len(house.by_amount.get(amount, {})) for house in houses)
        if by_name == 1:
            [pk] = (pk for house in houses for pk in house.by_amount.get(amount, {}))
            return Match(Confidence.LIKELY, (SAME_NAME, SAME_AMOUNT), ((pk, amount),))
        if by_name > 1:
            return Match(Confidence.NONE, (SAME_NAME, SEVERAL(n=by_name)))
        if houses and sum((house.wanted for house in houses), Decimal(0)) == amount:
            theirs = self._sorted(one for house in houses for one in house.open.values())
            return Match(Confidence.LIKELY, (SAME_NAME, SAME_SUM), tuple((one.pk, one.amount) for one in theirs))
        if len(same) == 1:
            [pk] = same
            return Match(Confidence.POSSIBLE, (SAME_AMOUNT, ONLY_ONE, OTHER_NAME), ((pk, amount),))
        if len(houses) == 1 and len(houses[0].open) == 1:
            return _weigh([*houses[0].open.values()], [SAME_NAME], amount, name, best=Confidence.POSSIBLE)
        return Match(Confidence.NONE, (SEVERAL(n=len(same)),) if same else (NOTHING,))


def by_currency(invoices: Iterable[Open]) -> dict[str, Waiting]:
    """Sort open invoices in, each currency by itself."""
    kinds: dict[str, list[Open]] = {}
    for one in invoices:
        kinds.setdefault(one.currency, []).append(one)
    return {currency: Waiting(of_currency) for currency, of_currency in kinds.items()}


def match(*, text: str, name: str, amount: Decimal, currency: str, invoices: Iterable[Open]) -> Match:
    """Say which of the open invoices a single transfer is for."""
    return by_currency(invoices).get(currency, Waiting(())).match(text=text, name=name, amount=amount)


@dataclass(frozen=True)
class Coming:
    """A payout of a provider that is on its way to the bank."""

    pk: int
    reference: str
    gateway: str
    amount: Decimal


def match_payout(
    *, text: str, name: str, amount: Decimal, payouts: Sequence[Coming]
) -> tuple[Coming, Confidence, tuple[str, ...]] | None:
    """Say which payout a transfer is: by its reference, or by the provider's name and the amount alone."""
    same = [one for one in payouts if one.amount == amount]
    said = _plain(f"{name} {text}")
    for one in same:
        if one.reference.lower() in said:
            return one, Confidence.EXACT, (IS_PAYOUT(reference=one.reference), PAYOUT_AMOUNT)
    named = [one for one in same if one.gateway in said]
    if len(named) == 1:
        return named[0], Confidence.EXACT, (IS_PAYOUT(reference=named[0].reference), PAYOUT_AMOUNT)
    if named:
        return named[0], Confidence.LIKELY, (PAYOUT_AMOUNT,)
    return None


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


@lru_cache(maxsize=65_536)
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
    return are_same_words(_words(one), _words(other))


def are_same_words(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether two sets of words name the same person or house."""
    if not mine or not theirs:
        return False
    shorter, longer = sorted((mine, theirs), key=len)
    return shorter <= longer and (len(shorter) > 1 or shorter == longer or len(next(iter(shorter))) > 4)


@lru_cache(maxsize=65_536)
def _words(name: str) -> frozenset[str]:
    said = re.findall(r"[a-z0-9]+", _plain(name))
    return frozenset(word for word in said if word not in FILLERS and len(word) > 1)


def _plain(text: str) -> str:
    """Fold as banks do: ä is ae, capitals and accents are gone."""
    folded = text.lower()
    for one, other in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        folded = folded.replace(one, other)
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
