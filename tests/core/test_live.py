"""A page that is open hears, or asks, whether something happened: cheaply, and about what it shows only."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from core import links, live
from core.context import site
from core.models import EventRecord, User

THREAD = "core.user:7"


def happen(thread: str = THREAD, **given: Any) -> EventRecord:
    return EventRecord.objects.create(name="core.bell", thread=thread, actor="system", **given)


def ask(client: Any, after: str = "", *, threads: tuple[str, ...] = (THREAD,)) -> Any:
    return client.get(f"/live/{live.token_for(threads)}/", {"after": after})


@pytest.mark.django_db
def test_nothing_happened_is_an_empty_answer_and_one_query(client: Any, django_assert_num_queries: Any) -> None:
    happen()
    mark = ask(client).json()["mark"]
    with django_assert_num_queries(1):
        answer = ask(client, mark)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


@pytest.mark.django_db
def test_whatever_is_written_down_about_the_record_changes_its_mark(client: Any) -> None:
    happen()
    mark = ask(client).json()["mark"]
    happen("core.user:8")
    assert ask(client, mark).status_code == 204

    # A slow transaction commits what it noted before the last entry.
    happen(recorded_at=timezone.now() - timedelta(minutes=1))
    other = ask(client, mark).json()["mark"]
    assert other != mark
    assert ask(client, other).status_code == 204


@pytest.mark.django_db
def test_the_first_answer_says_when_something_happened_last(client: Any) -> None:
    assert ask(client).json() == {"mark": "0-0", "last": 0}
    record = happen()
    assert ask(client).json()["last"] == int(record.recorded_at.timestamp() * 1000)


@pytest.mark.django_db
def test_a_list_asks_about_all_its_records_at_once(client: Any, django_assert_num_queries: Any) -> None:
    both = (THREAD, "core.user:8")
    happen()
    mark = ask(client, threads=both).json()["mark"]
    happen("core.user:9")
    with django_assert_num_queries(1):
        assert ask(client, mark, threads=both).status_code == 204
    happen("core.user:8")
    assert ask(client, mark, threads=both).json()["mark"] != mark


@pytest.mark.django_db
def test_a_token_of_something_else_asks_nothing(client: Any) -> None:
    happen()
    for token in ("x", "a:b:c", links.make_link("order", THREAD), live.token_for([THREAD])[:-1]):
        assert client.get(f"/live/{token}/").status_code == 404
        assert client.get(f"/live/{token}/stream/").status_code == 404


@pytest.mark.django_db
def test_a_page_that_is_older_than_a_day_is_told_nothing(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = live.token_for([THREAD])
    now = live.time.time()
    monkeypatch.setattr(live.time, "time", lambda: now + 86_401)
    assert client.get(f"/live/{token}/").status_code == 404


@pytest.mark.django_db
def test_asking_is_reading(client: Any) -> None:
    assert client.post(f"/live/{live.token_for([THREAD])}/").status_code == 405


def test_a_page_brings_the_script_and_its_right_to_ask() -> None:
    html = Template("{% load live %}{% live user %}").render(Context({"user": User(pk=7)}))
    assert 'src="/static/core/live.js"' in html
    token = html.partition('data-ask="/live/')[2].partition("/")[0]
    right = live.read_token(token)
    assert right is not None
    assert (right.threads, right.session, right.user_id) == ((THREAD,), "", 0)
    assert "onlookers.js" not in html


def test_what_is_said_once_is_not_said_to_the_script() -> None:
    request = RequestFactory().get("/", headers={"X-Live": "1"})
    assert site(request)["messages"] == ()
    assert "messages" not in site(RequestFactory().get("/"))


@pytest.mark.django_db
def test_a_message_waits_for_its_reader(staff: Any) -> None:
    page = f"/admin/core/user/{User.objects.get(username='maya').pk}/change/"
    staff.get("/admin/core/user/999999/change/")
    assert "999999" not in staff.get(page, headers={"X-Live": "1"}).content.decode()
    assert "999999" in staff.get(page).content.decode()


@pytest.mark.django_db
def test_what_is_fetched_for_its_fresh_parts_is_the_same_without_the_way_around_it(staff: Any) -> None:
    def middle(html: str) -> str:
        return html.partition("<main")[2].partition("</main>")[0]

    shown = staff.get("/admin/core/user/?all=").content.decode()
    fetched = staff.get("/admin/core/user/?all=", headers={"X-Live": "1"}).content.decode()
    tokens = re.compile(r'(name="csrfmiddlewaretoken" value=")\w+')
    assert tokens.sub("", middle(fetched)) == tokens.sub("", middle(shown))
    assert len(middle(shown)) > 1_000
    assert 'id="sidebar"' in shown
    assert 'id="sidebar"' not in fetched
