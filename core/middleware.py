"""What every request gets: a name."""

import logging
import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.actors import request_id, within_request

GetResponse = Callable[[HttpRequest], HttpResponse]
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


class RequestIdFilter(logging.Filter):
    """Puts the request id on every log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; never drops a line."""
        record.request_id = request_id.get() or "-"
        return True
