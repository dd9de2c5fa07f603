"""What can be called by name or by key: one list that the palette shows, the keys obey and the sheet of keys prints.

    commands.register("thing.add", _("New thing"), url_name="admin:app_thing_add",
                      permission="app.add_thing", keys="c", icon="plus")

A command leads to a page (`url_name`), presses a control of the page (`press`, a CSS selector) or calls a
deed of core/static/core/commands.js (`deed`). Places of the navigation and the forms that add a row come by
themselves; `navigation.register(..., keys="g x")` gives a place its keys. What a record allows, a list offers
and the menu of the person holds is read from the page, where every link may carry `data-keys`.

Keys: "g x" is one after the other, "x,Enter" either of them, "Mod+k" with Ctrl or Cmd. Single keys work
only outside of fields, and everybody may switch them off for themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import navigation, searching
from core.admin.actors import actor_for
from core.models import User
from core.service import note_change, unit_of_work

GO_TO = _("Go to")
ACTIONS = _("Actions")
IN_LISTS = _("In lists")
EVERYWHERE = _("Everywhere")
GROUPS = (ACTIONS, GO_TO, IN_LISTS, EVERYWHERE)


@dataclass(frozen=True)
class Command:
    """One thing that can be called: `listed` says whether the palette names it, or only the sheet of keys.

    `prominent`: it has a button at the top of every page, for what is begun again and again.
    """

    name: str
    label: Any
    url_name: str = ""
    press: str = ""
    deed: str = ""
    permission: str = ""
    keys: str = ""
    icon: str = "arrow"
    group: Any = ACTIONS
    order: int = 500
    listed: bool = True
    prominent: bool = False
    when: Callable[[HttpRequest], bool] | None = None


@dataclass
class Offer:
    """A command as somebody is offered it."""

    label: str
    keys: str = ""
    url: str = ""
    press: str = ""
    deed: str = ""
    icon: str = "arrow"
    detail: str = ""
    listed: bool = True
    prominent: bool = False

    @property
    def ways(self) -> list[list[str]]:
        """Return the keys as they are pressed: every way a list of strokes."""
        return [way.replace("Mod+", "Ctrl ").split(" ") for way in self.keys.split(",") if way]


@dataclass
class Section:
    """Commands that stand together."""

    label: str
    offers: list[Offer] = field(default_factory=list)

    @property
    def with_keys(self) -> list[Offer]:
        """Return what can be called by a key."""
        return [offer for offer in self.offers if offer.keys]


COMMANDS: dict[str, Command] = {}


def register(name: str, label: Any, **given: Any) -> None:
    """Add a command (see `Command`); the same name again replaces it."""
    COMMANDS[name] = Command(name, label, **given)


def sections_for(site: Any, request: HttpRequest, places: list[navigation.Group]) -> list[Section]:
    """Return what this person may call, with the keys that work for them."""
    sections = {str(label): Section(str(label)) for label in GROUPS}
    for command in sorted(COMMANDS.values(), key=lambda known: known.order):
        if (offer := _offer(request, command)) is not None:
            sections.setdefault(str(command.group), Section(str(command.group))).offers.append(offer)
    sections[str(GO_TO)].offers += _places(places)
    known = {offer.url for offer in sections[str(ACTIONS)].offers}
    sections[str(ACTIONS)].offers += [offer for offer in _forms(site, request) if offer.url not in known]
    if not getattr(request.user, "shortcut_keys", True):
        _without_single_keys(sections)
    return [section for section in sections.values() if section.offers]


def _offer(request: HttpRequest, command: Command) -> Offer | None:
    if command.permission and not request.user.has_perm(command.permission):
        return None
    if command.when is not None and not command.when(request):
        return None
    try:
        url = reverse(command.url_name) if command.url_name else ""
    except NoReverseMatch:
        return None
    return Offer(
        str(command.label),
        command.keys,
        url,
        command.press,
        command.deed,
        command.icon,
        listed=command.listed,
        prominent=command.prominent and url != request.path,
    )


def _places(groups: list[navigation.Group]) -> list[Offer]:
    return [
        Offer(
            link.label, link.keys, link.url, icon=group.icon, detail="" if link.label == group.label else group.label
        )
        for group in groups
        for link in group.links
    ]


def _forms(site: Any, request: HttpRequest) -> list[Offer]:
    """Return the forms that add a row, as the lists offer them."""
    offers = []
    for model, table in site._registry.items():
        if table.has_add_permission(request):
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
            label = gettext("Add %(name)s") % {"name": model._meta.verbose_name}
            offers.append(Offer(label, url=url, icon="plus", detail=capfirst(str(model._meta.verbose_name_plural))))
    return sorted(offers, key=lambda offer: offer.label)


def _without_single_keys(sections: dict[str, Section]) -> None:
    for section in sections.values():
        for offer in section.offers:
            offer.keys = offer.keys if "+" in offer.keys else ""


def keys_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Show all keys, and let everybody switch the single ones off (WCAG 2.1.4) or on."""
    if request.method == "POST":
        choose_shortcut_keys(request, on=request.POST.get("single_keys") == "on")
        return HttpResponseRedirect(reverse("admin:keys"))
    context = {**site.each_context(request), "title": gettext("Keyboard shortcuts")}
    return TemplateResponse(request, "admin/keys_page.html", context)


def choose_shortcut_keys(request: HttpRequest, *, on: bool) -> None:
    """Switch the single keys of the person at the desk."""
    with unit_of_work():
        person = User.objects.get(pk=request.user.pk)
        before = person.shortcut_keys
        if before != on:
            person.shortcut_keys = on
            person.save(update_fields=["shortcut_keys"])
            note_change(
                person,
                "core.user.changed",
                actor=actor_for(request),
                before={"shortcut_keys": before},
                after={"shortcut_keys": on},
            )
    said = gettext("Single keys are switched on.") if on else gettext("Single keys are switched off.")
    messages.success(request, said)


def urls(site: Any) -> list[Any]:
    """Return the address of the page of keys."""

    def view(request: HttpRequest) -> HttpResponse:
        return keys_view(site, request)

    return [path("keys/", site.admin_view(view), name="keys")]


register("palette", _("Command palette"), deed="palette", keys="Mod+k", icon="command", group=EVERYWHERE, listed=False)
register(
    "search",
    _("Search everything"),
    deed="search",
    keys="/",
    icon="search",
    group=EVERYWHERE,
    listed=False,
    when=searching.can_search,
)
register("keys", _("Keyboard shortcuts"), deed="keys", keys="?", icon="command", group=EVERYWHERE, order=900)
register("today", _("Today"), url_name="admin:index", keys="g t", icon="home", group=GO_TO, order=0)
for order, (name, label, keys) in enumerate(
    [
        ("row-next", _("Next row"), "j"),
        ("row-before", _("Row before"), "k"),
        ("row-open", _("Open the row"), "o,Enter"),
        ("row-select", _("Select the row, or not"), "x"),
    ]
):
    register(name, label, deed=name, keys=keys, group=IN_LISTS, order=order, listed=False)
for choice, label, icon in (
    ("dark", _("Switch to dark"), "moon"),
    ("light", _("Switch to light"), "sun"),
    ("auto", _("Colours like the system"), "auto"),
):
    register(f"colours-{choice}", label, press=f"[data-theme-choice={choice}]", icon=icon, group=EVERYWHERE, order=910)
