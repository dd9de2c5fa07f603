"""Which reminder an invoice gets next, and why none: pure, from days and levels.

A level is reached by the days that an invoice is overdue. Nobody skips one: who hears of it late gets the first
reminder first, and then as many days as lie between the levels before the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from core.sentences import gettext_noop, sentence

EARLY = sentence(gettext_noop("The next reminder is due on %(day)s"))
ALL_SENT = sentence(gettext_noop("Every reminder was sent; somebody has to talk to them"))()
SET_ASIDE = sentence(gettext_noop("Set aside until %(day)s: %(reason)s"))
NO_ADDRESS = sentence(gettext_noop("No e-mail address is known"))()
PAID_MEANWHILE = sentence(gettext_noop("Nothing is overdue on it any more"))()
IN_THE_BANK_FILE = sentence(gettext_noop("Its money is in the bank statement and waits to be booked"))()
BEING_TAKEN = sentence(gettext_noop("Its money is being taken at the provider"))()
SENT_MEANWHILE = sentence(gettext_noop("Reminded by somebody else meanwhile"))()
BUSY = sentence(gettext_noop("Its reminder is being sent"))()
NO_LEVELS = sentence(gettext_noop("No level is active for it"))()


class Level(Protocol):
    """A step of reminding: from how many days overdue on."""

    number: int
    days: int


@dataclass(frozen=True)
class Sent:
    """The last reminder of an invoice: its level, and how many days ago."""

    number: int
    days_ago: int


def next_level(
    levels: Sequence[Level], *, days_overdue: int, last: Sent | None, today: date
) -> tuple[Level | None, str]:
    """Return the level that is due now, or none and why."""
    ladder = sorted(levels, key=lambda one: one.number)
    if not ladder:
        return None, NO_LEVELS
    reached = last.number if last else 0
    wanted = next((one for one in ladder if one.number > reached), None)
    if wanted is None:
        return None, ALL_SENT
    wait = wanted.days - days_overdue
    if last is not None:
        before = max((one.days for one in ladder if one.number <= reached), default=0)
        wait = max(wait, wanted.days - before - last.days_ago)
    if wait > 0:
        return None, EARLY(day=(today + timedelta(days=wait)).isoformat())
    return wanted, ""


BUCKETS: tuple[tuple[str, int, int | None], ...] = (
    ("1-30", 1, 30),
    ("31-60", 31, 60),
    ("61-90", 61, 90),
    ("91", 91, None),
)


def bucket_of(days: int) -> str:
    """Return in which of the ageing buckets an invoice stands that is overdue for some days."""
    return next((key for key, least, most in BUCKETS if days >= least and (most is None or days <= most)), "")
