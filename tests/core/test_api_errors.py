"""Every error is problem+json: one shape, the right status, never a page."""

import logging
from typing import Any

import pytest
from rest_framework.exceptions import ErrorDetail, ValidationError

from core.api import parsers
from core.api.errors import pointers
from core.api.fields import MomentField

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.bells_api")]
BELLS = "/api/v1/bells/"


def problem(response: Any) -> dict[str, Any]:
    """Return the body, after a look at what every problem has."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert {"type", "title", "detail", "code", "request_id"} <= set(body)
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("invalid", 400, "invalid"),
        ("not-allowed", 403, "not_allowed"),
        ("missing", 404, "not_found"),
        ("conflict", 409, "conflict"),
        ("stale", 412, "stale"),
        ("key-reused", 422, "idempotency_key_reused"),
        ("too-many", 429, "too_many_requests"),
        ("domain", 409, "error"),
        ("transition", 409, "transition_refused"),
        ("http404", 404, "not_found"),
        ("denied", 403, "not_allowed"),
        ("data", 400, "invalid_value"),
        ("integrity", 409, "conflict"),
        ("database", 503, "unavailable"),
        ("nul", 400, "invalid_text"),
        ("throttled", 429, "too_many_requests"),
        ("bug", 500, "internal_error"),
    ],
)
def test_each_error_has_its_status_and_code(api: Any, kind: str, status: int, code: str) -> None:
    response = api.get(f"/api/v1/raise/{kind}/")
    body = problem(response)
    assert (response.status_code, body["code"]) == (status, code)
    assert "secret" not in response.content.decode()


def test_data_of_a_refusal_stands_beside_the_problem(api: Any) -> None:
    body = problem(api.get("/api/v1/raise/conflict/"))
    assert (body["blocked_because"], body["detail"]) == ("The bell is in use", "Not now")
    assert body["status"] == 409  # a member of the same name in the data does not win
    assert problem(api.get("/api/v1/raise/invalid/"))["errors"] == [{"pointer": "/a", "code": "b", "detail": "c"}]


def test_who_should_wait_is_told_how_long(api: Any) -> None:
    assert api.get("/api/v1/raise/throttled/").headers["Retry-After"] == "3"
    assert api.get("/api/v1/raise/database/").headers["Retry-After"] == "1"


def test_a_bug_is_logged_with_the_id_that_the_client_saw(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="core.api.errors"):
        api.get("/api/v1/raise/bug/", headers={"X-Request-Id": "abc-1"})
    [line] = [record for record in caplog.records if record.name == "core.api.errors"]
    assert line.exc_info is not None
    assert "secret" in str(line.exc_info[1])


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/bells/", "/api/v1/bells/1/2/3"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_unknown_addresses_are_problems_too(client: Any, path: str, method: str) -> None:
    strict = type(client)(enforce_csrf_checks=True)
    response = getattr(strict, method)(path)
    assert (response.status_code, problem(response)["code"]) == (404, "not_found")


def test_a_forgotten_slash_is_pointed_out(client: Any) -> None:
    assert problem(client.get("/api/v1/bells"))["detail"] == "Addresses end with a slash: /api/v1/bells/"


def test_a_foreign_host_name_is_a_problem_not_a_page(client: Any) -> None:
    assert problem(client.get(BELLS, headers={"Host": "evil.example"}))["code"] == "malformed"


def test_methods_and_types_that_are_not_spoken(api: Any) -> None:
    wrong = api.delete(BELLS)
    assert (wrong.status_code, problem(wrong)["code"]) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    html = api.get(BELLS, headers={"Accept": "text/html"})
    assert (html.status_code, problem(html)["code"]) == (406, "not_acceptable")
    form = api.post(BELLS, "bell=1", content_type="application/x-www-form-urlencoded")
    assert (form.status_code, problem(form)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"bell": NaN}',
        b'{"bell": Infinity}',
        b'{"bell": 1e999}',
        b'{"bell": "\xff"}',
        b'{"bell": ' + b"9" * 5000 + b"}",
        b'{"bell": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_json_object_is_malformed(api: Any, raw: bytes) -> None:
    response = api.post(BELLS, raw, content_type="application/json")
    assert (response.status_code, problem(response)["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"bell": "a\\u0000b"}', "/bell"),
        (b'{"lines": [{"sku": "ok"}, {"a/b": ["\\u0000"]}]}', "/lines/1/a~1b/0"),
        (b'{"bell": "\\ud83d"}', "/bell"),
        (b'{"bell": {"x\\u0000": 1}}', "/bell"),
        (b'{"bell": {"\\udc00": 1}}', "/bell"),
    ],
)
def test_texts_that_no_database_can_hold_are_pointed_at(api: Any, raw: bytes, pointer: str) -> None:
    body = problem(api.post(BELLS, raw, content_type="application/json"))
    assert (body["status"], [fault["pointer"] for fault in body["errors"]]) == (400, [pointer])


@pytest.mark.parametrize("number", [b"9" * 401, b"-" + b"9" * 5000, b"1e999", b"9" * 1_000_000])
def test_a_number_of_any_length_is_refused_in_our_words(api: Any, number: bytes) -> None:
    response = api.post(BELLS, b'{"bell": ' + number + b"}", content_type="application/json")
    assert problem(response)["detail"] == "The body is not JSON: a number is too large"


@pytest.mark.parametrize("path", ["/api/v1/schema/", "/api/v1/docs/"])
@pytest.mark.parametrize(("method", "accept", "status"), [("get", "text/xml", 406), ("post", "*/*", 405)])
def test_the_docs_refuse_as_everything_else(api: Any, path: str, method: str, accept: str, status: int) -> None:
    response = getattr(api, method)(path, headers={"Accept": accept})
    assert response.status_code == problem(response)["status"] == status
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_body_that_is_too_large(api: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    response = api.post(BELLS, b'{"bell": "' + b"x" * 60 + b'"}', content_type="application/json")
    assert (response.status_code, problem(response)["code"]) == (413, "too_large")


def test_names_given_twice_count_once_and_a_byte_order_mark_does_not_matter() -> None:
    assert parsers.read_object(b'\xef\xbb\xbf{"a": 1, "a": 2, "b": "\xc3\xa9\xf0\x9f\x98\x80"}') == {
        "a": 2,
        "b": "é😀",
    }


def test_faults_of_fields_have_pointers(api: Any) -> None:
    lines = [{"sku": "A", "quantity": 1}, {"sku": 5, "quantity": 0}, {"quantity": "2"}, {"sku": "B", "quantity": 2.5}]
    lines += [{"sku": "C", "quantity": True}, {"sku": "D", "quantity": 1_000_001}]
    sent = {"bell": "x" * 21, "country": "XX", "currency": "DEM", "lines": lines}
    body = problem(api.post(BELLS, sent, format="json"))
    assert {(fault["pointer"], fault["code"]) for fault in body["errors"]} == {
        ("/bell", "max_length"),
        ("/country", "unknown_country"),
        ("/currency", "unknown_currency"),
        ("/lines/1/sku", "invalid"),
        ("/lines/1/quantity", "min_value"),
        ("/lines/2/sku", "required"),
        ("/lines/2/quantity", "invalid"),
        ("/lines/3/quantity", "invalid"),
        ("/lines/4/quantity", "invalid"),
        ("/lines/5/quantity", "max_value"),
    }


def test_a_fault_of_the_whole_has_the_empty_pointer() -> None:
    detail = {"non_field_errors": [ErrorDetail("no", "odd")], "a~b": {"0": [ErrorDetail("bad", "worse")]}}
    assert [(fault["pointer"], fault["code"]) for fault in pointers(detail)] == [("", "odd"), ("/a~0b/0", "worse")]


def test_a_body_that_nobody_could_read_back_is_refused(api: Any) -> None:
    deep = f'{{"bell": "big", "more": {"[" * 63}{"]" * 63}}}'
    deeper = deep.replace("[]", "[[]]")
    assert api.post(BELLS, deep, content_type="application/json").status_code == 201
    body = problem(api.post(BELLS, deeper, content_type="application/json"))
    assert (body["status"], body["code"]) == (400, "malformed")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z"])
def test_a_moment_that_no_page_could_show_is_refused(moment: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MomentField().run_validation(moment)
    assert refused.value.get_codes() == ["overflow"]
