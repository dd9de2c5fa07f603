"""Versions of things, as HTTP sees them: ETag, If-Match, If-None-Match."""

import re
from http import HTTPStatus
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Invalid, Stale

TAG = re.compile(r'^"(\d{1,10})"$')


def etag_of(version: int) -> str:
    """Return the tag of a version."""
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """Return the version that the caller wants to change (`If-Match`); None where any will do.

    The service compares it under the lock. Raises Stale for a tag that can match no version.
    """
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    if "," in given:
        raise Invalid("Send one tag in If-Match")
    if not (tag := TAG.match(given)):
        raise Stale("This is not the present version; read it again")
    return int(tag[1])


def refuse_stale(expected: int | None, version: int) -> None:
    """Raise Stale when somebody changed the thing since the caller read it. Call it under the lock."""
    if expected is not None and expected != version:
        raise Stale("It was changed since you read it; read it again", version=version)


def tagged(request: Request, data: Any, version: int, *, status: int = HTTPStatus.OK) -> Response:
    """Return an answer with its tag; 304 when the caller already has this version."""
    tag = etag_of(version)
    if request.method in ("GET", "HEAD") and tag in request.headers.get("If-None-Match", ""):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    return Response(data, status=status, headers={"ETag": tag})
