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
                           url=today.step_of("admin:app_thing_do", 17, "reroute"), beside=True, tone="warn", rank=1)]

    @today.figure(order=10)
    def taken_today() -> today.Figure:
        return today.Figure(_("Taken today"), "412", note=_("+12 % against last Monday"))

    @today.lane(order=10, permission="app.view_work", keep=15)
    def places() -> list[today.Lane]:
        return [today.Lane("T", done=12, left=30, pace="6 an hour", ends="done about 17:20", done_url=…, left_url=…)]

The functions take no request: their answers are shared by all who may see them, with the same limits, and kept for
some seconds (`keep`) per language and time zone; who has just taken a step (`acted`) is told anew. They read through
`seen` (core.sight); `count` does so by itself. Texts are plain text, counts are capped. The nine steps are shown in
the order of their number. A number leads to the list behind it, and the list shows exactly that number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any, TypeVar
from urllib.parse import urlencode

from babel.dates import format_datetime
from django.core.cache import cache
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext

from core import sight
from core.reader import locale

CAP = 999
KEEP_SECONDS = 5
# As many as fit on one screen below the nine steps: what needs a person first, and never a list to scroll.
NEEDS_ME_ROWS = 8
# More sentences than these are no greeting any more.
SPOKEN = 3


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
    """One thing to do next: a sentence and one button. Lower `rank` comes first.

    `beside` opens the button's page beside this one. Of rows `about` the same thing only the first is shown.
    """

    text: str
    url: str
    action: str
    tone: str = "warn"
    detail: str = ""
    page: str = ""
    rank: int = 0
    beside: bool = False
    about: str = ""

    @property
    def thing(self) -> tuple[str, str]:
        """Return what the row is about: the same button for the same record is one thing to do, whoever names it."""
        return ("", self.about) if self.about else (self.url, self.page or self.text)


@dataclass(frozen=True)
class Figure:
    """One number worth knowing, with what it is compared to."""

    label: str
    value: str
    note: str = ""
    url: str = ""
    tone: str = "neutral"


@dataclass(frozen=True)
class Lane:
    """How far the work of one place is today: done and left make what was planned."""

    label: str
    done: int
    left: int
    pace: str = ""
    ends: str = ""
    note: str = ""
    done_url: str = ""
    left_url: str = ""
    tone: str = "neutral"

    @property
    def planned(self) -> int:
        """Return all of today's work."""
        return self.done + self.left

    @property
    def most(self) -> int:
        """Return what a bar that is full stands for."""
        return self.planned or 1


@dataclass(frozen=True)
class Section:
    """A function that says something on the page."""

    name: str
    kind: str
    permission: str
    order: int
    run: Callable[[], Any]
    keep: int = KEEP_SECONDS

    @property
    def key(self) -> str:
        """Return where its answer is kept: who reads another language, clock or part of the house reads another."""
        return f"today:{self.name}:{get_language()}:{timezone.get_current_timezone_name()}:{sight.key()}"


F = TypeVar("F", bound=Callable[[], Any])
SECTIONS: dict[str, Section] = {}


def _register(kind: str, order: int, permission: str, keep: int = KEEP_SECONDS) -> Callable[[F], F]:
    def register(function: F) -> F:
        name = f"{function.__module__}.{function.__name__}"
        SECTIONS[name] = Section(name, kind, permission, order, function, keep)
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


def figure(*, order: int = 50, permission: str = "", keep: int = KEEP_SECONDS) -> Callable[[F], F]:
    """Register a number; a function may also return several."""
    return _register("figure", order, permission, keep)


def lane(*, order: int = 50, permission: str = "", keep: int = KEEP_SECONDS) -> Callable[[F], F]:
    """Register how far the work of places is today."""
    return _register("lane", order, permission, keep)


def count(rows: "QuerySet[Any]", cap: int = CAP) -> int:
    """Count what is there for the reader, but not further than anybody wants to read (`cap` + 1 means more)."""
    return sight.seen(rows).order_by()[: cap + 1].count()


def spoken(number: int) -> str:
    """Say a capped count."""
    return f"{CAP}+" if number > CAP else str(number)


def step_of(route: str, pk: object, name: str, **query: object) -> str:
    """Return the address of a step that leads back to the first screen when it is taken."""
    said = urlencode({**query, "next": reverse("admin:index")})
    return f"{reverse(route, args=[pk, name])}?{said}"


def compared(label: str, now: int, before: int, *, url: str = "") -> Figure:
    """Return a count of today beside that of the same weekday last week, up to the same time of day."""
    day = format_datetime(timezone.localtime() - timedelta(days=7), "EEEE", locale=locale())
    if now == before:
        note = gettext("as last %(day)s by this time") % {"day": day}
    else:
        words = {"change": f"{now - before:+d}".replace("-", "−"), "day": day}
        note = gettext("%(change)s against last %(day)s by this time") % words
    tone = "good" if now > before else "neutral"
    return Figure(label, number_format(now, force_grouping=True), note=note, url=url, tone=tone)


@dataclass(frozen=True)
class Page:
    """Everything on the first screen, for one person."""

    headlines: list[Headline]
    steps: list[Step]
    todos: list[Todo]
    figures: list[Figure]
    lanes: list[Lane]


def page_for(user: Any) -> Page:
    """Ask every section this person may see."""
    visible = [part for part in SECTIONS.values() if not part.permission or user.has_perm(part.permission)]
    visible.sort(key=lambda part: (part.order, part.name))
    answers = _answers(visible, acted=_acted(user.pk))

    def said(kind: str) -> list[Any]:
        return [one for part in visible if part.kind == kind for one in answers[part.name]]

    return Page(
        headlines=said("headline")[:SPOKEN],
        steps=sorted(said("step"), key=lambda found: found.number),
        todos=_most_urgent([answers[part.name] for part in visible if part.kind == "todo"]),
        figures=said("figure"),
        lanes=said("lane"),
    )


def _most_urgent(kinds: Iterable[list[Todo]]) -> list[Todo]:
    """Return what to do next: of each kind in turn, so that fourteen of one hide nothing; the most urgent first."""
    queues = [sorted(rows, key=lambda row: row.rank) for rows in kinds]
    chosen: dict[tuple[str, str], tuple[int, int, Todo]] = {}
    for place in range(NEEDS_ME_ROWS):
        turn = [(queue[place].rank, kind, queue[place]) for kind, queue in enumerate(queues) if len(queue) > place]
        for rank, kind, row in sorted(turn, key=itemgetter(0, 1)):
            if len(chosen) < NEEDS_ME_ROWS:
                chosen.setdefault(row.thing, (rank, kind, row))
    return [row for _rank, _kind, row in sorted(chosen.values(), key=itemgetter(0, 1))]


def acted(user_id: int | None) -> None:
    """Note that somebody has just taken a step: what he is told to do next is not what was kept before."""
    cache.set(_acted(user_id), True, KEEP_SECONDS)


def _acted(user_id: int | None) -> str:
    return f"today:acted:{user_id}"


def _answers(sections: Iterable[Section], *, acted: str) -> dict[str, list[Any]]:
    """Return what each section says, from what is kept as far as it is fresh."""
    keys = {part.key: part for part in sections}
    kept = cache.get_many([acted, *keys])
    found = {}
    for key, part in keys.items():
        is_stale = part.kind == "todo" and acted in kept
        if (answer := kept.get(key)) is None or is_stale:
            answer = _ask(part)
            cache.set(key, answer, part.keep)
        found[part.name] = answer
    return found


def _ask(part: Section) -> list[Any]:
    answer = part.run()
    if answer is None:
        return []
    return list(answer) if isinstance(answer, list | tuple) else [answer]
