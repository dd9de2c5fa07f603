"""How we speak to a provider: over HTTP, with an end to every wait, and messages whose sender is proven."""

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from billing.gateways.base import NoticeRefused, ProviderSilent
from core.spoken_json import read_json

TIMEOUT = 5.0
LONGEST_ANSWER = 64 * 1024
# A message is as fresh as this, so that one that was overheard is soon worth nothing.
FRESH_SECONDS = 300


class _NoDetours(urllib.request.HTTPRedirectHandler):
    """A provider answers where it was asked; whoever redirects us may want our secret."""

    def redirect_request(self, *args: Any) -> None:
        """Follow nothing."""
        return


_opener = urllib.request.build_opener(_NoDetours)


def call(
    method: str, url: str, *, secret: str, body: Mapping[str, Any] | None = None, timeout: float = TIMEOUT
) -> tuple[int, dict[str, Any]]:
    """Ask a provider in JSON; return the status below 500 and the answer. Raises ProviderSilent."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    return send(method, url, headers=headers, content=content, timeout=timeout)


def call_with_form(
    method: str, url: str, *, secret: str, fields: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    """Ask a provider who reads forms; what is asked of a GET stands in its address. Raises ProviderSilent."""
    form = urllib.parse.urlencode(fields)
    given = {**headers, "Authorization": f"Bearer {secret}"}
    if method == "GET":
        return send(method, f"{url}?{form}" if form else url, headers=given, content=None)
    given["Content-Type"] = "application/x-www-form-urlencoded"
    return send(method, url, headers=given, content=form.encode())


def send(
    method: str, url: str, *, headers: Mapping[str, str], content: bytes | None, timeout: float = TIMEOUT
) -> tuple[int, dict[str, Any]]:
    """Send a request and return the status below 500 and the answer. Raises ProviderSilent."""
    request = urllib.request.Request(  # noqa: S310 - the address is a setting
        url, method=method, data=content, headers=dict(headers)
    )
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return answer.status, _read(answer)
    except urllib.error.HTTPError as error:
        with error:
            if 400 <= error.code < 500:
                return error.code, _read(error)
        raise ProviderSilent(f"The provider answered {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        raise ProviderSilent(f"{type(error).__name__}: {error}") from error


def _read(answer: Any) -> dict[str, Any]:
    content = answer.read(LONGEST_ANSWER + 1)
    try:
        found = read_json(content, longest=LONGEST_ANSWER)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderSilent("The provider's answer cannot be understood")
    return found


def sign(secret: str, *, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers that prove who sent a message (Standard Webhooks 1.0)."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{_signature(secret, message_id, at, body)}",
    }


def verify(secret: str, *, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the id of a message that is the sender's and fresh. Raises NoticeRefused.

    Several signatures may stand in the header, while the secret is being changed.
    """
    message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    # An empty key is one that everybody has.
    if (
        not _key(secret)
        or not message_id
        or len(message_id) > 200
        or not (at.isascii() and at.isdigit() and len(at) < 12)
    ):
        _refuse("The message does not say who sent it and when")
    if abs(now.timestamp() - int(at)) > FRESH_SECONDS:
        _refuse("The message is too old, or from the future")
    wanted = _signature(secret, message_id, int(at), body).encode()
    given = [one.removeprefix("v1,") for one in headers.get("webhook-signature", "").split() if one.startswith("v1,")]
    if not any(hmac.compare_digest(wanted, one.encode()) for one in given):
        _refuse("The message is not signed by the provider")
    return message_id


def _refuse(reason: str) -> NoReturn:
    raise NoticeRefused(reason)


def _signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    told = b".".join((message_id.encode(), str(at).encode(), body))
    return base64.b64encode(hmac.digest(_key(secret), told, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """Return the bytes of a secret; `whsec_…` is base64, as the standard has it."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()
