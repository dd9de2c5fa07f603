"""Steps behind their confirmation pages: looked at by GET, taken by POST, refused in words."""

import pytest
from django import forms
from django.contrib.auth.models import Permission
from django.urls import reverse

from core import outbox
from core.admin.keys import KeyAdmin
from core.admin.transitions import TransitionSpec
from core.api.keys import create_api_key, find_key
from core.errors import Conflict, Invalid
from core.models import ApiKey, BulkJob, Delivery, EventRecord, OutgoingMail, User


class WhyForm(forms.Form):
    """Asks why."""

    reason = forms.CharField()


@pytest.fixture
def key(db):
    """Return a live key."""
    return create_api_key("Web shop", scopes=["*"])[0]


@pytest.fixture
def desk(db, client):
    """Return a browser in which somebody is signed in who may look, and nothing else."""
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    tom.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    client.user = tom
    return client


def step(key, name="revoke"):
    """Return the address of a step of a key."""
    return reverse("admin:core_apikey_do", args=[key.pk, name])


def offer(monkeypatch, **changes):
    """Offer one step of a key, made for the test."""
    spec = TransitionSpec(
        "Revoke", **{"service": lambda pk, *, actor: None, "permission": "core.change_apikey"} | changes
    )
    monkeypatch.setattr(KeyAdmin, "transition_services", {"revoke": spec})


def events():
    """Return how many lines the log has."""
    return EventRecord.objects.count()


def test_looking_at_a_step_changes_nothing(staff, key):
    before = events()

    answer = staff.get(step(key))

    assert answer.status_code == 200
    assert b"Every request with this key is refused from now on." in answer.content
    assert ApiKey.objects.get().revoked_at is None
    assert events() == before


def test_taking_a_step_goes_through_its_service_as_the_person(staff, key):
    answer = staff.post(step(key))

    assert answer.headers["Location"] == reverse("admin:core_apikey_change", args=[key.pk])
    assert ApiKey.objects.get().revoked_at is not None
    assert EventRecord.objects.get(name="core.api_key_revoked").actor == "staff:maya"


def test_the_permission_is_checked_again_on_post(desk, key):
    page = reverse("admin:core_apikey_change", args=[key.pk])

    assert step(key).encode() not in desk.get(page).content
    assert desk.get(step(key)).status_code == 403
    assert desk.post(step(key)).status_code == 403
    assert ApiKey.objects.get().revoked_at is None


def test_a_step_needs_the_right_to_see_the_record_too(client, key):
    ann = User.objects.create_user("ann", password="x", is_staff=True)
    ann.user_permissions.add(Permission.objects.get(codename="add_apikey"))
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")

    assert client.post(step(key)).status_code == 403
    assert ApiKey.objects.get().revoked_at is None


def test_a_step_that_is_not_open_is_not_offered_and_explained(staff, key):
    staff.post(step(key))
    before = events()

    page = staff.get(reverse("admin:core_apikey_change", args=[key.pk]))
    answer = staff.post(step(key))

    assert step(key).encode() not in page.content
    assert answer.status_code == 409
    assert b"This cannot be done" in answer.content
    assert events() == before


def test_a_refusal_is_shown_in_words_and_nothing_typed_is_lost(staff, key, monkeypatch):
    def refuse(pk, *, actor, reason):
        raise Conflict("It is used by the till right now")

    offer(monkeypatch, service=refuse, form=WhyForm)
    before = events()

    answer = staff.post(step(key), {"reason": "stolen, says Tom"})

    assert b"It is used by the till right now" in answer.content
    assert b"Nothing was changed." in answer.content
    assert b"stolen, says Tom" in answer.content
    assert ApiKey.objects.get().revoked_at is None
    assert events() == before


def test_a_refusal_about_one_field_stands_beside_it(staff, key, monkeypatch):
    def refuse(pk, *, actor, reason):
        raise Invalid("No", errors=[{"pointer": "/reason", "code": "short", "detail": "Say a little more"}])

    offer(monkeypatch, service=refuse, form=WhyForm)

    form = staff.post(step(key), {"reason": "x"}).context["form"]

    assert form.errors == {"reason": ["Say a little more"]}


def test_a_form_is_checked_before_the_service_is_called(staff, key, monkeypatch):
    calls = []
    offer(monkeypatch, service=lambda pk, **values: calls.append(values), form=WhyForm)

    staff.post(step(key), {"reason": ""})
    staff.post(step(key), {"reason": "stolen"})

    assert [values["reason"] for values in calls] == ["stolen"]


def test_afterwards_one_comes_back_where_one_came_from_but_never_elsewhere(staff, key, monkeypatch):
    offer(monkeypatch)

    assert staff.post(step(key), {"next": "/admin/"}).headers["Location"] == "/admin/"
    own = reverse("admin:core_apikey_change", args=[key.pk])
    assert staff.post(step(key), {"next": "https://evil.example/"}).headers["Location"] == own


def test_a_key_is_shown_once_and_works(staff):
    answer = staff.post(reverse("admin:core_apikey_add"), {"name": "Web shop", "everything": "on"})

    plain = answer.context["plain"]
    assert plain.encode() in answer.content
    assert "no-store" in answer.headers["Cache-Control"]
    assert find_key(plain) == ApiKey.objects.get()
    assert plain.split(".")[1].encode() not in staff.get(reverse("admin:core_apikey_changelist")).content


def test_a_key_without_a_door_is_not_made(staff):
    answer = staff.post(reverse("admin:core_apikey_add"), {"name": "Web shop"})

    assert answer.context["form"].errors == {"scopes": ["Choose at least one, else the key opens nothing."]}
    assert ApiKey.objects.count() == 0


def dead(count):
    """Write debts that were given up."""
    made = EventRecord.objects.bulk_create(EventRecord(name="a.b", actor="system") for _ in range(count))
    return Delivery.objects.bulk_create(
        Delivery(event=event, handler="a.b.c", status="dead", attempts=8) for event in made
    )


def test_debts_are_tried_again_after_a_page_that_says_how_many(staff):
    debts = dead(3)
    page = reverse("admin:core_delivery_changelist")
    chosen = {"action": "try_again", "index": "0", "_selected_action": [debts[0].pk, debts[1].pk]}

    asked = staff.post(page, chosen)
    untouched = Delivery.objects.filter(status="dead").count()
    staff.post(page, {**chosen, "confirmed": "1"})

    assert b"Try again: 2 debts" in asked.content
    assert untouched == 3
    assert list(Delivery.objects.filter(handler="a.b.c").order_by("pk").values_list("status", "attempts")) == [
        ("pending", 0), ("pending", 0), ("dead", 8),
    ]  # fmt: skip


def test_all_that_match_means_the_filter_read_again(staff):
    dead(60)
    page = reverse("admin:core_delivery_changelist") + "?state=dead"
    every = {
        "action": "try_again",
        "index": "0",
        "select_across": "1",
        "_selected_action": [Delivery.objects.first().pk],
    }

    asked = staff.post(page, every)
    staff.post(page, {**every, "confirmed": "1", "counted": "60"})
    outbox.drain(threads=[f"core.bulkjob:{BulkJob.objects.get().pk}"])

    assert b"Try again: 60 debts" in asked.content
    assert Delivery.objects.filter(status="dead").count() == 0


def test_many_rows_are_not_touched_without_permission(client, db):
    debts = dead(1)
    ann = User.objects.create_user("ann", password="x", is_staff=True)
    ann.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")

    client.post(
        reverse("admin:core_delivery_changelist"),
        {"action": "try_again", "index": "0", "_selected_action": [debts[0].pk], "confirmed": "1"},
    )

    assert Delivery.objects.get().status == "dead"


def test_a_mail_is_sent_again_only_after_confirmation(staff):
    mail = OutgoingMail.objects.create(
        dedupe_key="k",
        kind="x",
        to="a@example.com",
        language="en",
        subject="S",
        text="T",
        message_id="<1>",
        status="sent",
    )
    page = reverse("admin:core_outgoingmail_do", args=[mail.pk, "resend"])

    staff.get(page)
    kept = OutgoingMail.objects.get().status
    staff.post(page)

    assert kept == "sent"
    assert OutgoingMail.objects.get().status == "kept"
    assert Delivery.objects.filter(event__name="core.mail_kept").count() == 1


def test_powers_are_handed_out_only_by_who_holds_them_all(client, db):
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    boss = User.objects.create_superuser("boss", password="x")
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")

    form = {"username": "tom", "language": "en", "is_active": "on", "is_superuser": "on", "is_staff": "on"}
    own = client.post(reverse("admin:core_user_change", args=[tom.pk]), form)
    theirs = client.get(reverse("admin:auth_user_password_change", args=[boss.pk]))

    assert own.status_code == 302
    assert User.objects.get(username="tom").is_superuser is False
    assert theirs.status_code == 403


def test_a_change_of_powers_is_in_the_log_with_before_and_after(staff):
    tom = User.objects.create_user("tom", password="x")

    staff.post(
        reverse("admin:core_user_change", args=[tom.pk]),
        {"username": "tom", "language": "de", "is_active": "on", "is_staff": "on"},
    )

    entry = EventRecord.objects.get(name="core.user.changed")
    assert entry.actor == "staff:maya"
    assert entry.payload == {
        "before": {"is_staff": "False", "language": "en"},
        "after": {"is_staff": "True", "language": "de"},
    }


@pytest.mark.django_db
def test_nobody_changes_somebody_who_may_more(client):
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    ann = User.objects.create_user("ann", password="x", is_staff=True)
    ann.user_permissions.set(Permission.objects.filter(codename__in=["view_apikey"]))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    form = {"username": "ann", "language": "de", "is_active": "on", "is_staff": "on"}

    assert client.post(reverse("admin:core_user_change", args=[ann.pk]), form).status_code == 403
    password = client.post(
        reverse("admin:auth_user_password_change", args=[ann.pk]),
        {"password1": "Tall.tree.9", "password2": "Tall.tree.9"},
    )
    assert password.status_code == 403
    assert User.objects.get(pk=ann.pk).check_password("x")


@pytest.mark.django_db
def test_nobody_makes_a_key_that_opens_more_than_he_may(client):
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["add_apikey", "view_order"]))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("admin:core_apikey_add")

    more = client.post(address, {"name": "Mine", "scopes": ["payments:write"]})
    everything = client.post(address, {"name": "Mine", "everything": "on"})
    assert (more.status_code, everything.status_code, ApiKey.objects.count()) == (200, 200, 0)

    client.post(address, {"name": "Mine", "scopes": ["orders:read"]})
    assert ApiKey.objects.get().scopes == ["orders:read"]
