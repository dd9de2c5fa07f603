"""What can be called by name or by key: who is offered what, how keys are switched off, what the palette is told."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from core.admin import commands, searching
from core.admin.searching import Hit
from core.models import EventRecord, User

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Offered(HTMLParser):
    """Reads the list of commands out of a page, as the browser does."""

    def __init__(self, page):
        super().__init__()
        self.found, self._inside, self._group, self._open = [], False, "", None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        self._inside = self._inside or (tag == "template" and said.get("id") == "commands")
        self._group = said.get("data-group", self._group)
        self._open = {**said, "group": self._group, "label": ""} if self._inside and tag == "a" else None

    def handle_data(self, data):
        if self._open is not None:
            self._open["label"] += data

    def handle_endtag(self, tag):
        if self._open is not None:
            self.found.append(self._open)
        self._open = None
        self._inside = self._inside and tag != "template"


def offered(browser, address="admin:index"):
    """Return what a page offers, by its label."""
    return {one["label"]: one for one in Offered(browser.get(reverse(address)).content.decode()).found}


@pytest.fixture
def desk(db, client):
    """Return a browser in which somebody is signed in who may see mail and add users, and nothing else."""
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    for name in ("view_outgoingmail", "view_user", "add_user", "change_user"):
        tom.user_permissions.add(Permission.objects.get(content_type__app_label="core", codename=name))
    client.force_login(tom, backend=BACKEND)
    client.user = tom
    return client


def test_everybody_is_offered_the_places_and_forms_that_are_theirs_and_no_others(desk):
    named = offered(desk)

    assert [one["label"] for one in named.values() if one["group"] == "Go to"] == [
        *("Today", "Sent mail", "Users", "First start")
    ]
    assert named["Sent mail"]["href"] == reverse("admin:core_outgoingmail_changelist")
    assert named["Sent mail"]["data-detail"] == "Customers"
    assert [label for label in named if label.startswith("Add ")] == ["Add user"]
    assert named["Add user"]["href"] == reverse("admin:core_user_add")


def test_a_command_of_an_app_stands_for_the_form_it_leads_to_and_hides_from_who_may_not(desk, staff, monkeypatch):
    monkeypatch.setattr(commands, "COMMANDS", {})
    commands.register("key.add", "New key", url_name="admin:core_apikey_add", permission="core.add_apikey", keys="n")
    commands.register("gone", "Nowhere", url_name="admin:no_such_page")

    mine, theirs = offered(staff), offered(desk)

    assert (mine["New key"]["href"], mine["New key"]["data-keys"]) == (reverse("admin:core_apikey_add"), "n")
    assert "Add API key" not in mine
    assert {"New key", "Nowhere"} & set(theirs) == set()
    assert "Nowhere" not in mine


def test_single_keys_are_switched_off_and_on_by_the_person_and_ctrl_k_stays(desk):
    page = reverse("admin:keys")
    before = {one["data-keys"] for one in offered(desk).values() if "data-keys" in one}
    desk.get(page)
    assert User.objects.get(pk=desk.user.pk).shortcut_keys is True

    answer = desk.post(page, {"single_keys": "off"})

    assert (answer.status_code, answer.url) == (302, page)
    assert [str(said) for said in get_messages(answer.wsgi_request)] == ["Single keys are switched off."]
    assert {one["data-keys"] for one in offered(desk).values() if "data-keys" in one} == {"Mod+k"}
    assert "Keyboard shortcuts" in offered(desk), "what keys did is still found by name"
    assert 'aria-keyshortcuts="/"' not in desk.get(page).content.decode()
    change = EventRecord.objects.get(name="core.user.changed")
    assert (change.actor, change.payload) == (
        "staff:tom",
        {"before": {"shortcut_keys": True}, "after": {"shortcut_keys": False}},
    )

    desk.post(page, {"single_keys": "on"})
    desk.post(page, {"single_keys": "on"})

    assert {one["data-keys"] for one in offered(desk).values() if "data-keys" in one} == before
    assert {"g t", "?", "j", "k", "x", "o,Enter", "Mod+k"} <= before
    assert EventRecord.objects.filter(name="core.user.changed").count() == 2, (
        "nothing changed, nothing is written down"
    )


def test_switching_needs_a_form_of_ours(django_user_model, db):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(django_user_model.objects.create_superuser("maya", "m@example.com", "x"), backend=BACKEND)

    assert browser.post(reverse("admin:keys"), {"single_keys": "off"}).status_code == 403
    assert User.objects.get().shortcut_keys is True


def test_the_page_of_keys_says_them_without_a_script(staff):
    page = staff.get(reverse("admin:keys")).content.decode()
    listed = page[page.index("key-list") : page.index("</section>", page.index("key-list"))]

    assert re.findall(r"<dt>(Next row|Open the row|Today)</dt><dd>(.*?)</dd>", listed) == [
        ("Today", "<kbd>g</kbd><kbd>t</kbd>"),
        ("Next row", "<kbd>j</kbd>"),
        ("Open the row", "<kbd>o</kbd> or <kbd>Enter</kbd>"),
    ]


def test_the_palette_is_on_every_page_inside_and_on_none_outside(staff, client):
    inside = staff.get(reverse("admin:core_user_changelist")).content.decode()
    popup = staff.get(reverse("admin:core_user_changelist") + "?_popup=1").content.decode()
    outside = client.get(reverse("admin:login")).content.decode()

    assert [page.count('id="commands"') for page in (inside, popup, outside)] == [1, 0, 0]
    assert [page.count('id="palette"') for page in (inside, popup, outside)] == [1, 0, 0]


@pytest.fixture
def things(monkeypatch):
    """Let two kinds of things be found; one of them is not for Tom."""
    asked = []
    monkeypatch.setattr(searching, "FINDERS", {})

    @searching.finder(permission="core.view_user", order=10)
    def find_people(term):
        asked.append(term)
        return [Hit(f"P-{n:06d}", f"/p/{n}/", "somebody", "Person", "dead", "given up") for n in range(120, 130)]

    @searching.finder(permission="core.view_apikey", order=20)
    def find_keys(term):
        return [Hit("K-000123", "/k/123/", kind="Key"), Hit("Front door", "/k/124/", kind="Key", code="DOOR")]

    return asked


def hits(browser, term):
    """Return what the palette is told."""
    return browser.get(reverse("admin:hits"), {"q": term}).json()["hits"]


def test_the_palette_is_told_a_few_of_each_kind_that_one_may_see(desk, staff, things):
    assert [hit["label"] for hit in hits(desk, "P-1")] == [f"P-{n:06d}" for n in range(120, 125)]
    assert [hit["kind"] for hit in hits(staff, "P-1")] == ["Person"] * 5 + ["Key"] * 2
    assert hits(desk, "P-1")[0] == {
        "label": "P-000120",
        "detail": "somebody",
        "url": "/p/120/",
        "kind": "Person",
        "status": "Given up",
        "tone": "bad",
        "exact": False,
    }


@pytest.mark.parametrize("typed", ["K-000123", "k-123", "K-0123"])
def test_what_was_typed_to_the_letter_comes_first(staff, things, typed):
    found = hits(staff, typed)

    assert (found[0]["label"], found[0]["exact"]) == ("K-000123", True)


def test_a_bare_number_is_the_number_of_every_kind_and_a_code_is_exact(staff, things):
    assert [hit["label"] for hit in hits(staff, "123") if hit["exact"]] == ["P-000123", "K-000123"]
    assert [hit["label"] for hit in hits(staff, "door") if hit["exact"]] == ["Front door"]


def test_the_search_page_opens_the_number_that_was_typed_among_others(staff, things):
    search = reverse("admin:search")

    assert staff.get(search, {"q": "K-123"}).headers["Location"] == "/k/123/"
    assert staff.get(search, {"q": "door"}).status_code == 200, "a code names what others carry too"
    assert staff.get(search, {"q": "123"}).status_code == 200, "two kinds have this number"


def test_one_letter_asks_nothing_and_a_nul_is_left_out(staff, things):
    assert hits(staff, "P") == []
    assert things == []
    assert hits(staff, "P\0-1") != []
    assert things == ["P-1"]


def test_a_stranger_is_told_nothing(client, db, things):
    answer = client.get(reverse("admin:hits"), {"q": "P-1"})

    assert answer.status_code == 302
    assert things == []
