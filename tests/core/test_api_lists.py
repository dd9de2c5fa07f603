"""Lists: pages that miss nothing, filters that refuse what they do not know; versions; the feed."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient, APIRequestFactory

from core import outbox
from core.api import etags, events
from core.api.keys import create_api_key
from core.errors import Invalid, Stale
from core.models import EventRecord
from tests.core.bells_api import RingsView

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.bells_api")]
BELLS, FEED = "/api/v1/bells/", "/api/v1/events/"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def rang(number: int, *, minute: int | None = None, **given: Any) -> EventRecord:
    at = NOON + timedelta(minutes=number if minute is None else minute)
    return EventRecord.objects.create(name="tests.rang", note=f"n{number:03}", at=at, **given)


def walk(api: Any, url: str | None, link: str = "next") -> Iterator[list[str]]:
    while url:
        page = api.get(url).json()
        yield [row["note"] for row in page["results"]]
        url = page[link]


def test_pages_hold_every_row_once_in_order(api: Any) -> None:
    for number in range(23):
        rang(number, minute=number // 5)  # many of the same moment
    pages = list(walk(api, f"{BELLS}?page_size=4"))
    assert [len(page) for page in pages] == [4, 4, 4, 4, 4, 3]
    assert [note for page in pages for note in page] == [f"n{number:03}" for number in reversed(range(23))]


def test_nothing_is_repeated_or_missed_while_rows_arrive(api: Any) -> None:
    for number in range(10):
        rang(number)
    seen: list[str] = []
    for count, page in enumerate(walk(api, f"{BELLS}?page_size=3")):
        seen += page
        rang(100 + count)
    assert seen == [f"n{number:03}" for number in reversed(range(10))]


def test_back_is_the_way_one_came(api: Any) -> None:
    for number in range(8):
        rang(number)
    first = api.get(f"{BELLS}?page_size=3").json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    assert (first["previous"], third["next"]) == (None, None)
    back = api.get(third["previous"]).json()
    assert back["results"] == second["results"]
    start = api.get(back["previous"]).json()
    assert (start["results"], start["previous"]) == (first["results"], None)
    assert api.get(start["next"]).json()["results"] == second["results"]


@pytest.mark.parametrize("ordering", ["place", "-place", "place,-note", "note", "-at,note"])
def test_rows_without_a_value_are_found_in_every_order(api: Any, ordering: str) -> None:
    for number in range(9):
        rang(number, position=number if number % 3 else None)
    forward = [note for page in walk(api, f"{BELLS}?page_size=2&ordering={ordering}") for note in page]
    assert sorted(forward) == [f"n{number:03}" for number in range(9)]
    url = f"{BELLS}?page_size=2&ordering={ordering}"
    while following := api.get(url).json()["next"]:
        url = following
    backward = [note for page in walk(api, url, "previous") for note in reversed(page)]
    assert backward == list(reversed(forward))


def test_a_page_costs_the_same_at_any_depth(api: Any, django_assert_num_queries: Any) -> None:
    for number in range(30):
        rang(number)
    url = f"{BELLS}?page_size=5"
    api.get(url)
    while url:
        with django_assert_num_queries(2):  # key, rows
            url = api.get(url).json()["next"]


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("page_size=0", "/page_size", "invalid"),
        ("page_size=201", "/page_size", "invalid"),
        ("page_size=ten", "/page_size", "invalid"),
        ("ordering=actor", "/ordering", "unknown_ordering"),
        ("colour=red", "/colour", "unknown_parameter"),
        ("after=yesterday", "/after", "invalid"),
        ("actor=%00", "/actor", "null_characters_not_allowed"),
    ],
)
def test_a_bad_parameter_is_named(api: Any, query: str, pointer: str, code: str) -> None:
    response = api.get(f"{BELLS}?{query}")
    [fault] = response.json()["errors"]
    assert (response.status_code, fault["pointer"], fault["code"], fault["in"]) == (400, pointer, code, "query")


@pytest.mark.parametrize(
    "cursor",
    ["x", "%00", "!!!", "W10", "eyJhIjoxfQ", "WyIiLCJuIixbMV1d", "WyIiLCJuIixbIngiLDFdXQ", "WyIiLCJuIixudWxsXQ", "a" * 3000],  # noqa: E501 - one line, nine cursors
)  # fmt: skip
def test_a_bad_cursor_is_refused(api: Any, cursor: str) -> None:
    response = api.get(f"{BELLS}?cursor={cursor}")
    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


def test_a_cursor_of_another_order_is_refused(api: Any) -> None:
    for number in range(3):
        rang(number)
    following = api.get(f"{BELLS}?page_size=1").json()["next"]
    assert api.get(f"{following}&ordering=note").json()["code"] == "bad_cursor"


def test_filters_narrow_the_list(api: Any) -> None:
    rang(1, actor="staff:maya")
    rang(2, actor="api:shop")
    assert [row["note"] for row in api.get(f"{BELLS}?actor=api:shop").json()["results"]] == ["n002"]
    assert [row["note"] for row in api.get(f"{BELLS}?after=2026-11-22T12:02:00Z").json()["results"]] == ["n002"]


# --- versions -------------------------------------------------------------------------------


def request_with(method: str = "get", **headers: str) -> Any:
    return RingsView().initialize_request(getattr(APIRequestFactory(), method)("/", headers=headers))


def test_the_caller_names_the_version_it_read() -> None:
    assert etags.expected_version(request_with()) is None
    assert etags.expected_version(request_with(**{"If-Match": "*"})) is None
    assert etags.expected_version(request_with(**{"If-Match": '"7"'})) == 7
    for tag in ('W/"7"', "7", '"seven"'):
        with pytest.raises(Stale):
            etags.expected_version(request_with(**{"If-Match": tag}))
    with pytest.raises(Invalid):
        etags.expected_version(request_with(**{"If-Match": '"7", "8"'}))
    etags.refuse_stale(7, 7)
    etags.refuse_stale(None, 7)
    with pytest.raises(Stale):
        etags.refuse_stale(6, 7)


def test_who_has_this_version_is_sent_nothing() -> None:
    fresh = etags.tagged(request_with(), {"a": 1}, 7)
    assert (fresh.status_code, fresh.headers["ETag"]) == (200, '"7"')
    assert etags.tagged(request_with(**{"If-None-Match": '"7"'}), {"a": 1}, 7).status_code == 304
    assert etags.tagged(request_with("patch", **{"If-None-Match": '"7"'}), {"a": 1}, 7).status_code == 200


# --- the feed -------------------------------------------------------------------------------


@pytest.fixture
def hears_all() -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_api_key('erp', scopes=['events:read'])[1]}")
    return client


@pytest.fixture
def six_rings(ring: Any) -> Iterator[None]:
    for number in range(6):
        ring(bell_id=number % 2 + 1, times=number)
    outbox.sequence_events()
    yield
    # What the apps registered stays: the next test of this process asks for it.
    events.VISIBLE.pop("tests.bell", None)
    events.NAMES.pop("tests.bell", None)


@pytest.mark.usefixtures("six_rings")
def test_the_feed_tells_public_events_in_order(hears_all: Any, django_assert_num_queries: Any) -> None:
    EventRecord.objects.filter(payload__times=3).update(public=False)
    hears_all.get(FEED)
    with django_assert_num_queries(2):
        page = hears_all.get(f"{FEED}?page_size=3").json()
    assert [event["data"] for event in page["results"]] == [{"times": 0}, {"times": 1}, {"times": 2}]
    assert [event["type"] for event in page["results"]] == ["tests.rang"] * 3
    rest = hears_all.get(page["next"]).json()
    assert [event["data"]["times"] for event in rest["results"]] == [4, 5]
    assert rest["next"] is None
    nothing = hears_all.get(f"{FEED}?after={rest['last']}").json()
    assert (nothing["results"], nothing["last"]) == ([], rest["last"])


@pytest.mark.usefixtures("six_rings")
def test_the_feed_speaks_of_things_by_their_public_names(hears_all: Any) -> None:
    events.named_by("tests.bell")(lambda ids: {key: {"bell": f"B-{key}"} for key in ids})
    first = hears_all.get(FEED).json()["results"][0]
    assert first["data"] == {"times": 0, "bell": "B-1"}


@pytest.mark.usefixtures("six_rings")
@pytest.mark.parametrize("size", [1, 2, 50])
def test_a_key_of_one_channel_hears_only_of_its_things(size: int) -> None:
    client = APIClient()
    _key, plain = create_api_key("shop", scopes=["events:read"], channels=["web"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    assert client.get(FEED).json()["results"] == []
    events.visible_to("tests.bell")(lambda ids, channels: ids & {2} if channels == {"web"} else set())
    seen: list[int] = []
    url = f"{FEED}?page_size={size}"
    while url:
        page = client.get(url).json()
        assert len(page["results"]) <= size
        seen += [event["data"]["times"] for event in page["results"]]
        url = page["next"]
    assert seen == [1, 3, 5]


@pytest.mark.parametrize("query", ["after=x", "after=-1", "page_size=0", "since=1"])
def test_the_feed_refuses_what_it_does_not_know(api: Any, query: str) -> None:
    assert api.get(f"{FEED}?{query}").status_code == 400


def test_the_feed_needs_its_scope() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_api_key('shop', scopes=['bells:read'])[1]}")
    assert client.get(FEED).status_code == 403


# --- the description ------------------------------------------------------------------------


def test_anybody_may_read_the_description_and_it_loads_nothing_from_elsewhere(client: Any) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    assert schema["openapi"].startswith("3.1")
    post = schema["paths"]["/api/v1/bells/"]["post"]
    assert {"400", "401", "403", "409", "422", "429"} <= set(post["responses"])
    [key] = [one for one in post["parameters"] if one["name"] == "Idempotency-Key"]
    assert (key["in"], key.get("required", False)) == ("header", False)
    money = schema["paths"]["/api/v1/money/"]["post"]
    assert [one["required"] for one in money["parameters"] if one["name"] == "Idempotency-Key"] == [True]
    listing = {one["name"] for one in schema["paths"]["/api/v1/bells/"]["get"]["parameters"]}
    assert {"cursor", "page_size", "ordering", "actor", "after"} <= listing
    page = client.get("/api/v1/docs/").content.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert client.get("/api/v1/docs/?script=").headers["Content-Type"].startswith("application/javascript")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_calendar_is_no_error_of_ours(api: Any, moment: str) -> None:
    rang(1)
    stored = json.dumps(["", "n", [moment, 1]]).encode()
    cursor = base64.urlsafe_b64encode(stored).decode().rstrip("=")
    assert api.get(BELLS, {"after": moment}).status_code in (200, 400)  # PostgreSQL knows such moments
    assert api.get(BELLS, {"cursor": cursor}).status_code in (200, 400)
