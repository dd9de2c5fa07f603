"""What helps against exceptions, each registered by the app that can do it.

In `<app>/admin/remedies.py`:

    remedies.register(
        Remedy("reroute", _("Send from elsewhere"), ("short_pick",), "app.reroute", offer=…, execute=services.…)
    )

`offer` says what it would mean, with what it costs, or nothing where it does not help this one; it only reads.
`details` says more, where that is dear to find out: only on the page that asks. `execute` is one service,
`(exception_id, *, actor, **what the form says)`. The first of a kind is its best.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Offer:
    """What a remedy would mean, in sentences; the last one may say what it costs."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Remedy:
    """One way out of some kinds of exceptions, or of every kind: then `kinds` names none."""

    code: str
    label: Any
    kinds: tuple[str, ...]
    permission: str
    offer: Callable[[Any], Offer | None]
    execute: Callable[..., Any]
    form: Any = None
    order: int = 50
    style: str = ""
    initial: Callable[[Any], dict[str, Any]] | None = None
    arguments: Callable[[Any, dict[str, Any]], dict[str, Any]] | None = None
    details: Callable[[Any], list[str]] | None = None

    def is_for(self, kind: str) -> bool:
        """Whether it may help against a kind of exceptions."""
        return not self.kinds or kind in self.kinds


REMEDIES: dict[str, Remedy] = {}


def register(remedy: Remedy) -> None:
    """Offer a remedy; the same code again replaces it."""
    REMEDIES[remedy.code] = remedy


def known() -> list[Remedy]:
    """Return every remedy, the best first."""
    return sorted(REMEDIES.values(), key=lambda one: (one.order, one.code))


def for_kind(code: str) -> list[Remedy]:
    """Return what may help against a kind of exceptions, the best first."""
    return [one for one in known() if one.is_for(code)]


def offer_of(remedy: Remedy, exception: Any) -> Offer | None:
    """Return what a remedy would mean for an open exception, if it is one for it; worked out once for a page."""
    if exception.closed_at is not None or not remedy.is_for(exception.category):
        return None
    known: dict[str, Offer | None] = exception.__dict__.setdefault("_offers", {})
    if remedy.code not in known:
        known[remedy.code] = remedy.offer(exception)
    return known[remedy.code]
