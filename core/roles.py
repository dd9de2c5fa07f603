"""The roles of the house: groups that every installation has, each with what its day needs.

Core knows no jobs: the app that knows all the others declares them.

    declare("keeper", _("Keeper"), ["app.view_thing", "app.operate_thing"])

After every migration `ensure_roles` makes the groups that are missing, and gives them what a new version brought.
It never takes away, renames or brings back: what an administrator changed stays as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.utils import translation

from core.actors import SYSTEM, Actor
from core.models import Role
from core.service import note_change, service


@dataclass(frozen=True)
class Declared:
    """A role as the code knows it."""

    code: str
    name: Any
    permissions: frozenset[str]


ROLES: dict[str, Declared] = {}


def declare(code: str, name: Any, permissions: Iterable[str]) -> None:
    """Say that every installation has a group, and what it may do (`app.codename`)."""
    ROLES[code] = Declared(code, name, frozenset(permissions))


def group_of(code: str) -> Group | None:
    """Return the group of a role, unless somebody did away with it."""
    return Group.objects.filter(role__code=code).first()


@service
def ensure_roles(*, actor: Actor = SYSTEM) -> None:
    """Make the groups that are missing, and give every group what is new to it."""
    known = {role.code: role for role in Role.objects.select_related("group")}
    held = _permissions(set().union(*(role.permissions for role in ROLES.values())))
    for declared in ROLES.values():
        wanted = declared.permissions & held.keys()
        if (role := known.get(declared.code)) is None:
            _begin(declared, {name: held[name] for name in wanted})
        elif fresh := sorted(wanted - set(role.granted)):
            _add(role, {name: held[name] for name in fresh}, actor)


def after_migrating(sender: Any, apps: Any = installed, **_given: Any) -> None:
    """See to the roles when the last app is through: Django makes permissions only then, so no migration can."""
    last = [config for config in installed.get_app_configs() if config.models_module is not None][-1]
    if sender.label != last.label:
        return
    try:
        apps.get_model("core", "Role")
    except LookupError:
        # On the way back to before there were roles.
        return
    ensure_roles()


def _permissions(names: set[str]) -> dict[str, Permission]:
    rows = Permission.objects.select_related("content_type").filter(
        codename__in={name.partition(".")[2] for name in names}
    )
    found = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    return {name: row for name, row in found.items() if name in names}


def _begin(declared: Declared, permissions: dict[str, Permission]) -> None:
    """Make the group; one of that name which somebody made before is taken as it is."""
    with translation.override(settings.LANGUAGE_CODE):
        name = str(declared.name)
    group, made = Group.objects.get_or_create(name=name)
    Role.objects.create(code=declared.code, group=group, granted=sorted(permissions))
    if made:
        group.permissions.set(permissions.values())


def _add(role: Role, permissions: dict[str, Permission], actor: Actor) -> None:
    role.granted = sorted({*role.granted, *permissions})
    role.save(update_fields=["granted"])
    if role.group is not None:
        role.group.permissions.add(*permissions.values())
        note_change(role.group, "auth.group.changed", actor=actor, after={"permissions": sorted(permissions)})
