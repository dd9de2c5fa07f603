"""How far a record has come, and what brings it on: told by the apps that know, drawn by the frame.

    @stages("app.thing")
    def own_stages(request, thing) -> list[Stage]:
        return [Stage(1, _("Placement"), is_done=thing.placed_at is not None, at=thing.placed_at)]

    @remedy("app.thing", "payment")
    def pay(request, thing) -> Remedy | None:
        return Remedy(_("Record a payment"), url) if request.user.has_perm(OPERATE) else None

The first stage that is not done is the one the record stands at. What a record needs has a name; the
first remedy for it that is open to the person is the one main button of the page.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest

DONE, NOW, NEXT, OFF = "done", "now", "next", "off"


@dataclass(frozen=True)
class Stage:
    """One part of the way: whether it is behind the record, since when, and a word about it."""

    number: int
    label: str
    is_done: bool
    at: datetime | date | None = None
    note: str = ""


@dataclass(frozen=True)
class Milestone:
    """A stage as the reader sees it: done, now, next, or off where the way ended before it."""

    stage: Stage
    state: str


@dataclass(frozen=True)
class Remedy:
    """What brings a record on: one button."""

    label: str
    url: str
    icon: str = ""


StageFunction = Callable[[HttpRequest, Any], list[Stage]]
RemedyFunction = Callable[[HttpRequest, Any], Remedy | None]
STAGES: dict[str, dict[str, StageFunction]] = defaultdict(dict)
REMEDIES: dict[tuple[str, str], dict[str, RemedyFunction]] = defaultdict(dict)


def stages(page: str) -> Callable[[StageFunction], StageFunction]:
    """Register the stages that an app tells about the records of a page."""

    def register(function: StageFunction) -> StageFunction:
        STAGES[page][f"{function.__module__}.{function.__name__}"] = function
        return function

    return register


def remedy(page: str, *needs: str) -> Callable[[RemedyFunction], RemedyFunction]:
    """Register what helps a record in need; the needs are named by the app that owns the record."""

    def register(function: RemedyFunction) -> RemedyFunction:
        for need in needs:
            REMEDIES[page, need][f"{function.__module__}.{function.__name__}"] = function
        return function

    return register


def way_of(page: str, request: HttpRequest, subject: Any, *, is_over: bool = False) -> list[Milestone]:
    """Return the way of a record; where it is over, nothing comes next any more."""
    told = [stage for tell in STAGES[page].values() for stage in tell(request, subject)]
    shown: list[Milestone] = []
    rest = OFF if is_over else NOW
    for stage in sorted(told, key=lambda one: one.number):
        shown.append(Milestone(stage, DONE if stage.is_done else rest))
        rest = NEXT if rest == NOW and not stage.is_done else rest
    return shown


def remedy_for(page: str, need: str, request: HttpRequest, subject: Any) -> Remedy | None:
    """Return what this person can do about a need, if anything."""
    answers = (ask(request, subject) for ask in REMEDIES[page, need].values())
    return next((answer for answer in answers if answer is not None), None)
