"""Why goods come back: what customers choose from (codes in the API), and the words of each for people."""

from core.reader import retold
from core.sentences import gettext_noop, sentence

REASONS = {
    "changed_mind": sentence(gettext_noop("Changed mind")),
    "damaged": sentence(gettext_noop("Damaged")),
    "wrong_item": sentence(gettext_noop("Wrong item")),
    "not_as_described": sentence(gettext_noop("Not as described")),
    "too_late": sentence(gettext_noop("Too late")),
}


def in_words(reason: str) -> str:
    """Return what documents and refunds write down: a choice in English words, or what was typed."""
    known = REASONS.get(reason)
    return known() if known else reason


def spoken(reason: str) -> str:
    """Say it in the language of the reader."""
    return retold(in_words(reason))
