"""Who may come in: keys, scopes, sessions, allowance."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient, APIRequestFactory

from core.actors import EVERYTHING, SYSTEM
from core.api import auth, buckets, throttling
from core.api.keys import create_api_key, revoke_api_key
from core.errors import Invalid
from core.models import ApiKey, EventRecord

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.bells_api")]
BELLS = "/api/v1/bells/"


def client_with(plain: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def test_a_key_opens_what_its_scopes_say() -> None:
    _key, plain = create_api_key("shop", scopes=["bells:read"])
    client = client_with(plain)
    assert client.get(BELLS).status_code == 200
    refused = client.post(BELLS, {"bell": "x"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert client.options(BELLS).status_code == 200


def test_a_key_is_kept_hashed_and_its_making_is_in_the_log() -> None:
    key, plain = create_api_key("shop", scopes=["bells:read"], channels=["api"])
    stored = str(ApiKey.objects.values().get())
    assert plain.split(".")[1] not in stored
    made = EventRecord.objects.get()
    assert (made.name, made.subject_id) == ("core.api_key_created", key.pk)
    assert plain.split(".")[1] not in str(made.payload)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer x",
        "Bearer x.y",
        "Bearer a b",
        "Basic eDp5",
        "Bearer \xff.y",
        f"Bearer {'A' * 10}.{'b' * 43}",
    ],
)
def test_no_or_a_bad_key_is_a_401_with_a_challenge(header: str) -> None:
    create_api_key("shop", scopes=["*"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    response = client.get(BELLS)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    assert response.headers["Content-Type"] == "application/problem+json"


def test_the_right_prefix_with_a_wrong_secret_is_a_bad_key() -> None:
    _key, plain = create_api_key("shop", scopes=["*"])
    wrong = plain[:-1] + ("a" if plain[-1] != "a" else "b")
    assert client_with(wrong).get(BELLS).status_code == 401


def test_a_revoked_key_opens_nothing_any_more() -> None:
    key, plain = create_api_key("shop", scopes=["*"])
    client = client_with(plain)
    assert client.get(BELLS).status_code == 200
    revoke_api_key(key.pk, actor=SYSTEM)
    assert client.get(BELLS).status_code == 401
    before = ApiKey.objects.get().revoked_at
    assert revoke_api_key(key.pk, actor=SYSTEM).revoked_at == before


def test_the_last_use_is_noted_once_a_minute(django_assert_num_queries: Any) -> None:
    key, plain = create_api_key("shop", scopes=["*"])
    client = client_with(plain)
    with django_assert_num_queries(3):  # key, last use, rows
        client.get(BELLS)
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None
    with django_assert_num_queries(2):
        client.get(BELLS)
    long_ago = timezone.now() - timedelta(hours=1)
    ApiKey.objects.update(last_used_at=long_ago)
    auth._noted.clear()
    client.get(BELLS)
    assert ApiKey.objects.get(pk=key.pk).last_used_at > noted


def test_staff_may_browse_and_write_with_their_token(django_user_model: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    maya = django_user_model.objects.create_user("maya", password="x", is_staff=True, is_superuser=True)
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(BELLS).status_code == 200
    without = client.post(BELLS, {"bell": "x"}, content_type="application/json")
    assert (without.status_code, without.headers["Content-Type"]) == (403, "application/problem+json")
    assert client.get("/api/v1/raise/bug/").status_code == 500


def test_customers_who_are_signed_in_are_nobody_here(django_user_model: Any) -> None:
    client = Client()
    ada = django_user_model.objects.create_user("ada", password="x")
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(BELLS).status_code == 401


def test_scopes_of_staff_follow_from_what_is_declared(django_user_model: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(auth, "SCOPE_PERMISSIONS", {})
    lea = django_user_model.objects.create_user("lea", is_staff=True)
    lea.user_permissions.add(Permission.objects.get(codename="view_apikey", content_type__app_label="core"))
    scopes = auth.StaffScopes(lea)
    assert "core.view_apikey" in scopes
    assert ("core:read" in scopes, "core:write" in scopes, "orders:read" in scopes) == (False, False, False)
    auth.declare_scope("keys:read", "core.view_apikey")
    auth.declare_scope("keys:write", "core.add_apikey")
    assert ("keys:read" in scopes, "keys:write" in scopes) == (True, False)


def test_a_scope_that_nobody_declared_refuses_every_session_but_a_superusers(django_user_model: Any) -> None:
    lea = django_user_model.objects.create_user("lea", is_staff=True)
    lea.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(lea, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(BELLS).status_code == 403


def test_the_caller_is_the_actor() -> None:
    key, _plain = create_api_key("shop", scopes=["bells:read"], channels=["web"])
    request: Any = APIRequestFactory().get("/")
    request.user, request.auth = auth.Integrator(key), key
    actor = auth.actor_of(request)
    assert (str(actor), actor.can) == ("api:shop", frozenset({"bells:read"}))
    assert auth.channels_of(request) == frozenset({"web"})
    assert auth.client_of(request) == f"key:{key.pk}"
    key.scopes, key.channels = ["*"], []
    assert "anything:at-all" in auth.actor_of(request).can
    assert auth.channels_of(request) is None
    assert frozenset({"a", "b"}) <= EVERYTHING


@pytest.mark.parametrize("scopes", [["bells"], ["Bells:read"], ["bells:read write"], [""]])
def test_a_scope_that_is_none_is_refused(scopes: list[str]) -> None:
    with pytest.raises(Invalid, match="Not a scope"):
        create_api_key("shop", scopes=scopes)


def test_the_command_prints_the_key_alone() -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command("create_api_key", "shop", scopes="bells:read, bells:write", channels="web", stdout=out, stderr=err)
    [plain] = out.getvalue().splitlines()
    assert client_with(plain).get(BELLS).status_code == 200
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.channels) == ("shop", ["bells:read", "bells:write"], ["web"])
    assert "shop" in err.getvalue()
    call_command("create_api_key", "all", all_scopes=True, stdout=io.StringIO(), stderr=err)
    assert ApiKey.objects.get(name="all").scopes == ["*"]
    with pytest.raises(CommandError, match="Not a scope"):
        call_command("create_api_key", "shop", scopes="nonsense", stderr=err)


# --- allowance ------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_come_back(api: Any, settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 30, 3
    answers = [api.get(BELLS) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    refused = answers[-1]
    assert refused.headers["RateLimit-Policy"] == '"burst";q=3, "rate";q=30;w=60'
    assert refused.headers["Retry-After"] == "2"
    assert (refused.headers["Content-Type"], refused.json()["code"]) == (
        "application/problem+json",
        "too_many_requests",
    )


def test_each_key_has_its_own_allowance(settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 30, 1
    first, second = (client_with(create_api_key("shop", scopes=["*"])[1]) for _ in range(2))
    assert [first.get(BELLS).status_code, first.get(BELLS).status_code, second.get(BELLS).status_code] == [
        200,
        429,
        200,
    ]


def test_a_refused_request_counts_too(settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 30, 2
    client = client_with(create_api_key("shop", scopes=["bells:read"])[1])
    codes = [client.post(BELLS, {}, format="json").status_code for _ in range(3)]
    assert codes == [403, 403, 429]


RATED = {"RateLimit", "RateLimit-Policy"}
REFUSALS: list[tuple[str, str, dict[str, Any], int]] = [
    ("get", BELLS, {}, 200),
    ("get", f"{BELLS}?colour=red", {}, 400),
    ("delete", BELLS, {}, 405),
    ("get", BELLS, {"HTTP_ACCEPT": "text/xml"}, 406),
    ("post", BELLS, {"data": "x", "content_type": "text/plain"}, 415),
    ("post", BELLS, {"data": "{", "content_type": "application/json"}, 400),
    ("get", "/api/v1/raise/bug/", {}, 500),
    ("get", "/api/v1/nothing/", {}, 404),
    ("get", "/api/", {}, 404),
    ("get", "/api/v1/schema/", {}, 200),
    ("get", BELLS, {"HTTP_HOST": "elsewhere.example"}, 400),
]


@pytest.mark.parametrize(("method", "path", "given", "status"), REFUSALS)
def test_every_answer_says_what_is_left(api: Any, method: str, path: str, given: dict[str, Any], status: int) -> None:
    api.raise_request_exception = False
    answer = getattr(api, method)(path, **given)
    assert answer.status_code == status
    assert set(answer.headers) >= RATED
    assert answer.headers["RateLimit"].startswith('"burst";r=599;'), "counted once"
    assert not RATED & set(api.get("/healthz").headers)


@pytest.mark.parametrize("header", ["", "Bearer nobody", "Basic eDp5"])
def test_who_is_refused_at_the_door_reads_what_is_left(header: str) -> None:
    answer = APIClient(HTTP_AUTHORIZATION=header).get(BELLS)
    assert (answer.status_code, answer.headers["RateLimit"]) == (401, '"burst";r=599;t=1')


def test_guessing_keys_is_limited_by_address_and_keys_behind_it_are_not(settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 30, 3
    _key, plain = create_api_key("shop", scopes=["*"])
    guesses = [client_with(f"{plain[:-1]}{letter}").get(BELLS) for letter in "!?+"]
    nobody = APIClient().get(BELLS)
    assert [answer.status_code for answer in [*guesses, nobody]] == [401, 401, 401, 429]
    assert (nobody.json()["code"], nobody.headers["Retry-After"]) == ("too_many_requests", "2")
    assert nobody.headers["RateLimit"].split(";")[1] == "r=0"
    lost = APIClient().get("/api/v1/nothing/")
    assert (lost.status_code, lost.headers["Content-Type"]) == (429, "application/problem+json")
    assert (lost.json()["status"], lost.headers["Retry-After"]) == (429, "2")
    assert set(lost.headers) >= RATED
    assert client_with(plain).get(BELLS).status_code == 200
    assert APIClient(REMOTE_ADDR="192.0.2.7").get(BELLS).status_code == 401


def test_without_a_rate_nobody_is_counted(settings: Any, api: Any) -> None:
    settings.API_RATE = 0
    assert not RATED & set(api.get(BELLS).headers)
    assert not RATED & set(api.get("/api/v1/nothing/").headers)


def test_a_bucket_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(buckets.time, "monotonic", lambda: now[0])
    local = buckets.LocalBuckets()
    taken = [local.take("a", per_second=2, burst=2).allowed for _ in range(3)]
    assert taken == [True, True, False]
    now[0] += 0.5
    assert local.take("a", per_second=2, burst=2).allowed is True
    refused = local.take("a", per_second=2, burst=2)
    assert (refused.allowed, refused.wait) == (False, 0.5)


def test_without_redis_each_process_counts_for_itself() -> None:
    class Away:
        calls = 0

        def eval(self, *args: Any) -> Any:
            self.calls += 1
            raise buckets.RedisError("away")

    away = Away()
    shared = buckets.RedisBuckets(away)
    assert [shared.take("a", per_second=1, burst=2).allowed for _ in range(3)] == [True, True, False]
    assert away.calls == 1


def test_redis_counts_like_a_process(settings: Any) -> None:
    buckets.buckets.cache_clear()
    if not settings.REDIS_URL:
        pytest.skip("needs Redis: set REDIS_URL")
    shared = buckets.buckets()
    assert isinstance(shared, buckets.RedisBuckets)
    taken = [shared.take("test", per_second=1, burst=2) for _ in range(3)]
    assert [one.allowed for one in taken] == [True, True, False]
    assert 0.9 < taken[-1].wait <= 1
    assert not shared.circuit.is_open


@pytest.fixture(autouse=True)
def _fresh_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = buckets.LocalBuckets()
    monkeypatch.setattr(throttling, "buckets", lambda: fresh)
