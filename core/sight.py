"""What a member of staff sees of what there is: people may be limited to some of the places and ways of the house.

Core knows neither. An app names what people are limited to, and each app says which of its records that hides:

    sight.limit("channel", _("Channels"), offers=lambda: [("web", "Web shop"), ...])

    @sight.hides("app.thing", "channel")
    def things(rows, codes): return rows.filter(channel__code__in=codes)

Whatever staff read through a door goes through `seen`: `seen(Thing.objects.filter(...))`. While somebody who is
limited is being served, a record beyond the limits is not there: not on a list, as a page, for a step, to a search,
in a count. Services do not ask; they are called about records that a door has seen.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
Limits = Mapping[str, frozenset[str]]
Hide = Callable[["QuerySet[Any]", frozenset[str]], "QuerySet[Any]"]


@dataclass(frozen=True)
class Kind:
    """Something that people may be limited to: `offers` returns the codes and names to choose from."""

    name: str
    label: Any
    offers: Callable[[], Iterable[tuple[str, str]]]


KINDS: dict[str, Kind] = {}
RULES: dict[str, dict[str, Hide]] = defaultdict(dict)
_limits: ContextVar[Limits] = ContextVar("limits", default={})  # noqa: B039 - never changed


def limit(name: str, label: Any, *, offers: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Register something that people may be limited to."""
    KINDS[name] = Kind(name, label, offers)


def hides(label: str, kind: str) -> Callable[[Hide], Hide]:
    """Register which records of a table (`app.model`) people see who are limited to codes of a kind."""

    def register(function: Hide) -> Hide:
        RULES[label][kind] = function
        return function

    return register


def limits_of(user: Any) -> Limits:
    """Return what somebody is limited to; whoever holds every power is limited to nothing."""
    if not getattr(user, "is_staff", False) or user.is_superuser:
        return {}
    return {kind: frozenset(codes) for kind, codes in user.limits.items() if codes}


@contextmanager
def within(limits: Limits) -> Iterator[None]:
    """Let everything that is read inside be seen within these limits."""
    token = _limits.set(limits)
    try:
        yield
    finally:
        _limits.reset(token)


def limited_to(kind: str) -> frozenset[str] | None:
    """Return the codes that the reader is limited to; None means all there are."""
    return _limits.get().get(kind)


def seen(rows: "QuerySet[M]") -> "QuerySet[M]":
    """Return those of the rows that are there for the reader."""
    rules = RULES.get(rows.model._meta.label_lower, {})
    for kind, codes in _limits.get().items():
        if kind in rules:
            rows = rules[kind](rows, codes)
    return rows


def sees(person: Any, rows: "QuerySet[Any]") -> set[int]:
    """Return the ids of the rows that are there for somebody, whoever is being served."""
    with within(limits_of(person)):
        return set(seen(rows).values_list("pk", flat=True))


def may_open(person: Any, label: str) -> bool:
    """Whether somebody may open the pages of a table (`app.model`)."""
    app, _dot, name = label.partition(".")
    return any(person.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))


def key() -> str:
    """Return what tells answers apart that are kept for readers with different limits."""
    return ";".join(f"{kind}={','.join(sorted(codes))}" for kind, codes in sorted(_limits.get().items()))
