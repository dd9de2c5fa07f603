"""How often something may be tried before it must wait, so that guessing does not pay.

Tries are counted by who makes them and by what they are about: one visitor cannot guess many things, many visitors
cannot guess one. What was typed is counted as it was typed, so that nobody learns from it whether we know it.

A stranger may use up the tries of somebody else's order. So a pause is short and counts from the first of the tries,
a refused try does not lengthen it, and the way of the owner is never behind it: the link in each of our mails opens
the order, and whoever is refused another link to sign in has some that work in the mailbox.
"""

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

from core.visitors import client_address

MINUTE = 60
HALF_AN_HOUR = 30 * MINUTE
BY_ONE_VISITOR = 10
ABOUT_ONE_THING = 10
# No fewer than one who mistypes needs; as long as a link works, so that one of them always does.
LINKS_TO_ONE_MAILBOX = 5


def too_many_by_visitor(request: HttpRequest, what: str) -> bool:
    """Count a try of this visitor."""
    return _count(_key(what, "visitor", client_address(request)), seconds=MINUTE) > BY_ONE_VISITOR


def too_many_about(what: str, thing: str) -> bool:
    """Count a try that concerns one thing, whoever makes it."""
    return _count(_key(what, "thing", thing), seconds=MINUTE) > ABOUT_ONE_THING


def too_many_links(email: str) -> bool:
    """Count a link to sign in that somebody wants sent to a mailbox."""
    return _count(_key("mail-link", "email", email), seconds=HALF_AN_HOUR) > LINKS_TO_ONE_MAILBOX


def too_many_guesses(what: str, **typed: str) -> bool:
    """Whether one of the things that were typed was part of too many wrong guesses."""
    counted = cache.get_many([_key(what, name, text) for name, text in typed.items()])
    return any(times >= ABOUT_ONE_THING for times in counted.values())


def note_wrong_guess(what: str, **typed: str) -> None:
    """Count a wrong guess against each of the things it was made of."""
    for name, text in typed.items():
        _count(_key(what, name, text), seconds=HALF_AN_HOUR)


def _key(what: str, name: str, text: str) -> str:
    # A hash, because a cache refuses blanks and long names.
    known_by = hashlib.sha256(text.strip().lower().encode()).hexdigest()[:32]
    return f"portal:{what}:{name}:{known_by}"


def _count(key: str, *, seconds: int) -> int:
    cache.add(key, 0, timeout=seconds)
    try:
        return int(cache.incr(key))
    except ValueError:
        # The time ended between the two calls.
        return 1
