"""Views of lists that people keep: saved, changed, shared, put in place, deleted.

Everybody keeps his own. Sharing asks for `core.share_view`. A view that somebody else shares may be
used and copied by all, and changed by who holds `core.manage_shared_view`; one that is not shared does
not exist for anybody but its owner.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict, Invalid, Missing, NotAllowed
from core.looks import LONGEST_VALUE, MOST_FILTERS, Look, difference, moved
from core.models import SavedView
from core.service import note_change, service

SHARE = "core.share_view"
CHANGE_SHARED = "core.manage_shared_view"
LONGEST_NAME = 60
MOST = 40


def visible(table: str, user_id: int | None) -> QuerySet[SavedView]:
    """Return the views of a list that somebody may use: the shared ones, then the own ones."""
    mine = Q(owner=user_id) if user_id is not None else Q(pk__in=[])
    rows = SavedView.objects.filter(Q(shared=True) | mine, table=table).select_related("owner")
    return rows.order_by("-shared", "position", "pk")


def look_of(view: SavedView) -> Look:
    """Return what a view shows."""
    return Look(dict(view.filters), view.search, tuple(view.sort), tuple(view.columns))


def may_change(view: SavedView, actor: Actor) -> bool:
    """Whether somebody may change a view: its owner, or who looks after what is shared."""
    return _is_own(view, actor) or (view.shared and CHANGE_SHARED in actor.can)


@service
def save_view(table: str, *, name: str, look: Look, owner_id: int, actor: Actor, shared: bool = False) -> SavedView:
    """Keep what a list shows under a name, as the last of its tabs."""
    if shared and SHARE not in actor.can:
        raise NotAllowed(_("You may keep views for yourself, not share them"))
    name = _clean_name(table, name, owner_id)
    _refuse_too_much(look)
    if SavedView.objects.filter(table=table, owner=owner_id).count() >= MOST:
        raise Conflict(_("You keep %(most)s views of this list already; delete one first") % {"most": MOST})
    view = SavedView.objects.create(
        table=table,
        slug=_free_slug(table, name),
        name=name,
        owner_id=owner_id,
        shared=shared,
        position=_group(table, owner_id, shared=shared).count() + 1,
        **_kept(look),
    )
    note_change(view, "core.savedview.created", actor=actor, after=_told(view))
    return view


@service
def change_view(
    view_id: int, *, actor: Actor, name: str | None = None, shared: bool | None = None, look: Look | None = None
) -> SavedView:
    """Give a view another name, share it or not, or let it keep something else; its slug stays."""
    view = _locked(view_id, actor)
    before = _told(view)
    if shared and not view.shared and SHARE not in actor.can:
        raise NotAllowed(_("You may keep views for yourself, not share them"))
    if name is not None or (shared and not view.shared):
        view.name = _clean_name(view.table, view.name if name is None else name, view.owner_id, besides=view.pk)
    if shared is not None and shared != view.shared:
        view.shared = shared
        view.position = _group(view.table, view.owner_id, shared=shared).count() + 1
    if look is not None:
        _refuse_too_much(look)
        for field, value in _kept(look).items():
            setattr(view, field, value)
    after = _told(view)
    changed = [field for field in after if after[field] != before[field]]
    if changed:
        view.save()
        note_change(
            view,
            "core.savedview.changed",
            actor=actor,
            before={field: before[field] for field in changed},
            after={field: after[field] for field in changed},
        )
    return view


@service
def move_view(view_id: int, *, step: int, actor: Actor) -> SavedView:
    """Move a view one tab towards the beginning (-1) or the end (1) of those beside it."""
    view = _locked(view_id, actor)
    places = (
        _group(view.table, view.owner_id, shared=view.shared).order_by("position", "pk").values_list("pk", flat=True)
    )
    before, after = [str(pk) for pk in places], moved([str(pk) for pk in places], str(view.pk), step)
    if before != after:
        _put(after)
        places_of = {"position": before.index(str(view.pk)) + 1}, {"position": after.index(str(view.pk)) + 1}
        note_change(view, "core.savedview.changed", actor=actor, before=places_of[0], after=places_of[1])
    return view


@service
def delete_view(view_id: int, *, actor: Actor) -> None:
    """Delete a view; what it was stays in the history."""
    view = _locked(view_id, actor)
    note_change(view, "core.savedview.deleted", actor=actor, before=_told(view))
    # The history names the row that is gone.
    SavedView.objects.filter(pk=view.pk).delete()


def _locked(view_id: int, actor: Actor) -> SavedView:
    view = SavedView.objects.locked().select_related("owner").filter(pk=view_id).first()
    if view is None or not (view.shared or _is_own(view, actor)):
        raise Missing(_("There is no such view"))
    if not may_change(view, actor):
        raise NotAllowed(_("Somebody else shares this view: copy it, the copy is yours"))
    return view


def _is_own(view: SavedView, actor: Actor) -> bool:
    return actor.kind == "staff" and view.owner.get_username() == actor.name


def _group(table: str, owner_id: int, *, shared: bool) -> QuerySet[SavedView]:
    """Return the views among which one stands: all that are shared, or what somebody keeps for himself."""
    rows = SavedView.objects.filter(table=table, shared=shared)
    return rows if shared else rows.filter(owner=owner_id)


def _put(keys: Iterable[str]) -> None:
    for place, key in enumerate(keys, start=1):
        SavedView.objects.filter(pk=key).exclude(position=place).update(position=place)


def _clean_name(table: str, name: str, owner_id: int, *, besides: int | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise _wrong_name("required", _("A view needs a name of at most %(most)s characters") % {"most": LONGEST_NAME})
    others = visible(table, owner_id) if besides is None else visible(table, owner_id).exclude(pk=besides)
    if others.filter(name__iexact=name).exists():
        raise _wrong_name("taken", _("There is a view of this name already"))
    return name


def _wrong_name(code: str, text: str) -> Invalid:
    return Invalid(text, errors=[{"pointer": "/name", "code": code, "detail": text}])


def _free_slug(table: str, name: str) -> str:
    wanted = slugify(name)[:50].strip("-") or "view"
    taken = set(SavedView.objects.filter(table=table, slug__startswith=wanted).values_list("slug", flat=True))
    tries = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
    return next(slug for slug in tries if slug not in taken)


def _refuse_too_much(look: Look) -> None:
    values = [look.search, *look.filters, *(value for given in look.filters.values() for value in given)]
    if len(look.filters) > MOST_FILTERS or any(len(value) > LONGEST_VALUE or "\0" in value for value in values):
        raise Invalid(_("That is more than a view can keep"))


def _kept(look: Look) -> dict[str, Any]:
    return {
        "filters": look.filters,
        "search": look.search,
        "sort": list(look.sort),
        "columns": list(look.columns),
    }


def _told(view: SavedView) -> dict[str, Any]:
    """Return what the history tells of a view."""
    shows = urlencode(difference(look_of(view), Look()), safe=",")
    return {"name": view.name, "table": view.table, "slug": view.slug, "shared": view.shared, "filters": shows}
