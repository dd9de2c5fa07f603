"""Columns of lists, ready-made. Use them in `list_display` (and in `facts` of a PanelAdmin).

    list_display = ["number", badge_column("status"), money_column("total"), when_column("placed_at"),
                    link_column("customer"), figure_column("quantity")]

All sort by their field. Figures stand right-aligned in tabular digits. `a__b` follows relations (name
them in `list_select_related` then).
"""

from collections.abc import Callable
from functools import cache, reduce, wraps
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext

from core.admin.links import link_to, may_see, page_of_thread, title_of
from core.reader import country_name, retold
from core.templatetags.back_office import badge, icon, money, spoken_actor, when

Column = Callable[[Any], Any]


def follow(obj: Any, path: str) -> Any:
    """Return what a path leads to from a record; None where it ends on the way."""
    return reduce(lambda found, name: getattr(found, name, None), path.split("__"), obj)


def spoken_choice(obj: Any, name: str) -> str:
    """Return a value in the words of its choices; Django's own display translates all of them for one."""
    value = getattr(obj, name)
    return str(_labels(obj._meta.label, name).get(value, "" if value is None else value))


@cache
def _labels(label: str, name: str) -> dict[Any, Any]:
    return dict(apps.get_model(label)._meta.get_field(name).flatchoices)


def _column(
    path: str, label: Any, show: Callable[[Any], Any], *, figure: bool = False, order: Any = "", raw: bool = True
) -> Column:
    @admin.display(description=label or path.rsplit("__", 1)[-1].replace("_", " "), ordering=order or path)
    def column(obj: Any) -> Any:
        return show(obj)

    column.__name__ = path
    column.figure = figure  # type: ignore[attr-defined]
    column.field_path = "" if label else path  # type: ignore[attr-defined]
    # What a file takes from the record itself, instead of what is drawn of it (bulk_export.py).
    column.raw_path = path if raw else ""  # type: ignore[attr-defined]
    return column


def money_column(
    path: str, label: Any = "", *, currency: str = "currency", if_any: bool = False, ordering: Any = ""
) -> Column:
    """Show an amount in its currency; zero is quiet, or with `if_any` not shown at all.

    `ordering`: what the database sorts by, where the amount is worked out and no column of it.
    """

    def show(obj: Any) -> Any:
        amount = follow(obj, path)
        return money(amount, follow(obj, currency)) if amount or not if_any else ""

    column = _column(path, label, show, figure=True, order=ordering)
    column.currency_path = currency  # type: ignore[attr-defined]
    return column


def figure_column(path: str, label: Any = "", *, ordering: str = "") -> Column:
    """Show a number, right-aligned."""
    return _column(path, label, lambda obj: follow(obj, path), figure=True, order=ordering)


def badge_column(path: str, label: Any = "") -> Column:
    """Show a status as its badge, in the words of its choices."""

    def show(obj: Any) -> Any:
        *parents, name = path.split("__")
        owner = reduce(getattr, parents, obj)
        return badge(getattr(owner, name), spoken_choice(owner, name))

    return _column(path, label, show)


def choice_column(path: str, label: Any = "") -> Column:
    """Show one of several values in the words of its choices."""
    return _column(path, label, lambda obj: capfirst(spoken_choice(obj, path)) or "–")


def worded_column(path: str, words: Callable[[str], str], label: Any = "") -> Column:
    """Show a code by the name that a function gives it."""
    return _column(path, label, lambda obj: capfirst(words(follow(obj, path))) or "–")


def when_column(path: str, label: Any = "") -> Column:
    """Show a moment or a day, short, with all of it on hover."""
    return _column(path, label, lambda obj: when(follow(obj, path)))


def link_column(path: str, label: Any = "", *, ordering: str = "") -> Column:
    """Show a related record as a link to its page."""
    column = _column(path, label, lambda obj: link_to(follow(obj, path)) or "–", order=ordering)
    column.links_to = path  # type: ignore[attr-defined]
    return column


def thread_column(path: str, label: Any, *, text: str = "") -> Column:
    """Show what a history (`app.model:17`) is about, as a link to its page."""
    column = _column(path, label, lambda obj: follow(obj, text or path) or "–")
    column.__name__ = "about"
    column.thread = path  # type: ignore[attr-defined]
    return column


def for_reader(column: Any, user: Any) -> Any:
    """Return a column as somebody sees it: a record that is not his to open is named, not linked."""
    if path := getattr(column, "thread", ""):

        @wraps(column)
        def linked(obj: Any) -> Any:
            url = page_of_thread(follow(obj, path), user)
            return format_html('<a href="{}">{}</a>', url, column(obj)) if url else column(obj)

        return linked
    path = getattr(column, "links_to", "")
    if not path:
        return column

    @wraps(column)
    def named(obj: Any) -> Any:
        found = follow(obj, path)
        return column(obj) if found is None or may_see(user, found) else title_of(found)

    return named


def flag_column(path: str, label: Any = "") -> Column:
    """Show whether something is so: a tick, or nothing to disturb."""

    def show(obj: Any) -> Any:
        if follow(obj, path):
            return format_html('<span class="yes">{}</span>', icon("check", gettext("yes")))
        return format_html('<span class="quiet" aria-label="{}">–</span>', gettext("no"))

    return _column(path, label, show)


def actor_column(path: str, label: Any = "") -> Column:
    """Name who did it."""
    return _column(path, label, lambda obj: spoken_actor(follow(obj, path)) or "–", raw=False)


def country_column(path: str, label: Any = "") -> Column:
    """Name a country by its code."""
    return _column(path, label, lambda obj: country_name(follow(obj, path)) or "–", raw=False)


def retold_column(path: str, label: Any = "") -> Column:
    """Show a sentence of the machine in the words of the reader."""
    return _column(path, label, lambda obj: retold(follow(obj, path)), raw=False)


def code_column(path: str, label: Any = "") -> Column:
    """Show a code in a fixed-width face: a tracking number, a reference, a bin."""

    def show(obj: Any) -> Any:
        value = follow(obj, path)
        return format_html("<code>{}</code>", value) if value else "–"

    return _column(path, label, show)
