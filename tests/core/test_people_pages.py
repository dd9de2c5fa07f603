"""The pages of people and roles: as every other page here, and nobody raises himself on them."""

import html
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from core.admin.base import BackOfficeAdmin
from core.admin.site import site
from core.models import EventRecord, User

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def window(name: str, *powers: str, **more: Any) -> Client:
    user = User.objects.create_user(name, f"{name}@example.com", "x", is_staff=True, **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=powers))
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_every_table_of_the_back_office_stands_on_the_same_ground() -> None:
    assert [model for model, admin in site._registry.items() if not isinstance(admin, BackOfficeAdmin)] == []


def test_who_may_edit_people_raises_neither_himself_nor_others_nor_any_role() -> None:
    powers = ("view_user", "change_user", "add_user", "view_group", "change_group", "add_group")
    tom = window("tom", *powers)
    me, boss = User.objects.get(username="tom"), User.objects.create_superuser("boss")
    role = Group.objects.create(name="Everything")
    role.permissions.set(Permission.objects.filter(codename="delete_user"))
    every = list(Permission.objects.values_list("pk", flat=True))
    raised = {"is_superuser": "on", "is_staff": "on", "groups": [role.pk], "user_permissions": every}
    other = User.objects.create_user("eve")

    for person in (me, other):
        assert 'name="is_superuser"' not in tom.get(page(person)).content.decode()
        kept = {"username": person.username, "language": "en", "is_active": "on", "last_name": "Berg"}
        answer = tom.post(page(person), kept | raised | {"_seen": "{}", "_keep_is_superuser": "theirs"})
        assert answer.status_code == 302, person
    mine = sorted(me.user_permissions.values_list("codename", flat=True))
    me.refresh_from_db()
    other.refresh_from_db()
    assert (me.last_name, me.is_superuser, me.groups.count(), mine) == ("Berg", False, 0, sorted(powers))
    assert (other.last_name, other.is_superuser, other.is_staff, other.user_permissions.count()) == (
        *("Berg", False, False),
        0,
    )

    made = {"username": "new", "password1": "tea for the two", "password2": "tea for the two"}
    assert tom.post(reverse("admin:core_user_add"), made | raised).status_code == 302
    new = User.objects.get(username="new")
    assert (new.is_superuser, new.is_staff, new.groups.count(), new.user_permissions.count()) == (False, False, 0, 0)

    assert tom.post(page(boss), {"username": "boss", "language": "en", "last_name": "Fool"}).status_code == 403
    password = {"password1": "tea for the two", "password2": "tea for the two"}
    assert tom.post(reverse("admin:auth_user_password_change", args=[boss.pk]), password).status_code == 403
    assert tom.post(page(role), {"name": "Mine", "permissions": every}).status_code == 403
    assert tom.post(reverse("admin:auth_group_add"), {"name": "Mine", "permissions": every}).status_code == 403
    role.refresh_from_db()
    assert (role.name, role.permissions.get().codename) == ("Everything", "delete_user")
    assert not Group.objects.filter(name="Mine").exists()
    assert "Fool" not in User.objects.values_list("last_name", flat=True)


def test_who_was_overtaken_at_a_person_or_a_role_sees_both(staff: Client) -> None:
    tom, role = User.objects.create_user("tom", last_name="Berg"), Group.objects.create(name="Desk")
    seen = re.search(r'name="_seen" value="([^"]*)"', staff.get(page(tom)).content.decode())
    assert seen is not None
    opened = html.unescape(seen[1])
    assert "password" not in json.loads(opened)
    form = {"username": "tom", "language": "en", "is_active": "on", "_seen": opened}
    assert staff.post(page(tom), form | {"last_name": "Theirs", "groups": [role.pk]}).status_code == 302

    refused = staff.post(page(tom), form | {"last_name": "Mine"}).content.decode()
    assert "_keep_last_name" in refused
    assert "Desk" in refused
    tom.refresh_from_db()
    assert (tom.last_name, list(tom.groups.all())) == ("Theirs", [role])
    [told] = EventRecord.objects.filter(name="core.user.changed")
    assert told.payload["after"] == {"last_name": "Theirs", "groups": ["Desk"]}
