"""How often somebody may ask: counted by key, by person, or else by address."""

import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.api.auth import client_of
from core.api.buckets import Allowance, buckets
from core.api.errors import as_page
from core.visitors import client_address

GetResponse = Callable[[HttpRequest], HttpResponse]
MINUTE = 60


class KeyRate(BaseThrottle):
    """`API_RATE` requests a minute for each caller, and `API_BURST` of them at once.

    Who has no key, or a wrong one, is counted by address: guessing keys is limited, and whoever sits
    behind the same address with a key of their own is not.
    """

    allowance: Allowance | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Take a token from the caller's bucket."""
        self.allowance = take(request._request, client_of(request))
        return self.allowance is None or self.allowance.allowed

    def wait(self) -> float | None:
        """Say in how many seconds the next request is welcome."""
        return self.allowance.wait if self.allowance else None


def take(request: HttpRequest, client: str = "") -> Allowance | None:
    """Count a request once, and remember on it what its sender has left; None where nothing is counted."""
    rate, burst = settings.API_RATE, settings.API_BURST
    if rate <= 0 or burst <= 0:
        return None
    name = client or f"addr:{client_address(request)}"
    allowance = buckets().take(name, per_second=rate / MINUTE, burst=burst)
    request.allowance = allowance  # type: ignore[attr-defined]
    return allowance


def rate_headers(allowance: Allowance) -> dict[str, str]:
    """Return what a caller is told about their allowance (draft-ietf-httpapi-ratelimit-headers)."""
    return {
        "RateLimit-Policy": f'"burst";q={settings.API_BURST}, "rate";q={settings.API_RATE};w={MINUTE}',
        "RateLimit": f'"burst";r={allowance.left};t={math.ceil(allowance.full_in)}',
    }


class RateMiddleware:
    """Tells on every answer below `/api/` what is left, and counts what reaches no view of the API."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers, whoever gave the answer."""
        response = self.get_response(request)
        if not request.path_info.startswith("/api/"):
            return response
        allowance: Allowance | None = getattr(request, "allowance", None) or take(request)
        for name, value in rate_headers(allowance).items() if allowance else ():
            response.headers[name] = value
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Count what needs no key by address; views that know their caller count for themselves."""
        if not request.path_info.startswith("/api/") or hasattr(getattr(view, "cls", None), "counts_requests"):
            return None
        allowance = take(request)
        if allowance is None or allowance.allowed:
            return None
        return as_page(Throttled(allowance.wait))
