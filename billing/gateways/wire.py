"""How we speak to a provider: over HTTP, with an end to every wait, and messages whose sender is proven."""

import base64
import binascii
import hashlib
import hmac
import json
import urllib.parse
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from billing.gateways.base import NoticeRefused, ProviderSilent
from core import outgoing

TIMEOUT = outgoing.TIMEOUT
# A file of some megabytes is on its way for a while.
UPLOAD_TIMEOUT = 30
LONGEST_ANSWER = outgoing.LONGEST_ANSWER
LONGEST_LIST = 2 * 1024 * 1024
# A message is as fresh as this, so that one that was overheard is soon worth nothing.
FRESH_SECONDS = 300


def call(
    method: str, url: str, *, secret: str, body: Mapping[str, Any] | None = None, timeout: float = TIMEOUT
) -> tuple[int, dict[str, Any]]:
    """Ask a provider in JSON; return the status below 500 and the answer. Raises ProviderSilent."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    return send(method, url, headers=headers, content=content, timeout=timeout)


def call_with_form(
    method: str,
    url: str,
    *,
    secret: str,
    fields: Mapping[str, str],
    headers: Mapping[str, str],
    longest: int = LONGEST_ANSWER,
) -> tuple[int, dict[str, Any]]:
    """Ask a provider who reads forms; what is asked of a GET stands in its address. Raises ProviderSilent."""
    form = urllib.parse.urlencode(fields)
    given = {**headers, "Authorization": f"Bearer {secret}"}
    if method == "GET":
        return send(method, f"{url}?{form}" if form else url, headers=given, content=None, longest=longest)
    given["Content-Type"] = "application/x-www-form-urlencoded"
    return send(method, url, headers=given, content=form.encode())


def call_with_file(
    url: str,
    *,
    secret: str,
    fields: Mapping[str, str],
    name: str,
    content_type: str,
    content: bytes,
    headers: Mapping[str, str],
) -> tuple[int, dict[str, Any]]:
    """Give a provider a file, in the same bytes each time. Raises ProviderSilent."""
    mark = f"part-{hashlib.sha256(content).hexdigest()}"
    safe = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in name)
    said = [f'--{mark}\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{fields[one]}\r\n' for one in fields]
    said.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n')
    said.append(f"Content-Type: {content_type}\r\n\r\n")
    body = "".join(said).encode() + content + f"\r\n--{mark}--\r\n".encode()
    given = {**headers, "Authorization": f"Bearer {secret}", "Content-Type": f"multipart/form-data; boundary={mark}"}
    return send("POST", url, headers=given, content=body, timeout=UPLOAD_TIMEOUT)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None,
    timeout: float = TIMEOUT,
    longest: int = LONGEST_ANSWER,
) -> tuple[int, dict[str, Any]]:
    """Send a request and return the status below 500 and the answer. Raises ProviderSilent."""
    try:
        return outgoing.send(method, url, headers=headers, content=content, timeout=timeout, longest=longest)
    except outgoing.NoAnswer as silent:
        raise ProviderSilent(str(silent)) from silent


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
