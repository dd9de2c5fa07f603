"""Who says what a person is limited to, and how it is written down."""

import pytest
from django.urls import reverse

from core import roles
from core.api.keys import create_api_key
from core.models import ApiKey, EventRecord, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
BACKEND = "django.contrib.auth.backends.ModelBackend"


def page(person):
    """Return the page of a person."""
    return reverse("admin:core_user_change", args=[person.pk])


def form_of(client, person):
    """Return what the page of a person would send."""
    form = client.get(page(person)).context["adminform"].form
    said = {}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        if name == "password" or value in (None, False, ""):
            continue
        said[name] = [getattr(one, "pk", one) for one in value] if isinstance(value, list | tuple) else value
    return said


def test_an_administrator_limits_a_person_and_it_is_written_down(staff):
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    said = form_of(staff, tom)

    staff.post(page(tom), {**said, "limit_channel": ["api"], "limit_warehouse": ["HAM", "MUC"]})

    tom.refresh_from_db()
    assert tom.limits == {"channel": ["api"], "warehouse": ["HAM", "MUC"]}
    record = EventRecord.objects.filter(name="core.user.changed").latest("pk")
    assert record.payload["before"] == {"limit_channel": [], "limit_warehouse": []}
    assert record.payload["after"] == {"limit_channel": ["api"], "limit_warehouse": ["HAM", "MUC"]}
    shown = form_of(staff, tom)
    assert (shown["limit_channel"], shown["limit_warehouse"]) == (["api"], ["HAM", "MUC"])

    staff.post(page(tom), {name: value for name, value in shown.items() if "limit" not in name})
    tom.refresh_from_db()
    assert tom.limits == {}


def test_a_code_that_is_gone_opens_nothing_in_silence(staff):
    tom = User.objects.create_user("tom", password="x", is_staff=True, limits={"channel": ["gone"]})

    said = form_of(staff, tom)
    staff.post(page(tom), {**said, "first_name": "Tom"})

    tom.refresh_from_db()
    assert (tom.first_name, tom.limits) == ("Tom", {"channel": ["gone"]})


def test_nobody_widens_his_own_sight_or_gives_what_he_has_not(client):
    mine = User.objects.create_user("root", password="x", is_staff=True, limits={"channel": ["api"]})
    mine.groups.add(roles.group_of("administrator"))
    tom = User.objects.create_user("tom", password="x", is_staff=True, limits={"channel": ["portal"]})
    client.force_login(mine, backend=BACKEND)

    for person in (mine, tom):
        form = client.get(page(person)).context["adminform"].form
        assert not [name for name in form.fields if name.startswith("limit_")]
        client.post(page(person), {**form_of(client, person), "limit_channel": ["api", "portal"]})
        before = person.limits
        person.refresh_from_db()
        assert person.limits == before


def limited(client, **limits):
    """Sign in an administrator who sees only some of it."""
    ida = User.objects.create_user("ida", password="x", is_staff=True, limits=limits)
    ida.groups.add(roles.group_of("administrator"))
    client.force_login(ida, backend=BACKEND)


def test_a_key_opens_no_channel_that_its_maker_does_not_see(client):
    limited(client, channel=["api", "phone"])
    address, said = reverse("admin:core_apikey_add"), {"name": "Shop", "scopes": ["orders:read"]}

    beyond = client.post(address, {**said, "channels": "api, portal"})
    assert beyond.context["form"].errors == {"channels": ["Not one of yours: portal."]}
    assert not ApiKey.objects.exists()

    client.post(address, {**said, "channels": "phone"})
    client.post(address, {**said, "channels": ""})
    assert list(ApiKey.objects.order_by("pk").values_list("channels", flat=True)) == [["phone"], ["api", "phone"]]


def test_who_is_limited_as_no_key_can_be_makes_none(client):
    limited(client, warehouse=["HAM"])

    answer = client.post(reverse("admin:core_apikey_add"), {"name": "Shop", "scopes": ["orders:read"]})

    [said] = answer.context["form"].non_field_errors()
    assert said == "You are limited (Warehouses), and a key is not: ask somebody who is not limited to make it."
    assert not ApiKey.objects.exists()


def test_a_key_that_opens_a_foreign_channel_is_neither_seen_nor_revoked(client):
    keys = {
        name: create_api_key(name, scopes=["orders:read"], channels=channels)[0].pk
        for name, channels in {"all": [], "mine": ["api"], "both": ["api", "portal"], "theirs": ["portal"]}.items()
    }
    limited(client, channel=["api", "phone"])

    listed = client.get(reverse("admin:core_apikey_changelist")).context["cl"].result_list
    answers = {
        name: client.post(reverse("admin:core_apikey_do", args=[pk, "revoke"])).status_code
        for name, pk in keys.items()
    }

    assert [key.name for key in listed] == ["mine"]
    assert answers == {"all": 404, "mine": 302, "both": 404, "theirs": 404}
    assert [*ApiKey.objects.exclude(revoked_at=None).values_list("name", flat=True)] == ["mine"]
