"""One box that finds everything. Apps say how their things are found:

    @finder(permission="app.view_thing", order=10)
    def find_things(term: str) -> list[Hit]:
        rows = Thing.objects.filter(number__iexact=term)[:LIMIT]
        return [Hit(str(thing), page_of(thing), detail=thing.owner_name, kind=_("Thing")) for thing in rows]

Use exact and prefix look-ups that an index serves. One single hit opens at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

LIMIT = 20


@dataclass(frozen=True)
class Hit:
    """Something that was found."""

    title: str
    url: str
    detail: str = ""
    kind: Any = ""
    status: str = ""
    status_label: Any = ""


@dataclass(frozen=True)
class Finder:
    """How one kind of thing is found."""

    name: str
    permission: str
    order: int
    find: Callable[[str], list[Hit]]


FINDERS: dict[str, Finder] = {}


def finder(*, permission: str, order: int = 50) -> Callable[[Callable[[str], list[Hit]]], Callable[[str], list[Hit]]]:
    """Register a way to find things."""

    def register(function: Callable[[str], list[Hit]]) -> Callable[[str], list[Hit]]:
        name = f"{function.__module__}.{function.__name__}"
        FINDERS[name] = Finder(name, permission, order, function)
        return function

    return register


def _finders(request: HttpRequest) -> list[Finder]:
    allowed = (known for known in FINDERS.values() if request.user.has_perm(known.permission))
    return sorted(allowed, key=lambda known: (known.order, known.name))


def can_search(request: HttpRequest) -> bool:
    """Whether this person can find anything at all."""
    return bool(_finders(request))


def search_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Show what was found; a single hit opens at once."""
    # PostgreSQL takes no NUL, not even to look for it.
    term = request.GET.get("q", "").replace("\0", "").strip()[:100]
    hits = [hit for known in _finders(request) for hit in known.find(term)] if term else []
    if len(hits) == 1:
        return HttpResponseRedirect(hits[0].url)
    context = {**site.each_context(request), "title": _("Search"), "term": term, "hits": hits}
    return TemplateResponse(request, "admin/search_page.html", context)


def urls(site: Any) -> list[Any]:
    """Return the address of the search."""

    def view(request: HttpRequest) -> HttpResponse:
        return search_view(site, request)

    return [path("search/", site.admin_view(view), name="search")]
