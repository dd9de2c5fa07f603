"""Streams: a page that listens holds no thread of the web server, and hears of what it shows only."""

import json
import socket
from collections.abc import Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core import bell, live, onlookers, outbox, streams
from core.models import BrowserSession, EventRecord, Notice, User

THREAD = "core.user:7"
LINES: list[socket.socket] = []


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[streams.Hub]:
    """Turn the hub by hand: no thread of its own, and nobody left in it."""
    hub = streams.Hub()
    monkeypatch.setattr(hub, "_be_there", lambda: None)
    monkeypatch.setattr(streams, "hub", hub)
    monkeypatch.setattr(onlookers, "board", onlookers.Board())
    yield hub
    hub.turn()
    hub._let_all_go()
    while LINES:
        LINES.pop().close()


class Page:
    """A page that listens: its end of the line, and what it has heard."""

    def __init__(self, client: Client, token: str, **asked: str) -> None:
        server, self.line = socket.socketpair()
        self.answer: Any = client.get(f"/live/{token}/stream/", asked, **{"gunicorn.socket": server})
        self.server = server
        LINES.extend((self.line, server))
        if self.answer.streaming:
            # What gunicorn does: it asks for the first piece, and takes the reader for gone.
            with pytest.raises(BrokenPipeError):
                next(iter(self.answer))

    def hears(self) -> list[tuple[str, Any]]:
        self.line.settimeout(0.2)
        try:
            text = self.line.recv(65_536).decode()
        except TimeoutError:
            return []
        said = [dict(line.split(": ", 1) for line in part.splitlines() if ": " in line) for part in text.split("\n\n")]
        return [(one["event"], json.loads(one["data"])) for one in said if "event" in one]


def happen(thread: str = THREAD, **given: Any) -> EventRecord:
    return EventRecord.objects.create(name="core.bell", thread=thread, actor="system", **given)


def names(heard: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _data in heard if name != "beat"]


@pytest.mark.django_db
def test_a_connection_is_handed_over_and_hears_what_happens(client: Client, hub: streams.Hub) -> None:
    happen()
    page = Page(client, live.token_for([THREAD]))
    assert page.server.fileno() == -1
    head, _, rest = page.line.recv(4096).decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n")
    assert "\r\nX-Accel-Buffering: no\r\n" in head
    assert rest.startswith('retry: 2000\nevent: hello\ndata: {"mark":"1-')

    hub.turn()
    happen("core.user:8")
    hub.turn()
    assert names(page.hears()) == []
    happen()
    hub.turn()
    assert [one for one in page.hears() if one[0] != "beat"] == [("changed", {"rows": [0]})]


@pytest.mark.django_db
def test_fifty_pages_cost_as_many_queries_as_one(
    client: Client, hub: streams.Hub, django_assert_num_queries: Any
) -> None:
    pages = [Page(client, live.token_for([f"core.user:{number}"])) for number in range(50)]
    hub.turn()
    happen("core.user:3")
    happen("core.user:4")
    with django_assert_num_queries(2):
        hub.turn()
    assert [number for number, page in enumerate(pages) if "changed" in names(page.hears())] == [3, 4]


@pytest.mark.django_db
def test_nothing_is_missed_or_said_twice_while_entries_get_their_place_in_the_feed(
    client: Client, hub: streams.Hub
) -> None:
    page = Page(client, live.token_for([THREAD]))
    hub.turn()
    page.hears()
    for _ in range(3):
        happen()
        outbox.sequence_events()
        hub.turn()
        assert names(page.hears()) == ["changed"]
        happen()
        hub.turn()
        assert names(page.hears()) == ["changed"]
        outbox.sequence_events()
        hub.turn()
        assert names(page.hears()) == []


@pytest.mark.django_db
def test_what_happens_before_the_hub_looks_for_the_first_time_is_said(client: Client, hub: streams.Hub) -> None:
    page = Page(client, live.token_for([THREAD]))
    record = happen()
    hub.turn()
    heard = page.hears()
    assert names(heard) == ["hello", "changed"]
    assert [one.mark for one in hub.streams] == [live.mark_of([THREAD])]
    assert live.mark_of([THREAD]).newest == record.pk


@pytest.mark.django_db
def test_a_list_hears_which_of_its_rows_changed(client: Client, hub: streams.Hub) -> None:
    page = Page(client, live.token_for(["core.user:5", THREAD, "core.user:6"]))
    hub.turn()
    page.hears()
    happen("core.user:6")
    happen("core.user:5")
    hub.turn()
    assert page.hears() == [("changed", {"rows": [0, 2]})]


@pytest.mark.django_db
def test_whoever_leaves_is_let_go_and_a_page_that_does_not_read_too(client: Client, hub: streams.Hub) -> None:
    gone, deaf = Page(client, live.token_for([THREAD])), Page(client, live.token_for([THREAD]))
    hub.turn()
    gone.line.close()
    hub._wait(0.05)
    assert len(hub.streams) == 1
    for _ in range(3_000):
        hub._send(hub.streams, b"x" * 1_000)
    assert hub.streams == set()
    assert deaf.line.recv(10) != b""


@pytest.mark.django_db
def test_where_a_connection_cannot_be_kept_the_page_is_told_to_ask(
    client: Client, hub: streams.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = live.token_for([THREAD])
    assert client.get(f"/live/{token}/stream/").status_code == 204
    server, line = socket.socketpair()
    LINES.extend((server, line))
    later = {"gunicorn.socket": server, "SERVER_PROTOCOL": "HTTP/2"}
    assert client.get(f"/live/{token}/stream/", **later).status_code == 204
    monkeypatch.setattr(streams, "MOST_OF_ONE", 1)
    assert Page(client, token).answer.streaming
    assert Page(client, token).answer.status_code == 204
    assert Page(client, live.token_for(["core.user:8"])).answer.streaming


@pytest.mark.django_db
def test_a_sign_out_ends_the_streams_of_that_browser(staff: Client, client: Client, hub: streams.Hub) -> None:
    token = token_of(staff, "maya")
    page, open_page = Page(staff, token), Page(client, live.token_for([THREAD]))
    hub.turn()
    assert names(page.hears()) == ["hello"]
    BrowserSession.objects.all().delete()
    hub.asked_at = 0.0
    hub.turn()
    assert names(page.hears()) == ["over"]
    assert len(hub.streams) == 1
    assert names(open_page.hears()) == ["hello"]
    # Neither that browser nor another one comes in again with it.
    assert staff.head(f"/live/{token}/stream/").status_code == 404
    assert client.get(f"/live/{token}/stream/").status_code == 404


@pytest.mark.django_db
def test_who_was_deactivated_hears_nothing_more(staff: Client, hub: streams.Hub) -> None:
    page = Page(staff, token_of(staff, "maya"))
    hub.turn()
    page.hears()
    User.objects.filter(username="maya").update(is_active=False)
    hub.asked_at = 0
    hub.turn()
    assert names(page.hears()) == ["over"]


@pytest.mark.django_db
def test_the_bell_rings_on_the_stream_for_whom_there_is_something(
    staff: Client, client: Client, hub: streams.Hub, django_assert_num_queries: Any
) -> None:
    maya, tom = User.objects.get(username="maya"), User.objects.create_user("tom", is_staff=True)
    bell.tell([maya], kind="mentioned", record=maya, author="staff:tom")
    page, customer = Page(staff, token_of(staff, "maya", [])), Page(client, live.token_for([THREAD]))
    first = Notice.objects.get().pk
    assert dict(page.hears())["hello"]["bell"] == {"count": 1, "newest": first, "mark": f"1-{first}"}
    hub.turn()
    customer.hears()
    assert names(page.hears()) == ["bell"]

    with django_assert_num_queries(3):
        hub.turn()
    assert names(page.hears()) == []
    bell.tell([tom], kind="mentioned", record=maya, author="staff:tom")
    hub.turn()
    assert names(page.hears()) == []
    bell.read_all(maya.pk, up_to=Notice.objects.latest("pk").pk)
    hub.turn()
    hub.turn()
    hub.turn()
    # Twice: whoever came while it was looked hears it, too.
    assert names(page.hears()) == ["bell", "bell"]
    assert names(customer.hears()) == []


@pytest.mark.django_db
def test_a_session_that_has_expired_is_no_sign_in(staff: Client, hub: streams.Hub) -> None:
    page = Page(staff, token_of(staff, "maya"))
    hub.turn()
    page.hears()
    BrowserSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    hub.asked_at = 0.0
    hub.turn()
    assert names(page.hears()) == ["over"]


def token_of(client: Client, name: str, threads: Sequence[str] = (THREAD,)) -> str:
    """Return the right that a page gives to the member of staff who opened it."""
    request: Any = SimpleNamespace(user=User.objects.get(username=name), session=client.session)
    return live.token_for(threads, request, is_seen=True)


@pytest.fixture
def tom(db: None) -> Client:
    """Return the browser of a colleague."""
    client = Client()
    user = User.objects.create_superuser("tom", "t@example.com", "x", first_name="Tom", last_name="Berg")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.django_db
def test_colleagues_on_one_record_see_each_other_and_what_they_do(
    staff: Client, tom: Client, client: Client, hub: streams.Hub
) -> None:
    maya = Page(staff, token_of(staff, "maya"))
    stranger = Page(client, live.token_for([THREAD]))
    hub.turn()
    assert names(maya.hears()) == ["hello"]

    reading = Page(tom, token_of(tom, "tom"))
    hub.turn()
    assert maya.hears() == [("here", [{"name": "Tom Berg", "initials": "TB", "editing": False}])]
    assert ("here", [{"name": "maya", "initials": "M", "editing": False}]) in reading.hears()

    writing = Page(tom, token_of(tom, "tom"), doing="edit")
    hub.turn()
    assert maya.hears() == [("here", [{"name": "Tom Berg", "initials": "TB", "editing": True}])]
    for window in (reading, writing):
        window.line.close()
    hub._wait(0.05)
    hub.turn()
    assert maya.hears() == [("here", [])]
    assert names(stranger.hears()) == ["hello"]


@pytest.mark.django_db
def test_whoever_asks_instead_of_listening_is_seen_too_and_forgotten_soon(
    staff: Client, tom: Client, hub: streams.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, his = token_of(staff, "maya"), token_of(tom, "tom")
    first = staff.get(f"/live/{mine}/").json()
    assert first["here"] == []
    tom.get(f"/live/{his}/", {"doing": "edit"})
    asked = {"after": first["mark"], "seen": first["seen"]}
    now = staff.get(f"/live/{mine}/", asked).json()
    assert now["here"] == [{"name": "Tom Berg", "initials": "TB", "editing": True}]
    assert staff.get(f"/live/{mine}/", {**asked, "seen": now["seen"]}).status_code == 204

    clock = onlookers.time.monotonic()
    monkeypatch.setattr(onlookers.time, "monotonic", lambda: clock + 26)
    assert staff.get(f"/live/{mine}/").json()["here"] == []


@pytest.mark.django_db
def test_processes_see_each_other_through_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = onlookers.Board(), onlookers.Board()
    tom, ines = onlookers.Onlooker(1, "Tom", False), onlookers.Onlooker(2, "Ines", True)
    ours.listen([(THREAD, tom)])
    theirs.listen([(THREAD, ines)])
    assert ours.others(THREAD, tom, ours.everywhere()) == [ines]
    assert theirs.others(THREAD, ines, theirs.everywhere()) == [tom]
    theirs.listen([])
    assert ours.others(THREAD, tom, ours.everywhere()) == []
