"""The kinds of exceptions, by code: who is asked, how much it hurts, how soon it is due, and when it is over.

Each app names its own, in `<app>/admin/__init__.py`:

    categories.register("short_pick", _("short pick"), queue="warehouse", hours=4)

and says, where its services are, which of some open exceptions have lost their cause:

    @categories.over("short_pick")
    def fetched_after_all(exceptions): return {one.pk for one in exceptions if ...}
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.reader import retold
from core.sentences import gettext_noop, sentence

DESK, WAREHOUSE, FINANCE, SYSTEM = "desk", "warehouse", "finance", "system"
DUE_HOURS = {"critical": 4, "warning": 24, "info": 72}


@dataclass(frozen=True)
class Category:
    """A kind of exceptions; without `hours` it is due by its severity."""

    label: Any
    queue: str = DESK
    hours: int | None = None


@dataclass(frozen=True)
class Queue:
    """Who is asked: its name, as it is written down and retold, and the permission of those who stand in it."""

    name: str
    permission: str


QUEUES: dict[str, Queue] = {}


def register_queue(code: str, words: str, permission: str) -> None:
    """Name a queue, and the permission of those who stand in it."""
    QUEUES[code] = Queue(sentence(words)(), permission)


register_queue(DESK, gettext_noop("Order desk"), "orders.operate_order")
register_queue(SYSTEM, gettext_noop("Administrators"), "core.change_delivery")

CATEGORIES: dict[str, Category] = {
    "late": Category(_("late")),
    "backorder": Category(_("waits past its promise")),
    "promise": Category(_("promise at risk")),
    "payment": Category(_("payment"), queue=FINANCE),
    "payment_failed": Category(_("failed payment")),
    "payment_due": Category(_("payment about to lapse"), hours=8),
    "check": Category(_("failed check"), hours=8),
    "shortfall": Category(_("shortfall")),
    "incident": Category(_("incident"), hours=72),
    "mail": Category(_("refused mail")),
    "vat_id": Category(_("VAT id not valid"), queue=FINANCE, hours=8),
    "tax_rate": Category(_("tax rate changed"), queue=FINANCE, hours=8),
    "certificate": Category(_("tax certificate ends"), queue=FINANCE, hours=72),
    "dead_debt": Category(_("work given up"), queue=SYSTEM),
}
Over = Callable[[Sequence[Any]], set[int]]
OVER: dict[str, Over] = {}


def register(code: str, label: Any, *, queue: str = DESK, hours: int | None = None) -> None:
    """Name a kind of exceptions."""
    CATEGORIES[code] = Category(label, queue, hours)


def over(*codes: str) -> Callable[[Over], Over]:
    """Register the question which of some exceptions have lost their cause; it is asked for many at a time."""

    def keep(question: Over) -> Over:
        OVER.update(dict.fromkeys(codes, question))
        return question

    return keep


def of(code: str) -> Category:
    """Return what is known of a kind, be it unknown."""
    return CATEGORIES.get(code) or Category(code.replace("_", " "))


def label(code: str) -> str:
    """Name a kind of exceptions, in the language that is active."""
    known = str(of(code).label)
    return known[:1].upper() + known[1:]


def queue_label(code: str) -> str:
    """Name a queue, in the language that is active."""
    return retold(queue_name(code))


def queue_name(code: str) -> str:
    """Name a queue as it is written down."""
    return QUEUES[code].name if code in QUEUES else code


def hours_of(code: str, severity: str) -> int:
    """Return within how many hours somebody should have solved it."""
    return of(code).hours or DUE_HOURS[severity]
