"""Words by which a thing is found: folded alike when they are kept and when they are typed.

    ThingWord.objects.bulk_create(ThingWord(thing=thing, word=word) for word in words_of(thing.name, thing.owner))
    for word in typed_words(typed):
        things = things.filter(pk__in=begins_with(ThingWord.objects.all(), word).values("thing"))

An index on the word serves every beginning, in any order, with and without accents, on both databases.
"""

import re
import unicodedata
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

LONGEST = 60
# More than this nobody types, and nobody needs to be found by.
MOST = 24
MOST_TYPED = 6
APART = re.compile(r"[^\w@.+-]+")
WITHIN = re.compile(r"[\W_]+")
NO_DIGIT = re.compile(r"\D")
LAST = "\U0010ffff"
# A country is called by one to three digits; who types the number at home leaves them out.
CALLING_DIGITS = (0, 1, 2, 3)
FEWEST_DIGITS = 3
# So many digits of a number's end say whose it is.
FEWEST_AT_THE_END = 5
OWN_DIGITS = 9


def folded(text: str) -> str:
    """Return a text without accents and capitals: Müller becomes muller, Straße strasse."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\0", ""))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def words_of(*texts: str) -> list[str]:
    """Return the words a thing is found by: each as it is written, and in its parts."""
    found: dict[str, None] = {}
    for text in texts:
        for whole in APART.split(folded(text)):
            parts = [part for part in WITHIN.split(whole) if part]
            for word in (whole.strip("@.+-_"), *parts):
                if word:
                    found[word[:LONGEST]] = None
    return list(found)[:MOST]


def phone_words(phone: str) -> list[str]:
    """Return the digits of a number, with and without what one dials from abroad or from another town."""
    digits = NO_DIGIT.sub("", phone).lstrip("0")
    from_abroad = phone.strip().startswith(("+", "00"))
    found = [digits[cut:].lstrip("0") for cut in (CALLING_DIGITS if from_abroad else (0,))]
    return [word[:LONGEST] for word in dict.fromkeys(found) if len(word) >= FEWEST_DIGITS]


def last_word_first(name: str) -> str:
    """Return a folded name as lists of people have it: "byron ada" for Ada Byron."""
    *before, last = folded(name).split() or [""]
    return " ".join([last, *before])


def from_the_end(phone: str) -> str:
    """Return the digits of a number backwards: what is dialled first differs by where one is, its end does not."""
    return NO_DIGIT.sub("", phone)[::-1]


def dialled(text: str) -> str:
    """Return what somebody typed as the end of a number, backwards; nothing where it cannot be one."""
    digits = NO_DIGIT.sub("", text)
    # At home one begins with a zero, from abroad with a code: neither is the number's own.
    own = digits[-OWN_DIGITS:] if text.strip().startswith(("+", "00")) else digits.lstrip("0")
    return "" if re.search(r"[^\d\s()+/.-]", text) or len(own) < FEWEST_AT_THE_END else own[::-1]


def typed_words(text: str) -> list[str]:
    """Return what somebody typed as words to begin with, the longest first; a phone number is one word."""
    digits = NO_DIGIT.sub("", text).lstrip("0")
    if len(digits) >= FEWEST_DIGITS and not re.search(r"[^\d\s()+/.-]", text):
        return [digits[:LONGEST]]
    words = [word.strip("@.+-_")[:LONGEST] for word in APART.split(folded(text))]
    return sorted(filter(None, words), key=len, reverse=True)[:MOST_TYPED]


def begins_with(rows: "QuerySet[Any]", word: str, column: str = "word") -> "QuerySet[Any]":
    """Narrow rows to those whose word begins so."""
    return rows.filter(beginning(word, column))


def beginning(word: str, column: str = "word") -> Q:
    """Return the condition that a word begins so, in the form that the index of the database serves."""
    if connection.vendor == "sqlite":
        return Q(**{f"{column}__gte": word, f"{column}__lt": word + LAST})
    return Q(**{f"{column}__startswith": word})
