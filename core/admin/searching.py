"""One box that finds everything. Apps say how their things are found:

    @finder(permission="app.view_thing", order=10)
    def find_things(term: str) -> list[Hit]:
        rows = Thing.objects.filter(number__iexact=term)[:LIMIT]
        return [Hit(str(thing), page_of(thing), detail=thing.owner_name, kind=_("Thing")) for thing in rows]

Use exact and prefix look-ups that an index serves. One single hit, or the one whose number was typed,
opens at once. The command palette asks the same finders while somebody types (`hits/`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from core.badges import tone_of

LIMIT = 20
# What the palette shows of each kind, and from how many letters on it asks; a digit is a number.
OF_EACH_KIND = 5
SHORTEST = 2
NUMBER = re.compile(r"^([A-Z]+-)?0*(.+)$")


@dataclass(frozen=True)
class Hit:
    """Something that was found: `code` is what else it is known by, where the title is a name."""

    title: str
    url: str
    detail: str = ""
    kind: Any = ""
    status: str = ""
    status_label: Any = ""
    code: str = ""


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


def _term(request: HttpRequest) -> str:
    # PostgreSQL takes no NUL, not even to look for it.
    return request.GET.get("q", "").replace("\0", "").strip()[:100]


def _is_number_of(hit: Hit, term: str) -> bool:
    """Whether people would say that number so: T-000123, t-123 and 123 are the same."""
    known, said = NUMBER.match(hit.title.upper()), NUMBER.match(term.upper())
    if not known or not said or not any(sign.isdigit() for sign in term):
        return False
    return known[2] == said[2] and said[1] in (None, known[1])


def is_exact(hit: Hit, term: str) -> bool:
    """Whether what was typed is the very number or code of what was found."""
    return _is_number_of(hit, term) or bool(hit.code and hit.code.upper() == term.upper())


def hits_for(request: HttpRequest, term: str, *, of_each: int = LIMIT) -> list[Hit]:
    """Return what this person may find, what was typed to the letter first."""
    found = [hit for known in _finders(request) for hit in known.find(term)[:of_each]] if term else []
    return sorted(found, key=lambda hit: not is_exact(hit, term))


def search_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Show what was found; a single hit, or the number that was typed, opens at once."""
    term = _term(request)
    hits = hits_for(request, term)
    numbers = [hit for hit in hits if _is_number_of(hit, term)]
    for only in (hits, numbers):
        if len(only) == 1:
            return HttpResponseRedirect(only[0].url)
    context = {**site.each_context(request), "title": _("Search"), "term": term, "hits": hits}
    return TemplateResponse(request, "admin/search_page.html", context)


def hits_view(request: HttpRequest) -> HttpResponse:
    """Tell the command palette what is found so far, a few of each kind."""
    term = _term(request)
    hits = hits_for(request, term, of_each=OF_EACH_KIND) if len(term) >= SHORTEST or term.isdigit() else []
    return JsonResponse({"term": term, "hits": [_told(hit, term) for hit in hits]})


def _told(hit: Hit, term: str) -> dict[str, Any]:
    told = {"label": str(hit.title), "detail": str(hit.detail), "url": hit.url, "kind": str(hit.kind)}
    if hit.status:
        words = str(hit.status_label or hit.status.replace("_", " "))
        told |= {"status": words[:1].upper() + words[1:], "tone": tone_of(hit.status)}
    return {**told, "exact": is_exact(hit, term)}


def urls(site: Any) -> list[Any]:
    """Return the addresses of the search."""

    def view(request: HttpRequest) -> HttpResponse:
        return search_view(site, request)

    return [
        path("search/", site.admin_view(view), name="search"),
        path("search/hits/", site.admin_view(hits_view), name="hits"),
    ]
