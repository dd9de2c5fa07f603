"""Where one is signed in: each browser, ended one by one or all at once, and by a new password."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core import second_step, sessions
from core.models import BrowserSession, EventRecord, User
from tests.core.browsers import EDGE, FIREFOX, IPHONE, PASSWORD, browser, is_signed_in, turn_on
from tests.core.phones import Clock


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(second_step, "time", clock)
    return clock


@pytest.fixture
def maya(db):
    return User.objects.create_user("maya", "maya@example.com", PASSWORD, is_staff=True)


def test_each_browser_is_listed_with_device_address_and_which_is_this_one(maya):
    here = browser()
    browser(IPHONE, "198.51.100.7")

    rows = here.get("/admin/security/").context["browsers"]

    assert [(row.device, row.address, row.is_this_one) for row in rows] == [
        ("Firefox · Linux", "203.0.113.1", True),
        ("Safari · iPhone", "198.51.100.7", False),
    ]
    assert not any(session.pk in here.get("/admin/security/").content.decode() for session in _sessions(maya))


def _sessions(user):
    return BrowserSession.objects.filter(user=user)


@pytest.mark.parametrize(
    ("told", "device"),
    [
        (FIREFOX, "Firefox · Linux"),
        (IPHONE, "Safari · iPhone"),
        (EDGE, "Edge · Windows"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_words(told, device):
    assert sessions.device_of(told) == device


def test_one_other_browser_is_signed_out(maya):
    here, elsewhere, third = browser(), browser(IPHONE, "198.51.100.7"), browser(EDGE, "198.51.100.8")
    rows = here.get("/admin/security/").context["browsers"]
    handle = next(row.handle for row in rows if row.device == "Safari · iPhone")

    assert here.post("/admin/security/sign-out/", {"browser": handle}).status_code == 302
    assert here.post("/admin/security/sign-out/", {"browser": handle}).status_code == 302

    assert [is_signed_in(one) for one in (here, elsewhere, third)] == [True, False, True]
    assert EventRecord.objects.filter(name="core.sessions_ended").count() == 1


def test_nobody_signs_somebody_else_out(maya):
    User.objects.create_user("tom", password=PASSWORD, is_staff=True)
    toms, mine = browser(name="tom"), browser()
    handle = toms.get("/admin/security/").context["browsers"][0].handle

    mine.post("/admin/security/sign-out/", {"browser": handle})
    mine.post("/admin/security/sign-out-others/")

    assert is_signed_in(toms)


def test_all_others_are_signed_out_and_this_one_stays(maya):
    here, elsewhere, third = browser(), browser(IPHONE), browser(EDGE)

    here.post("/admin/security/sign-out-others/")

    assert [is_signed_in(one) for one in (here, elsewhere, third)] == [True, False, False]


def test_a_new_password_signs_the_other_browsers_out(maya):
    here, elsewhere = browser(), browser(IPHONE)
    new = "another-and-long"

    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/admin/password_change/", typed).status_code == 302

    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert _sessions(maya).count() == 1


def test_a_password_that_an_administrator_sets_signs_the_person_out_everywhere(staff, db):
    User.objects.create_user("tom", password=PASSWORD, is_staff=True)
    toms = browser(name="tom")
    tom = User.objects.get(username="tom")

    page = reverse("admin:auth_user_password_change", args=[tom.pk])
    assert staff.post(page, {"password1": "another-and-long", "password2": "another-and-long"}).status_code == 302

    assert not is_signed_in(toms)
    assert not _sessions(tom).exists()
    assert is_signed_in(staff)


def test_sessions_that_a_new_password_made_useless_are_not_listed(maya):
    browser(IPHONE)
    maya.set_password("another-and-long")
    maya.save()

    assert sessions.signed_in(maya, current=None) == []


def test_last_seen_is_noted_every_few_minutes(maya, django_assert_num_queries):
    client = browser()
    long_ago = timezone.now() - timedelta(hours=2)
    _sessions(maya).update(seen_at=long_ago)

    client.get("/admin/security/")
    seen = _sessions(maya).get().seen_at
    client.get("/admin/security/")

    assert seen > long_ago + timedelta(hours=1)
    assert _sessions(maya).get().seen_at == seen


def test_a_session_keeps_its_owner_when_it_is_written_again(maya):
    client = browser()
    session = client.session
    session["note"] = "anything"
    session.save()

    row = _sessions(maya).get()

    assert (row.user_id, row.address, sessions.device_of(row.browser)) == (maya.pk, "203.0.113.1", "Firefox · Linux")


def test_signed_out_the_session_is_gone(maya):
    client = browser()

    client.post("/admin/logout/")

    assert not _sessions(maya).exists()


def test_the_page_asks_the_same_however_many_browsers_there_are(maya, clock, django_assert_num_queries):
    client = browser()
    # Session, person, what they may (two), their browsers, whether a group asks for two steps.
    with django_assert_num_queries(6):
        client.get("/admin/security/")

    for turn in range(5):
        browser(IPHONE, f"198.51.100.{turn}")
    with django_assert_num_queries(6):
        client.get("/admin/security/")

    turn_on(client, clock)
    # And the recovery codes that are left.
    with django_assert_num_queries(7):
        client.get("/admin/security/")
