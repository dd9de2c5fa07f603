"""How often a key may ask."""

import math
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.api.auth import client_of
from core.api.buckets import Allowance, buckets

MINUTE = 60


class KeyRate(BaseThrottle):
    """`API_RATE` requests a minute for each key, and `API_BURST` of them at once."""

    allowance: Allowance | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Take a token from the caller's bucket; somebody without a name is refused elsewhere."""
        client = client_of(request)
        rate, burst = settings.API_RATE, settings.API_BURST
        if not client or rate <= 0 or burst <= 0:
            return True
        self.allowance = buckets().take(client, per_second=rate / MINUTE, burst=burst)
        request._request.allowance = self.allowance  # type: ignore[attr-defined]
        return self.allowance.allowed

    def wait(self) -> float | None:
        """Say in how many seconds the next request is welcome."""
        return self.allowance.wait if self.allowance else None


def rate_headers(request: Any) -> dict[str, str]:
    """Return what a caller is told about their allowance (draft-ietf-httpapi-ratelimit-headers)."""
    allowance: Allowance | None = getattr(request, "allowance", None)
    if allowance is None:
        return {}
    return {
        "RateLimit-Policy": f'"burst";q={settings.API_BURST}, "rate";q={settings.API_RATE};w={MINUTE}',
        "RateLimit": f'"burst";r={allowance.left};t={math.ceil(allowance.full_in)}',
    }
