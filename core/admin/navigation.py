"""The way around the back office, by job. Core knows no jobs: each app brings its entries.

In `<app>/admin/__init__.py`:

    navigation.register(_("Things"), _("Open things"), "admin:app_thing_changelist",
                        permission="app.view_thing", order=210, icon="box")

Entries with the same group stand together; a group with one entry of the same name is a plain link.
`order` sorts everything, and a group stands where its first entry stands. Leave room:
100 the main list · 200 what went wrong · 300 the floor · 400 what comes back · 500 money ·
600 people · 700 goods · 800 figures · 900 settings (`SETTINGS`), the system itself among them.
Below 900 are the jobs: with Today nobody has more than nine of them. Settings stand apart, at the foot of the bar.
`query` narrows the list (`"?status__exact=open"`). Icons are the names in core/static/core/icons.svg.
`keys` opens the place from everywhere: `"g x"` (see commands.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from core import sight

SETTINGS = _("Settings")
FOOT = 900


@dataclass(frozen=True)
class Entry:
    """One place to go."""

    group: Any
    label: Any
    url_name: str
    permission: str | tuple[str, ...]
    order: int
    icon: str
    query: str = ""
    keys: str = ""
    whole: str = ""

    @property
    def permissions(self) -> tuple[str, ...]:
        """Return all that one has to hold to be led there."""
        if isinstance(self.permission, str):
            return (self.permission,) if self.permission else ()
        return self.permission


@dataclass
class Link:
    """A place as it is shown to somebody."""

    label: str
    url: str
    current: bool = False
    keys: str = ""


@dataclass
class Group:
    """Places that belong to one job."""

    label: str
    icon: str
    order: int = 0
    links: list[Link] = field(default_factory=list)

    @property
    def alone(self) -> bool:
        """Whether the group is nothing but one place of the same name."""
        return len(self.links) == 1 and self.links[0].label == self.label

    @property
    def in_foot(self) -> bool:
        """Whether it stands at the foot of the bar: it is seldom needed."""
        return self.order >= FOOT

    @property
    def current(self) -> bool:
        """Whether the reader is in here."""
        return any(link.current for link in self.links)


ENTRIES: dict[tuple[str, str], Entry] = {}


def register(
    group: Any,
    label: Any,
    url_name: str,
    *,
    permission: str | tuple[str, ...] = "",
    order: int,
    icon: str = "dot",
    query: str = "",
    keys: str = "",
    whole: str = "",
) -> None:
    """Add a place to the navigation; the same address again replaces it.

    `whole` names a kind of limit: who has one of that kind does not see the place, it is about all there is.
    """
    ENTRIES[(url_name, query)] = Entry(group, label, url_name, permission, order, icon, query, keys, whole)


def groups_for(request: HttpRequest) -> list[Group]:
    """Return what this person may see, in order, with the place they are at marked."""
    groups: dict[str, Group] = {}
    links: list[tuple[str, Link]] = []
    for entry in sorted(_visible(request), key=lambda entry: (entry.order, str(entry.label))):
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        group = groups.setdefault(str(entry.group), Group(str(entry.group), entry.icon, entry.order))
        link = Link(str(entry.label), url + entry.query, keys=entry.keys)
        group.links.append(link)
        links.append((url, link))
    _mark(request, links)
    return list(groups.values())


def _visible(request: HttpRequest) -> Iterable[Entry]:
    return (
        entry
        for entry in ENTRIES.values()
        if request.user.has_perms(entry.permissions)
        and not (entry.whole and sight.limited_to(entry.whole) is not None)
    )


def _mark(request: HttpRequest, links: list[tuple[str, Link]]) -> None:
    """Mark the place whose address, or else the longest beginning of it, is the one being read."""
    here = request.get_full_path()
    exact = [link for _url, link in links if link.url == here]
    inside = sorted((pair for pair in links if request.path.startswith(pair[0])), key=lambda pair: -len(pair[0]))
    for link in exact[:1] or [link for _url, link in inside[:1]]:
        link.current = True
