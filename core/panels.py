"""Pages are composed by registration: an upper app adds its part to a lower app's page."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpRequest

T = TypeVar("T")
PanelFunction = Callable[[HttpRequest, Any], tuple[str, dict[str, Any]] | None]


@dataclass(frozen=True)
class Panel:
    """A read-only part of a page: returns its template and context, or nothing to show."""

    name: str
    order: int
    render: PanelFunction


PANELS: dict[str, list[Panel]] = defaultdict(list)


def panel(page: str, *, order: int = 50) -> Callable[[PanelFunction], PanelFunction]:
    """Register a part of a page (`orders.order`, `customers.customer`, …); lower `order` comes first."""

    def register(function: PanelFunction) -> PanelFunction:
        name = f"{function.__module__}.{function.__name__}"
        kept = [known for known in PANELS[page] if known.name != name]
        PANELS[page] = sorted([*kept, Panel(name, order, function)], key=lambda known: (known.order, known.name))
        return function

    return register


@dataclass(frozen=True)
class Lead:
    """A way on from a page, shown as a button in its head."""

    url: str
    label: str
    icon: str


LeadFunction = Callable[[HttpRequest, Any], Lead | None]
LEADS: dict[str, list[LeadFunction]] = defaultdict(list)


def lead(page: str) -> Callable[[LeadFunction], LeadFunction]:
    """Register a way on from a page; the function says nothing to who may not go there."""

    def register(function: LeadFunction) -> LeadFunction:
        LEADS[page].append(function)
        return function

    return register


def leads_for(page: str, request: HttpRequest, subject: object) -> list[Lead]:
    """Return the ways on that this reader has."""
    return [found for function in LEADS.get(page, ()) if (found := function(request, subject)) is not None]


def panels_for(page: str, request: HttpRequest, subject: object) -> list[tuple[str, dict[str, Any]]]:
    """Return template and context of each part of a page that has something to show; each has a name to find it by."""
    shown = ((part, part.render(request, subject)) for part in PANELS.get(page, ()))
    return [
        (found[0], {"anchor": part.name.rsplit(".", 1)[-1].replace("_", "-"), **found[1]})
        for part, found in shown
        if found is not None
    ]


def once(request: HttpRequest, key: str, ask: Callable[[], T]) -> T:
    """Ask for what several parts of one page need only once while the page is made."""
    kept: dict[str, Any] = request.__dict__.setdefault("asked_once", {})
    if key not in kept:
        kept[key] = ask()
    found: T = kept[key]
    return found
