"""What every request gets: a name, and its reader's language and time zone."""

import logging
import re
import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation

from core import sight
from core.actors import request_id, within_request

GetResponse = Callable[[HttpRequest], HttpResponse]
TEXT = re.compile(r"^(text/(?!event-stream)|application/(json|problem\+json|javascript)\b|image/svg)")
VERSION = re.compile(r'^"\d{1,10}"$')
CLEAN = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")


class RequestIdMiddleware:
    """Names every request, so that an error a client saw is found in the log and in the history."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Take the caller's id if it is a clean one, else make one."""
        given = request.headers.get("X-Request-Id", "")
        identifier = given if CLEAN.match(given) else uuid.uuid4().hex
        with within_request(identifier):
            response = self.get_response(request)
        response.headers["X-Request-Id"] = identifier
        return response


class CompressionMiddleware(GZipMiddleware):
    """Sends text compressed: a page of figures shrinks to a tenth.

    What is secret in a page is masked anew each time, so that its length tells nothing. An answer with
    the tag of a version goes as it is: compressed it would bear a weak tag, and `If-Match` takes none.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress pages, answers of the API and what belongs to pages; pictures and papers are small already."""
        kind, tag = response.headers.get("Content-Type", ""), response.headers.get("ETag", "")
        if not TEXT.match(kind) or VERSION.match(tag):
            return response
        return super().process_response(request, response)  # type: ignore[no-any-return,arg-type]


class ReaderMiddleware:
    """Serves a member of staff in the zone and language they have chosen, and within the limits they are set."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Follow the person for this request only."""
        user: Any = request.user
        if not user.is_authenticated or not user.is_staff:
            return self.get_response(request)
        limits = sight.within(sight.limits_of(user))
        with timezone.override(zone_of(user.time_zone)), translation.override(user.language), limits:
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", user.language)
        return response


def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone by name; None, which stands for the system's own, where there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError):
        return None


class RequestIdFilter(logging.Filter):
    """Puts the request id on every log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; never drops a line."""
        record.request_id = request_id.get() or "-"
        return True
