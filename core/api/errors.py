"""Every error of the API, as RFC 9457 says: application/problem+json, never a page."""

import json
import logging
import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from django_fsm import ConcurrentTransition, TransitionNotAllowed
from rest_framework import exceptions
from rest_framework.response import Response

from core.actors import request_id
from core.errors import Conflict, DomainError, Invalid, KeyReused, Missing, NotAllowed, Stale, TooMany

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
Problem = tuple[int, str, str, dict[str, Any]]  # status, code, detail, more
# What RFC 9457 and we call something else: data of an error with such a name gets another one.
MEMBERS = frozenset({"type", "title", "status", "detail", "code", "request_id", "errors"})

STATUS: dict[type[DomainError], int] = {
    Invalid: 400,
    NotAllowed: 403,
    Missing: 404,
    Conflict: 409,
    Stale: 412,
    KeyReused: 422,
    TooMany: 429,
}
# What frameworks and databases raise, in the order in which it is looked up.
FOREIGN: tuple[tuple[type[Exception], int, str, str], ...] = (
    (TransitionNotAllowed, 409, "transition_refused", "This is not possible in the present state"),
    (ConcurrentTransition, 409, "conflict", "Somebody else changed this at the same moment; look again"),
    (Http404, 404, "not_found", "There is no such thing"),
    (PermissionDenied, 403, "not_allowed", "This is not allowed"),
    (RequestDataTooBig, 413, "too_large", "The body is too large"),
    (UnreadablePostError, 400, "malformed", "The body ended before its end"),
    (BadRequest, 400, "malformed", "The request cannot be understood"),
    (SuspiciousOperation, 400, "malformed", "The request cannot be understood"),
    (UnicodeEncodeError, 400, "invalid_text", "A text holds characters that no text can hold"),
    (DataError, 400, "invalid_value", "A value is too long, too large or not allowed"),
    (IntegrityError, 409, "conflict", "This would contradict what is already there"),
    (OperationalError, 503, "unavailable", "The database cannot be reached now; try again soon"),
    (InterfaceError, 503, "unavailable", "The database cannot be reached now; try again soon"),
)
WORTH_A_LOG = (IntegrityError, DataError, OperationalError, InterfaceError)
FRAMEWORK_CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


class TooLarge(exceptions.APIException):
    """The body is longer than we take."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large"
    default_code = "too_large"


def problem_details(error: Exception, context: dict[str, Any]) -> Response:
    """Answer any error of a view."""
    status, code, detail, more = _describe(error)
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None or status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(max(1, math.ceil(wait or 1)))
    return Response(body(status, code, detail, more), status=status, headers=headers, content_type=CONTENT_TYPE)


def as_page(error: Exception) -> HttpResponse:
    """Answer an error where there is no view to raise it in."""
    told = problem_details(error, {})
    answer = HttpResponse(json.dumps(told.data), status=told.status_code, content_type=CONTENT_TYPE)
    if wait := told.headers.get("Retry-After"):
        answer.headers["Retry-After"] = wait
    return answer


def body(status: int, code: str, detail: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the members of a problem; what is more never takes the place of one that RFC 9457 names."""
    return {
        **(more or {}),
        "type": f"{settings.SITE_URL}/api/v1/docs/#{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id.get(),
    }


def _describe(error: Exception) -> Problem:
    if isinstance(error, DomainError):
        return _domain(error)
    if isinstance(error, exceptions.APIException):
        return _framework(error)
    if isinstance(error, OverflowError):
        # Numbers that a database cannot hold, and days before the first or after the last year.
        logger.warning("Answered 400 to an overflow: %s", error, exc_info=error)
        return 400, "invalid_value", "A number or a date is out of range", {}
    if isinstance(error, ValueError) and "NUL (0x00)" in str(error):
        return 400, "invalid_text", "A text holds a NUL character", {}
    for kind, status, code, detail in FOREIGN:
        if isinstance(error, kind):
            if isinstance(error, WORTH_A_LOG):
                logger.warning("Answered %s to a database error: %s", status, error, exc_info=error)
            return status, code, detail, {}
    logger.error("Unexpected error", exc_info=error)
    kind_of = "The database" if isinstance(error, DatabaseError) else "Something"
    return 500, "internal_error", f"{kind_of} went wrong on our side; tell us the request_id", {}


def _domain(error: DomainError) -> Problem:
    status = next((number for kind, number in STATUS.items() if isinstance(error, kind)), 409)
    more = {f"current_{name}" if name in MEMBERS else name: value for name, value in error.details.items()}
    if error.errors:
        more["errors"] = error.errors
    return status, error.code, error.message, more


def _framework(error: exceptions.APIException) -> Problem:
    status = int(error.status_code)
    if isinstance(error, exceptions.ValidationError):
        faults = list(pointers(error.detail))
        return status, "invalid", "The request is not valid: see errors", {"errors": faults}
    if isinstance(error, exceptions.ParseError):
        return status, "malformed", str(error.detail), {}
    if isinstance(error, exceptions.AuthenticationFailed):
        return status, str(error.get_codes()), str(error.detail), {}
    code = FRAMEWORK_CODES.get(status, error.default_code)
    return status, str(code), str(error.detail), {}


def pointers(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Turn a serializer's errors into faults with JSON pointers (RFC 6901)."""
    if isinstance(detail, dict):
        for name, below in detail.items():
            yield from pointers(below, pointer if name == "non_field_errors" else f"{pointer}/{_escape(str(name))}")
    elif isinstance(detail, list | tuple):
        for index, below in enumerate(detail):
            yield from pointers(below, f"{pointer}/{index}" if isinstance(below, dict | list) else pointer)
    else:
        yield {"pointer": pointer, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
