"""Your account → Security: turning the second step on and off, and where one is signed in."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from core import doors, second_step
from core.actors import Actor
from core.models import BrowserSession, EventRecord, SecondStepRule, User
from tests.core.browsers import IPHONE, PASSWORD, browser, is_signed_in, turn_on
from tests.core.phones import Clock, pair

INLINE = re.compile(r"<style|\sstyle\s*=|<script(?![^>]*\ssrc=)[^>]*>|\son\w+\s*=\s*[\"']|javascript:", re.IGNORECASE)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(second_step, "time", clock)
    return clock


@pytest.fixture
def maya(db):
    return User.objects.create_user("maya", "maya@example.com", PASSWORD, is_staff=True)


def codes_on(answer):
    return re.findall(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b", answer.content.decode().split('id="codes">')[1])[:10]


# --- the second step ------------------------------------------------------------------------


def test_turning_it_on_asks_for_the_password_shows_a_picture_and_wants_a_code(maya, clock):
    client = browser()

    asked = client.get("/admin/security/turn-on/").content.decode()
    assert 'autocomplete="current-password"' in asked
    assert client.post("/admin/security/turn-on/", {"proof": "wrong"}).status_code == 400
    assert client.get("/admin/security/set-up/").headers["Location"] == "/admin/security/"
    answer = client.post("/admin/security/turn-on/", {"proof": PASSWORD})
    assert answer.headers["Location"] == "/admin/security/set-up/"

    page = client.get("/admin/security/set-up/").content.decode()
    assert 'src="data:image/svg+xml' in page
    assert "otpauth://totp/" in page
    assert User.objects.get().second_step_since is None


def test_the_codes_are_shown_once_to_be_copied_downloaded_and_printed(maya, clock):
    client = browser()

    _phone, answer = turn_on(client, clock)

    page = answer.content.decode()
    assert len(set(codes_on(answer))) == 10
    assert 'data-copy="#codes"' in page
    assert 'download="recovery-codes.txt" href="data:text/plain' in page
    assert "data-print" in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get("/admin/security/set-up/").headers["Location"] == "/admin/security/"
    assert not codes_on_page(client)


def codes_on_page(client):
    return re.findall(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b", client.get("/admin/security/").content.decode())


def test_turning_it_on_keeps_this_browser_and_signs_the_others_out(maya, clock):
    here, elsewhere = browser(), browser(IPHONE, "198.51.100.7")

    turn_on(here, clock)

    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert BrowserSession.objects.filter(user=maya).count() == 1


def test_a_look_at_the_pages_changes_nothing(maya, clock):
    client = browser()
    turn_on(client, clock)
    before = User.objects.values().get(), second_step.codes_left(maya), EventRecord.objects.count()

    for name in ("turn-on", "set-up", "codes", "turn-off"):
        client.get(f"/admin/security/{name}/")
    for name in ("sign-out", "sign-out-others"):
        assert client.get(f"/admin/security/{name}/").status_code == 405

    assert (User.objects.values().get(), second_step.codes_left(maya), EventRecord.objects.count()) == before


@pytest.mark.parametrize("by", ["password", "app code", "recovery code"])
def test_it_is_turned_off_by_password_or_by_code(maya, clock, by):
    client = browser()
    phone, answer = turn_on(client, clock)
    proof = {"password": PASSWORD, "app code": phone.shows(), "recovery code": codes_on(answer)[0]}[by]

    assert client.post("/admin/security/turn-off/", {"proof": "wrong"}).status_code == 400
    assert User.objects.get().second_step_since is not None
    assert client.post("/admin/security/turn-off/", {"proof": proof}).headers["Location"] == "/admin/security/"

    assert User.objects.get().second_step_since is None
    assert is_signed_in(client)


def test_another_phone_is_set_up_only_after_a_proof_and_for_a_while(maya, clock, monkeypatch):
    client = browser()
    old, _answer = turn_on(client, clock)
    assert client.get("/admin/security/set-up/").headers["Location"] == "/admin/security/"
    assert client.post("/admin/security/set-up/", {"code": old.shows()}).headers["Location"] == "/admin/security/"

    new, answer = turn_on(client, clock)

    assert len(codes_on(answer)) == 10
    assert new.secret != old.secret
    assert not second_step.use_code(maya.pk, old.shows(), actor=Actor("staff", "maya"))
    assert second_step.use_code(maya.pk, new.shows(), actor=Actor("staff", "maya"))
    client.post("/admin/security/turn-on/", {"proof": PASSWORD})
    monkeypatch.setattr(doors, "PATIENCE", -1)
    assert client.get("/admin/security/set-up/").headers["Location"] == "/admin/security/"


def test_new_codes_are_made_for_who_proves_to_be_the_owner(maya, clock):
    client = browser()
    phone, _answer = turn_on(client, clock)

    assert client.post("/admin/security/codes/", {"proof": "wrong"}).status_code == 400
    answer = client.post("/admin/security/codes/", {"proof": phone.shows()})

    assert len(codes_on(answer)) == 10
    assert second_step.use_code(maya.pk, codes_on(answer)[0], actor=Actor("staff", "maya"))


def test_proofs_are_tried_under_the_limits_of_passwords(maya, clock):
    client = browser()
    turn_on(client, clock)

    answers = [client.post("/admin/security/turn-off/", {"proof": "wrong"}).status_code for _ in range(7)]

    assert answers == [400] * 6 + [429]
    locked = client.post("/admin/security/turn-off/", {"proof": PASSWORD})
    assert locked.status_code == 429
    assert "Too many tries. Please wait 15 minutes" in locked.content.decode()
    assert User.objects.get().second_step_since is not None


def test_who_has_to_use_it_is_offered_no_way_out(maya, clock, settings):
    client = browser()
    turn_on(client, clock)
    settings.SECOND_STEP_REQUIRED = True

    assert "/admin/security/turn-off/" not in client.get("/admin/security/").content.decode()
    answer = client.post("/admin/security/turn-off/", {"proof": PASSWORD})

    assert answer.status_code == 400
    assert User.objects.get().second_step_since is not None


def test_few_codes_left_are_spoken_of(maya, clock):
    client = browser()
    _phone, answer = turn_on(client, clock)
    assert "10 recovery codes are left." in client.get("/admin/security/").content.decode()

    for code in codes_on(answer)[:9]:
        second_step.use_code(maya.pk, code, actor=Actor("staff", "maya"))

    assert "1 recovery code is left. Make new ones" in client.get("/admin/security/").content.decode()


def test_the_pages_keep_to_the_strict_policy(maya, clock):
    client = browser()
    pages = [client.get("/admin/security/turn-on/")]
    client.post("/admin/security/turn-on/", {"proof": PASSWORD})
    pages.append(client.get("/admin/security/set-up/"))
    pages.append(turn_on(client, clock)[1])
    pages += [client.get(f"/admin/security/{name}") for name in ("", "codes/", "turn-off/")]

    assert [page.status_code for page in pages] == [200] * 6
    assert not any(INLINE.search(page.content.decode()) for page in pages)


def test_the_security_page_is_for_staff_only(db, client):
    client.force_login(User.objects.create_user("lena"), backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/admin/security/").status_code == 302


# --- the administrator ----------------------------------------------------------------------


def test_an_administrator_resets_a_second_step_with_a_reason(staff, clock):
    tom = User.objects.create_user("tom", "tom@example.com", PASSWORD, is_staff=True)
    pair(tom, clock)
    page = reverse("admin:core_user_do", args=[tom.pk, "reset-second-step"])
    assert page in staff.get(reverse("admin:core_user_change", args=[tom.pk])).content.decode()

    assert staff.post(page, {"reason": ""}).status_code == 200
    assert User.objects.get(pk=tom.pk).second_step_since is not None
    assert staff.post(page, {"reason": "New phone"}).status_code == 302

    assert User.objects.get(pk=tom.pk).second_step_since is None
    told = staff.get(reverse("admin:core_user_history", args=[tom.pk])).content.decode()
    assert "Two-step sign-in reset: New phone" in told


def test_nobody_resets_who_holds_more_power(client, db, clock):
    boss = User.objects.create_superuser("boss", "boss@example.com", PASSWORD)
    pair(boss, clock)
    ann = User.objects.create_user("ann", password=PASSWORD, is_staff=True)
    ann.user_permissions.add(*Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("admin:core_user_do", args=[boss.pk, "reset-second-step"])

    assert client.get(page).status_code == 403
    assert client.post(page, {"reason": "Because"}).status_code == 403
    assert User.objects.get(pk=boss.pk).second_step_since is not None


def test_a_group_asks_its_members_for_two_steps(staff):
    finance = Group.objects.create(name="Bookkeeping")
    page = reverse("admin:auth_group_change", args=[finance.pk])

    staff.post(page, {"name": "Bookkeeping", "two_steps_required": "on"})
    assert SecondStepRule.objects.filter(group=finance).exists()
    assert "checked" in re.search(r'<input[^>]*name="two_steps_required"[^>]*>', staff.get(page).content.decode())[0]
    staff.post(page, {"name": "Bookkeeping"})

    assert not SecondStepRule.objects.exists()
    changes = EventRecord.objects.filter(name="auth.group.changed").order_by("pk").values_list("payload", flat=True)
    assert [change["after"] for change in changes] == [{"two_steps_required": "True"}, {"two_steps_required": "False"}]


def test_the_list_of_people_says_who_has_no_second_step(staff, clock):
    pair(User.objects.create_user("tom", is_staff=True), clock)
    User.objects.create_user("ines", is_staff=True)

    page = staff.get(reverse("admin:core_user_changelist") + "?is_staff__exact=1&second_step_since__isnull=True")

    assert {user.username for user in page.context["cl"].result_list} == {"maya", "ines"}
