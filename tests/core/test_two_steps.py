"""Signing in with two steps: between the two nobody is signed in, and codes are not guessed."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import F
from django.test import Client
from django.urls import reverse

from core import doors, second_step
from core.models import BrowserSession, SecondStep, User
from tests.core.phones import Clock, Phone, pair

PASSWORD = "right-and-long"
HOME = "203.0.113.1"
# Where whoever may set the house up begins, as long as it is empty.
START = "/desk/first-start/"
CODE = "/admin/login/code/"
SET_UP = "/admin/login/set-up/"


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(second_step, "time", clock)
    return clock


@pytest.fixture
def maya(db):
    return User.objects.create_superuser("maya", "maya@example.com", PASSWORD, first_name="Maya")


@pytest.fixture
def paired(maya, clock):
    """Return the phone and the recovery codes of somebody who signs in with two steps."""
    return pair(maya, clock)


def give_password(at=HOME, *, page="/admin/login/", client=None, name="maya", **more):
    client = client or Client(REMOTE_ADDR=at)
    answer = client.post(page, {"username": name, "password": PASSWORD, **more})
    return client, answer


def is_signed_in(client):
    return client.get("/admin/security/").status_code == 200


def set_password(user, password):
    user.set_password(password)
    user.save(update_fields=["password"])


@pytest.mark.parametrize("page", ["/admin/login/", "/sign-in/"])
def test_after_the_password_comes_the_code_then_the_page_that_was_wanted(paired, page):
    phone, _codes = paired

    client, answer = give_password(page=page, next="/admin/core/user/")
    assert answer.headers["Location"] == CODE
    assert not is_signed_in(client)

    answer = client.post(CODE, {"code": phone.shows()})

    assert answer.headers["Location"] == "/admin/core/user/"
    assert is_signed_in(client)


def test_who_has_no_second_step_signs_in_by_password(maya):
    client, answer = give_password()

    assert answer.headers["Location"] == START
    assert is_signed_in(client)


def test_a_customer_is_asked_for_nothing_more(db, settings):
    settings.SECOND_STEP_REQUIRED = True
    User.objects.create_user("maya", "maya@example.com", PASSWORD)

    _client, answer = give_password(page="/sign-in/")

    assert answer.headers["Location"] == reverse("portal:orders")


def test_between_the_steps_nothing_opens(paired):
    client, _answer = give_password()

    for page in ("/admin/", "/admin/security/", "/admin/security/turn-off/", "/admin/core/user/", SET_UP):
        assert client.get(page).status_code == 302
    assert client.get("/api/v1/orders/").status_code == 401
    assert client.get("/reports/").status_code != 200


def test_there_is_one_door():
    """Whoever signs somebody in by another way would skip the second step."""
    apps = [Path(settings.BASE_DIR) / app for app in settings.OUR_APPS]
    files = [path for app in apps for path in app.rglob("*.py")]
    doors_found = [path.name for path in files if re.search(r"auth import [^\n]*\blogin\b", path.read_text())]

    assert doors_found == ["doors.py"]


def test_a_session_that_skipped_the_second_step_is_nobodys(paired, maya):
    client = Client()
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/admin/").status_code == 302
    assert client.get("/api/v1/orders/").status_code == 401


def test_the_api_is_open_to_staff_after_both_steps_and_to_keys_as_ever(paired, api):
    phone, _codes = paired
    client, _answer = give_password()
    client.post(CODE, {"code": phone.shows()})

    assert client.get("/api/v1/orders/").status_code == 200
    assert api.get("/api/v1/orders/").status_code == 200


def test_a_wrong_code_signs_nobody_in_and_says_so(paired):
    phone, _codes = paired
    client, _answer = give_password()

    answer = client.post(CODE, {"code": phone.wrong()})

    assert answer.status_code == 400
    assert "This code is not right" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_code_is_not_replayed_in_another_browser(paired):
    phone, _codes = paired
    first, second = give_password()[0], give_password(at="203.0.113.2")[0]

    first.post(CODE, {"code": phone.shows()})
    second.post(CODE, {"code": phone.shows()})

    assert is_signed_in(first)
    assert not is_signed_in(second)


@pytest.mark.django_db(transaction=True)
def test_the_same_code_in_two_browsers_at_once_signs_one_in(clock, concurrently):
    maya = User.objects.create_superuser("maya", "maya@example.com", PASSWORD)
    phone, _codes = pair(maya, clock)
    browsers = [give_password(at=f"203.0.113.{turn}")[0] for turn in range(1, 4)]

    concurrently(*[lambda one=one: one.post(CODE, {"code": phone.shows()}) for one in browsers])

    assert sorted(is_signed_in(one) for one in browsers) == [False, False, True]


def test_a_recovery_code_signs_in_once(paired):
    _phone, codes = paired
    client, _answer = give_password()
    other, _answer = give_password(at="203.0.113.2")

    page = client.get(CODE + "?recovery=1").content.decode()
    assert client.post(CODE + "?recovery=1", {"code": codes[0]}).headers["Location"] == START
    assert other.post(CODE + "?recovery=1", {"code": codes[0]}).status_code == 400

    assert 'for="id_code">Recovery code</label>' in page
    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_codes_are_tried_under_the_limits_of_passwords(paired):
    phone, _codes = paired
    client, _answer = give_password()

    answers = [client.post(CODE, {"code": phone.wrong()}).status_code for _ in range(8)]

    assert answers == [400] * 6 + [429] * 2
    locked = client.post(CODE, {"code": phone.shows()})
    assert locked.status_code == 429
    assert "Too many tries. Please wait 15 minutes" in locked.content.decode()
    # Neither does the right password help: it is not even looked at.
    assert give_password()[1].status_code == 429


def test_the_right_password_between_wrong_codes_resets_nothing(paired):
    phone, _codes = paired

    statuses = [give_password()[0].post(CODE, {"code": phone.wrong()}).status_code for _ in range(6)]

    assert statuses == [400] * 6
    assert give_password()[0].post(CODE, {"code": phone.wrong()}).status_code == 429


def test_codes_are_not_guessed_from_many_addresses(paired):
    phone, _codes = paired
    for turn in range(20):
        client, _answer = give_password(at=f"198.51.100.{turn}")
        assert client.post(CODE, {"code": phone.wrong()}).status_code == 400

    assert give_password(at="203.0.113.9")[1].status_code == 429


def test_the_pause_ends(paired):
    phone, _codes = paired
    client, _answer = give_password()
    for _ in range(7):
        client.post(CODE, {"code": phone.wrong()})
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=16))

    client.post(CODE, {"code": phone.shows()})

    assert is_signed_in(client)


def test_what_was_typed_is_not_written_down(paired):
    _phone, codes = paired
    client, _answer = give_password()

    client.post(CODE, {"code": codes[0][:-1] + "!"})

    assert codes[0][:-1] not in AccessAttempt.objects.get().post_data


def test_whoever_waits_too_long_or_changes_the_password_begins_again(paired, maya, monkeypatch):
    phone, _codes = paired
    client, _answer = give_password()
    set_password(maya, "another-and-long")
    assert client.post(CODE, {"code": phone.shows()}).headers["Location"] == "/admin/login/"
    set_password(maya, PASSWORD)

    client, _answer = give_password()
    monkeypatch.setattr(doors, "PATIENCE", -1)
    assert client.post(CODE, {"code": phone.shows()}).headers["Location"] == "/admin/login/"
    assert not is_signed_in(client)


def test_who_was_deactivated_meanwhile_is_not_let_in(paired, maya):
    phone, _codes = paired
    client, _answer = give_password()
    User.objects.update(is_active=False)

    assert client.post(CODE, {"code": phone.shows()}).headers["Location"] == "/admin/login/"


def test_without_a_password_there_is_no_second_step(db, client):
    assert client.get(CODE).headers["Location"] == "/admin/login/"
    assert client.post(SET_UP, {"code": "123456"}).headers["Location"] == "/admin/login/"


def test_the_page_of_the_code_helps_those_who_type_and_is_kept_nowhere(paired):
    client, _answer = give_password()

    answer = client.get(CODE)

    page = answer.content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert "onpaste" not in page
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_page_of_the_code_speaks_the_language_of_its_reader(paired):
    User.objects.update(language="de")
    client, _answer = give_password()

    page = client.get(CODE).content.decode()

    assert '<html lang="de"' in page
    assert "Code der Authenticator-App" in page


def test_a_secret_that_cannot_be_read_is_explained(paired):
    client, _answer = give_password()
    SecondStep.objects.update(secret="unreadable")

    page = client.get(CODE).content.decode()

    assert "The key of this installation has changed" in page
    assert client.post(CODE, {"code": "123456"}).status_code == 400


def test_who_has_to_have_a_second_step_sets_it_up_before_anything_else(maya, clock):
    group = Group.objects.create(name="Bookkeeping")
    maya.groups.add(group)
    second_step.require_of_group(group, required=True)

    client, answer = give_password(next="/admin/core/user/")
    assert answer.headers["Location"] == SET_UP
    for page in ("/admin/", "/admin/security/", "/admin/security/turn-on/", CODE):
        assert client.get(page).status_code == 302
    assert client.get("/api/v1/orders/").status_code == 401

    page = client.get(SET_UP).content.decode()
    phone = Phone(clock, re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", ""))
    assert "Your account has to use two-step sign-in" in page
    assert client.post(SET_UP, {"code": phone.wrong()}).status_code == 400
    assert not is_signed_in(client)
    shown = client.post(SET_UP, {"code": phone.shows()})

    assert shown.status_code == 200
    assert len(re.findall(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b", shown.content.decode())) == 10
    assert 'href="/admin/core/user/"' in shown.content.decode()
    assert is_signed_in(client)
    assert User.objects.get(pk=maya.pk).second_step_since is not None
    assert second_step.is_required(maya)


def test_it_can_be_required_of_all_staff(maya, settings):
    settings.SECOND_STEP_REQUIRED = True

    assert give_password()[1].headers["Location"] == SET_UP
    assert give_password(page="/sign-in/")[1].headers["Location"] == SET_UP


def test_the_set_up_is_not_for_who_has_a_second_step(paired):
    client, _answer = give_password()

    assert client.get(SET_UP).headers["Location"] == "/admin/login/"
    assert client.post(SET_UP, {"code": "123456"}).headers["Location"] == "/admin/login/"


def test_signing_in_as_somebody_else_ends_the_session_before(paired, maya):
    User.objects.create_superuser("ada", "ada@example.com", PASSWORD)
    client, _answer = give_password(name="ada")
    assert is_signed_in(client)

    give_password(client=client)

    assert not is_signed_in(client)
    assert not BrowserSession.objects.filter(user__username="ada").exists()
