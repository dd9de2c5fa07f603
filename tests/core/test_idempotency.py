"""A request sent twice is done once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from core import housekeeping
from core.api import idempotency
from core.api.keys import create_api_key
from core.inserting import insert_once
from core.models import EventRecord, IdempotencyKey
from tests.core import bells_api
from tests.racing import concurrently

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.bells_api")]
BELLS, MONEY = "/api/v1/bells/", "/api/v1/money/"


@pytest.fixture(autouse=True)
def _quiet_bell(bell: Any) -> None:
    bells_api.hold.set()


def ring(client: Any, key: str | None = "k-1", path: str = BELLS, **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post(path, {"bell": "big", **body}, format="json", headers=headers)


def rings() -> int:
    return EventRecord.objects.filter(name="tests.rang").count()


def test_a_retry_gets_the_first_answer_to_the_byte(api: Any) -> None:
    first, again = ring(api), ring(api)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"] == "/api/v1/bells/1/"
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert rings() == 1


def test_the_same_body_in_other_words_is_the_same(api: Any) -> None:
    ring(api)
    raw = b'{ "bell" : "b\\u0069g" }'
    again = api.post(BELLS, raw, content_type="application/json", headers={"Idempotency-Key": "k-1"})
    assert again.headers["Idempotent-Replayed"] == "true"


def test_another_body_or_address_under_the_same_key_is_refused(api: Any) -> None:
    ring(api)
    other = ring(api, bell="small")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert ring(api, path=MONEY).status_code == 422
    assert rings() == 1


def test_without_a_key_each_request_counts(api: Any) -> None:
    ring(api, None)
    ring(api, None)
    assert rings() == 2
    assert not IdempotencyKey.objects.exists()


def test_keys_of_two_clients_never_meet(api: Any) -> None:
    other = APIClient()
    other.credentials(HTTP_AUTHORIZATION=f"Bearer {create_api_key('other', scopes=['*'])[1]}")
    ring(api)
    answer = ring(other)
    assert "Idempotent-Replayed" not in answer.headers
    assert rings() == 2


@pytest.mark.parametrize(("bell", "status"), [("cracked", 409), ("polite", 409), ("x" * 21, 400)])
def test_what_failed_leaves_no_key_and_no_trace(api: Any, bell: str, status: int) -> None:
    assert ring(api, bell=bell).status_code == status
    assert not IdempotencyKey.objects.exists()
    assert rings() == 0
    assert ring(api).status_code == 201


def test_where_money_moves_a_key_is_needed(api: Any) -> None:
    missing = ring(api, None, path=MONEY)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_required")
    first, again = ring(api, path=MONEY), ring(api, path=MONEY)
    assert (first.status_code, again.status_code, first.content, again.content) == (204, 204, b"", b"")
    assert rings() == 1
    kept = IdempotencyKey.objects.get()
    assert kept.keep_until - kept.created_at == timedelta(days=30)


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_a_key_that_is_too_long_or_unreadable_is_refused(api: Any, key: str) -> None:
    answer = ring(api, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert ring(api, "x" * 255).status_code == 201


def test_permission_comes_before_a_replay() -> None:
    key, plain = create_api_key("shop", scopes=["bells:write"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    ring(client)
    key.scopes = ["bells:read"]
    key.save()
    assert ring(client).status_code == 403


def test_an_answer_is_forgotten_after_its_time(api: Any) -> None:
    ring(api)
    kept = IdempotencyKey.objects.get()
    assert kept.keep_until - kept.created_at == timedelta(hours=24)
    IdempotencyKey.objects.update(keep_until=timezone.now())
    assert "Idempotent-Replayed" not in ring(api, bell="small").headers
    assert rings() == 2
    IdempotencyKey.objects.update(keep_until=timezone.now())
    assert housekeeping.clear_away() == 1
    assert not IdempotencyKey.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_twin_in_flight_waits_for_the_answer() -> None:
    """Fails with `insert_once` moved behind the work in `idempotency._once`: both twins ring."""
    _key, plain = create_api_key("shop", scopes=["*"])
    bells_api.hold.clear()
    while bells_api.inside.acquire(blocking=False):
        pass

    def send() -> Any:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
        return ring(client)

    def let_go() -> None:
        bells_api.inside.acquire(timeout=10)
        # Both are on their way now; one is inside, the other must wait for it.
        if connection.vendor == "postgresql":
            wait_until_somebody_waits()
        bells_api.hold.set()

    outcomes = concurrently(send, send, send, let_go)
    answers = [outcome.value for outcome in outcomes[:3]]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", "true", "true"]
    assert rings() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_twin_goes_ahead_when_the_first_one_failed() -> None:
    _key, plain = create_api_key("shop", scopes=["*"])

    def send(bell: str) -> Any:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
        return ring(client, bell=bell)

    outcomes = concurrently(*[lambda: send("cracked")] * 3)
    assert [outcome.value.status_code for outcome in outcomes] == [409, 409, 409]
    assert send("big").status_code == 201
    assert rings() == 1


def wait_until_somebody_waits() -> None:
    """Look until PostgreSQL says that a transaction waits for another one."""
    deadline = timezone.now() + timedelta(seconds=10)
    while timezone.now() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            if cursor.fetchone()[0]:
                return


def test_of_twins_that_find_the_key_forgotten_one_does_the_work(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where the second `insert_once` is not asked whether it inserted: both twins ring."""
    first = ring(api)
    kept = IdempotencyKey.objects.get()
    IdempotencyKey.objects.update(keep_until=timezone.now())
    tries = []

    def overtaken(row: IdempotencyKey) -> bool:
        tries.append(row)
        if len(tries) == 2:
            IdempotencyKey.objects.create(
                client=kept.client,
                key=kept.key,
                fingerprint=kept.fingerprint,
                status_code=kept.status_code,
                body=kept.body,
                headers=kept.headers,
                created_at=row.created_at,
                keep_until=row.keep_until,
            )
        return insert_once(row)

    monkeypatch.setattr(idempotency, "insert_once", overtaken)
    again = ring(api)
    assert (again.content, again.headers["Idempotent-Replayed"], len(tries), rings()) == (first.content, "true", 2, 1)
