"""Pages composed of panels, their edit forms, and the history they end with."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import panels
from core.actors import SYSTEM, Actor
from core.admin import history, overtaken
from core.admin.keys import KeyAdmin
from core.api.keys import create_api_key, revoke_api_key
from core.errors import Conflict
from core.models import ApiKey, EventRecord
from core.panels import panel
from core.service import note_change, unit_of_work
from tests.racing import Meeting, concurrently

MAYA = Actor("staff", "maya")


@pytest.fixture
def key(db):
    """Return a live key."""
    return create_api_key("Web shop", scopes=["*"])[0]


@pytest.fixture
def editable(monkeypatch):
    """Let the name of a key be edited through a service, as apps do; returns what the service was given."""
    calls = []

    def change(pk, changes, *, actor):
        if changes.get("name") == "taken":
            raise Conflict("Another key has this name")
        calls.append((pk, changes, str(actor)))

    monkeypatch.setattr(KeyAdmin, "editable", ("name",))
    monkeypatch.setattr(KeyAdmin, "change_service", staticmethod(change))
    return calls


def page(key, kind="change"):
    """Return the address of a key."""
    return reverse(f"admin:core_apikey_{kind}", args=[key.pk])


def test_a_page_shows_its_panels_in_order_in_their_columns(staff, key, monkeypatch):
    monkeypatch.setattr(panels, "PANELS", {"core.key": []})

    @panel("core.key", order=20)
    def second(request, it):
        return "admin/core/mail_text.html", {"title": "Second", "mail": it}

    @panel("core.key", order=10)
    def first(request, it):
        return "admin/core/mail_text.html", {"title": "First", "mail": it}

    @panel("core.key", order=5)
    def aside(request, it):
        return "admin/core/mail_text.html", {"title": "Aside", "side": True, "mail": it}

    @panel("core.key", order=1)
    def nothing(request, it):
        return None

    answer = staff.get(page(key))

    assert [one["title"] for one in answer.context["main_panels"]] == ["First", "Second"]
    assert [one["title"] for one in answer.context["side_panels"]] == ["Aside"]


def test_a_page_asks_the_same_of_the_database_however_long_the_history(staff, key, django_assert_num_queries):
    staff.get(page(key))
    # Session, person, the key, its history.
    with django_assert_num_queries(4):
        staff.get(page(key))
    with unit_of_work():
        for number in range(30):
            note_change(key, "core.apikey.changed", actor=MAYA, before={"name": str(number)}, after={"name": "x"})
    with django_assert_num_queries(4):
        staff.get(page(key))


def test_a_page_takes_no_posts(staff, key):
    assert staff.post(page(key), {"name": "Other"}).status_code == 403
    assert ApiKey.objects.get().name == "Web shop"


def test_nothing_is_edited_unless_it_is_named(staff, key):
    assert staff.get(page(key, "edit")).status_code == 403


def test_editing_goes_through_the_service_with_what_changed(staff, key, editable):
    answer = staff.post(page(key, "edit"), {"name": "Till", "prefix": "hacked"})

    assert answer.headers["Location"] == page(key)
    assert editable == [(key.pk, {"name": "Till"}, "staff:maya")]
    assert ApiKey.objects.get().prefix == key.prefix


def test_a_refused_edit_shows_why_and_keeps_what_was_typed(staff, key, editable):
    answer = staff.post(page(key, "edit"), {"name": "taken"})

    assert answer.status_code == 200
    assert b"Another key has this name" in answer.content
    assert b'value="taken"' in answer.content
    assert editable == []


def test_nobody_overwrites_unseen_what_somebody_else_changed(staff, key, editable, monkeypatch):
    monkeypatch.setattr(ApiKey, "version", 4, raising=False)

    refused = staff.post(page(key, "edit"), {"name": "Till", "_version": "3"})
    accepted = staff.post(page(key, "edit"), {"name": "Till", "_version": "4"})

    assert b"Somebody changed this while you were editing" in refused.content
    assert b'name="_version" value="4"' in refused.content
    assert b'value="Till"' in refused.content
    assert accepted.status_code == 302
    assert len(editable) == 1


def seen(answer):
    return answer.context["seen"]


def test_who_was_overtaken_sees_both_versions_and_chooses(staff, key, monkeypatch):
    monkeypatch.setattr(KeyAdmin, "editable", ("name",))
    opened = seen(staff.get(page(key, "edit")))
    staff.post(page(key, "edit"), {"name": "Theirs", "_seen": opened})

    refused = staff.post(page(key, "edit"), {"name": "Mine", "_seen": opened})

    (clash,) = refused.context["overtaken"].clashes
    assert (clash.before, clash.theirs, clash.mine, clash.choice) == ("Web shop", "Theirs", "Mine", "_keep_name")
    assert refused.context["overtaken"].who == "staff:maya"
    assert b'value="Mine"' in refused.content
    assert ApiKey.objects.get().name == "Theirs"

    now = seen(refused)
    staff.post(page(key, "edit"), {"name": "Mine", "_keep_name": "theirs", "_seen": now})
    assert ApiKey.objects.get().name == "Theirs"
    staff.post(page(key, "edit"), {"name": "Mine", "_keep_name": "mine", "_seen": now})
    assert ApiKey.objects.get().name == "Mine"


def test_a_field_left_alone_follows_the_colleague_and_is_told(staff, key, monkeypatch):
    monkeypatch.setattr(KeyAdmin, "editable", ("name", "prefix"))
    opened = seen(staff.get(page(key, "edit")))
    theirs = {"name": "Theirs", "prefix": key.prefix}
    staff.post(page(key, "edit"), {**theirs, "_seen": opened})

    refused = staff.post(page(key, "edit"), {"name": "Web shop", "prefix": "mine", "_seen": opened})

    (clash,) = refused.context["overtaken"].clashes
    assert (clash.theirs, clash.mine, clash.choice) == ("Theirs", "", "")
    assert b'value="Theirs"' in refused.content
    assert b'value="mine"' in refused.content
    assert ApiKey.objects.get().prefix == key.prefix


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_the_same_moment_are_told_apart(staff, key, monkeypatch):
    monkeypatch.setattr(KeyAdmin, "editable", ("name",))
    opened, meeting, read = seen(staff.get(page(key, "edit"))), Meeting(2, patience=0.5), overtaken.answer

    def both_have_read(*given):
        found = read(*given)
        meeting.wait()
        return found

    monkeypatch.setattr(overtaken, "answer", both_have_read)

    def save(name):
        client = Client()
        client.cookies = staff.cookies
        return client.post(page(key, "edit"), {"name": name, "_seen": opened})

    one, other = (end.value for end in concurrently(partial(save, "Mine"), partial(save, "Theirs")))

    assert sorted([one.status_code, other.status_code]) == [200, 302]
    (clash,) = (one if one.status_code == 200 else other).context["overtaken"].clashes
    assert clash.theirs == ApiKey.objects.get().name != clash.mine


def test_saving_asks_no_more_of_the_database_for_telling_two_apart(staff, key, monkeypatch):
    monkeypatch.setattr(KeyAdmin, "editable", ("name",))
    opened = seen(staff.get(page(key, "edit")))

    with CaptureQueriesContext(connection) as plain:
        staff.post(page(key, "edit"), {"name": "Till"})
    with CaptureQueriesContext(connection) as told_apart:
        staff.post(page(key, "edit"), {"name": "Shop", "_seen": opened.replace("Web shop", "Till")})

    assert ApiKey.objects.get().name == "Shop"
    # The row as it stands, which is locked by being read.
    assert len(told_apart) == len(plain) + 1


def test_a_refused_edit_stands_under_the_name_that_is_kept(staff, key, monkeypatch):
    monkeypatch.setattr(KeyAdmin, "editable", ("name",))
    opened = seen(staff.get(page(key, "edit")))
    staff.post(page(key, "edit"), {"name": "Theirs", "_seen": opened})

    refused = staff.post(page(key, "edit"), {"name": "Mine", "_seen": opened}).content.decode()

    assert f"<h1>{ApiKey.objects.get()}</h1>" in refused
    assert f"<title>Error: {ApiKey.objects.get()} · " in refused


def test_nonsense_about_what_was_seen_breaks_nothing(staff, key, monkeypatch):
    monkeypatch.setattr(KeyAdmin, "editable", ("name",))

    for nonsense in ("{", "[1]", '{"name": [1]}'):
        assert staff.post(page(key, "edit"), {"name": "Till", "_seen": nonsense}).status_code in (200, 302)


def test_without_a_service_a_row_is_saved_with_before_and_after(staff, key, monkeypatch):
    monkeypatch.setattr(KeyAdmin, "editable", ("name",))

    staff.post(page(key, "edit"), {"name": "Till"})

    entry = EventRecord.objects.get(name="core.apikey.changed")
    assert ApiKey.objects.get().name == "Till"
    assert (entry.actor, entry.payload) == ("staff:maya", {"before": {"name": "Web shop"}, "after": {"name": "Till"}})


def test_an_unknown_record_leads_back_to_the_list(staff):
    answer = staff.get(reverse("admin:core_apikey_change", args=[12345]))

    assert answer.headers["Location"] == reverse("admin:core_apikey_changelist")


def test_history_tells_who_did_what_newest_first_and_groups_one_moment(key):
    ago = timezone.now() - timedelta(days=1)
    EventRecord.objects.update(at=ago)
    revoke_api_key(key.pk, actor=MAYA)
    with unit_of_work():
        note_change(key, "core.apikey.changed", actor=MAYA, before={"name": "a"}, after={"name": "b"}, note="typo")

    told = history.moments(f"core.apikey:{key.pk}")

    assert [(moment.actor, len(moment.lines)) for moment in told] == [("staff:maya", 2), (str(SYSTEM), 1)]
    assert told[0].lines[0].changes == [("Name", "a", "b")]
    assert told[0].lines[0].record.note == "typo"


def test_a_fact_is_told_only_in_words_of_its_own(key, monkeypatch):
    monkeypatch.setattr(history, "PHRASES", {})
    thread = f"core.apikey:{key.pk}"
    EventRecord.objects.create(name="core.key_used", thread=thread, actor="system", payload={"times": 3})
    silent = [line.text for moment in history.moments(thread) for line in moment.lines]

    history.phrase("core.key_used", "Used %(times)s times", icon="bolt")
    told = [line.text for moment in history.moments(thread) for line in moment.lines]

    assert "Used 3 times" not in silent
    assert "Used 3 times" in told


def test_of_an_address_only_what_differs_is_shown(key):
    with unit_of_work():
        note_change(
            key,
            "core.apikey.changed",
            actor=MAYA,
            before={"address": {"city": "Bonn", "line1": "Main St 1"}, "live": True, "tags": ["a", "b"]},
            after={"address": {"city": "Berlin", "line1": "Main St 1"}, "live": False, "tags": []},
        )

    [line] = history.moments(f"core.apikey:{key.pk}")[0].lines[:1]

    assert line.changes == [("Address · City", "Bonn", "Berlin"), ("Live", "yes", "no"), ("Tags", "a, b", "")]
