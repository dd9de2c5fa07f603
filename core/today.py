"""The first screen of the day, composed by registration. Core draws it; apps say what is on it.

In `<app>/admin/today.py`, imported by `<app>/admin/__init__.py`:

    @today.headline(order=10, permission="app.view_thing")
    def late_things() -> today.Headline | None:
        late = today.count(Thing.objects.late())
        if not late: return None
        return today.Headline(ngettext("%(n)s thing is late", "%(n)s things are late", late) % {"n": late},
                              url=list_of(Thing, late="1"), tone="bad")

    @today.step(permission="app.view_thing")
    def placement() -> today.Step:
        return today.Step(1, _("Placement"), today.count(Thing.objects.filter(status="draft")), url, late=2)

    @today.todo(order=10, permission="app.operate_thing")
    def stuck_things() -> list[today.Todo]:
        return [today.Todo(text=_("T-17 · Linde · 4 × blue missing, another place has 9"), action=_("Send from there"),
                           url=reverse("admin:app_thing_do", args=[17, "reroute"]), tone="warn", rank=thing.rank)]

    @today.figure(order=10)
    def taken_today() -> today.Figure:
        return today.Figure(_("Taken today"), "412", note=_("+12 % against last Monday"))

The functions take no request: their answers are shared by all who may see them and kept for some seconds
per language. Texts are plain text, counts are capped. The nine steps are shown in the order of their number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils.translation import get_language

CAP = 999
KEEP_SECONDS = 5
# As many as fit on one screen below the nine steps: what needs a person first, and never a list to scroll.
NEEDS_ME_ROWS = 8


@dataclass(frozen=True)
class Headline:
    """One sentence of the greeting."""

    text: str
    url: str = ""
    tone: str = "neutral"


@dataclass(frozen=True)
class Step:
    """One of the steps, with how many are in it now and how many of those are late."""

    number: int
    label: str
    count: int
    url: str = ""
    late: int = 0
    note: str = ""


@dataclass(frozen=True)
class Todo:
    """One thing to do next: a sentence and one button. Lower `rank` comes first."""

    text: str
    url: str
    action: str
    tone: str = "warn"
    detail: str = ""
    page: str = ""
    rank: int = 0


@dataclass(frozen=True)
class Figure:
    """One number worth knowing, with what it is compared to."""

    label: str
    value: str
    note: str = ""
    url: str = ""
    tone: str = "neutral"


@dataclass(frozen=True)
class Section:
    """A function that says something on the page."""

    name: str
    kind: str
    permission: str
    order: int
    run: Callable[[], Any]


F = TypeVar("F", bound=Callable[[], Any])
SECTIONS: dict[str, Section] = {}


def _register(kind: str, order: int, permission: str) -> Callable[[F], F]:
    def register(function: F) -> F:
        name = f"{function.__module__}.{function.__name__}"
        SECTIONS[name] = Section(name, kind, permission, order, function)
        return function

    return register


def headline(*, order: int = 50, permission: str = "") -> Callable[[F], F]:
    """Register a sentence of the greeting (or None when there is nothing to say)."""
    return _register("headline", order, permission)


def step(*, order: int = 50, permission: str = "") -> Callable[[F], F]:
    """Register a step; a function may also return several."""
    return _register("step", order, permission)


def todo(*, order: int = 50, permission: str = "") -> Callable[[F], F]:
    """Register a list of things to do next."""
    return _register("todo", order, permission)


def figure(*, order: int = 50, permission: str = "") -> Callable[[F], F]:
    """Register a number; a function may also return several."""
    return _register("figure", order, permission)


def count(rows: "QuerySet[Any]", cap: int = CAP) -> int:
    """Count rows, but not further than anybody wants to read (`cap` + 1 means more)."""
    return rows.order_by()[: cap + 1].count()


@dataclass(frozen=True)
class Page:
    """Everything on the first screen, for one person."""

    headlines: list[Headline]
    steps: list[Step]
    todos: list[Todo]
    figures: list[Figure]


def page_for(user: Any) -> Page:
    """Ask every section this person may see."""
    visible = [part for part in SECTIONS.values() if not part.permission or user.has_perm(part.permission)]
    visible.sort(key=lambda part: (part.order, part.name))
    return Page(
        headlines=_answers(visible, "headline"),
        steps=sorted(_answers(visible, "step"), key=lambda found: found.number),
        todos=sorted(_answers(visible, "todo"), key=lambda found: found.rank)[:NEEDS_ME_ROWS],
        figures=_answers(visible, "figure"),
    )


def _answers(sections: Iterable[Section], kind: str) -> list[Any]:
    found: list[Any] = []
    for part in sections:
        if part.kind != kind:
            continue
        key = f"today:{part.name}:{get_language()}"
        found.extend(cache.get_or_set(key, lambda part=part: _ask(part), KEEP_SECONDS) or [])
    return found


def _ask(part: Section) -> list[Any]:
    answer = part.run()
    if answer is None:
        return []
    return list(answer) if isinstance(answer, list | tuple) else [answer]
