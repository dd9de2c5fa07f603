"""A request sent twice is done once."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, overload

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.auth import client_of
from core.errors import Invalid, KeyReused
from core.inserting import insert_once
from core.models import IdempotencyKey
from core.service import attempt

HEADER = "Idempotency-Key"
LONGEST = 255
KEEP = timedelta(hours=24)
KEEP_MONEY = timedelta(days=30)
KEPT_HEADERS = ("Location", "ETag")
Method = Callable[..., Response]
Required = bool | Callable[[Request], bool]


class KeyMissing(Invalid):
    """Where money moves, a retry must be recognisable."""

    code = "idempotency_key_required"


class KeyMalformed(Invalid):
    """The key is too long, or holds what no header should."""

    code = "idempotency_key_invalid"


class KeptResponse(Response):
    """An answer with exactly these bytes."""

    def __init__(self, kept: str, *, status: int, headers: dict[str, str]) -> None:
        super().__init__(json.loads(kept) if kept else None, status=status, headers=headers)
        self.kept = kept

    @property
    def rendered_content(self) -> bytes:
        """Return the bytes as they were first sent."""
        if self.kept:
            self["Content-Type"] = "application/json"
        else:
            del self["Content-Type"]
        return self.kept.encode()


class _Refused(Exception):
    """Carries an answer that must leave no trace out of the transaction."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@overload
def idempotent(view: Method) -> Method: ...
@overload
def idempotent(*, required: Required = False) -> Callable[[Method], Method]: ...
def idempotent(view: Method | None = None, *, required: Required = False) -> Method | Callable[[Method], Method]:
    """Run a write once per Idempotency-Key, in one unit of work; a retry gets the first answer back.

    Key, work and answer share one transaction: a crash leaves no trace, and a concurrent twin
    waits on the unique index. That holds because nothing inside talks to the world; the outbox
    does. `required=True` where money moves: no key is a 400, and the answer is kept for 30 days;
    a function says it of a request where only some of them move money.
    """
    if view is None:
        return partial(_decorate, required=required)
    return _decorate(view, required=required)


def _decorate(view: Method, *, required: Required) -> Method:
    @wraps(view)
    def wrapper(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        work = partial(view, self, request, *args, **kwargs)
        # Read before the transaction: a body that cannot be read never gets that far.
        fingerprint = _fingerprint(request)
        money = required(request) if callable(required) else required
        key = _key(request, required=money)
        if key:
            work = partial(_once, work, client_of(request), key, fingerprint, KEEP_MONEY if money else KEEP)
        try:
            return attempt(partial(_accepted, work))
        except _Refused as refused:
            return refused.response

    wrapper.idempotency = "required" if required is True else "optional"  # type: ignore[attr-defined]
    return wrapper


def run_part_once(
    request: Request, part: int, body: Any, work: Callable[[], Response], *, required: bool = False
) -> Response:
    """Run one part of a request of many transactions, once per Idempotency-Key and part.

    A part that was refused leaves no trace and is tried again with the request.
    """
    if key := _key(request, required=required):
        said = json.dumps([request.method, request.get_full_path(), body], sort_keys=True, default=str)
        own_key = hashlib.sha256(f"{part} of {key}".encode()).hexdigest()
        fingerprint = hashlib.sha256(said.encode()).hexdigest()
        work = partial(_once, work, client_of(request), own_key, fingerprint, KEEP_MONEY if required else KEEP)
    return attempt(partial(_accepted, work))


def _accepted(work: Callable[[], Response]) -> Response:
    response = work()
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise _Refused(response)
    return response


def _key(request: Request, *, required: bool) -> str:
    key = request.headers.get(HEADER, "")
    if not key and required:
        raise KeyMissing(f"Send an {HEADER} header, so that a retry does not move money twice")
    if len(key) > LONGEST:
        raise KeyMalformed(f"The {HEADER} is longer than {LONGEST} characters")
    if not key.isprintable():
        raise KeyMalformed(f"The {HEADER} holds characters that cannot be printed")
    return key


def _fingerprint(request: Request) -> str:
    """Return what makes a request the same: method, address and the meaning of its body."""
    said = [request.method, request.get_full_path(), request.data]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=_meant).encode()).hexdigest()


def _meant(value: Any) -> str:
    """Return what a value that is no JSON means: of a file its name and all of its bytes."""
    if not isinstance(value, UploadedFile):
        return str(value)
    digest = hashlib.sha256()
    for piece in value.chunks():
        digest.update(piece)
    value.seek(0)
    return f"{value.name}:{digest.hexdigest()}"


def _once(work: Callable[[], Response], client: str, key: str, fingerprint: str, keep: timedelta) -> Response:
    now = timezone.now()
    row = IdempotencyKey(client=client, key=key, fingerprint=fingerprint, created_at=now, keep_until=now + keep)
    # Again after each removal: a twin that also found the old key forgotten may have been faster.
    while not insert_once(row):
        known = IdempotencyKey.objects.filter(client=client, key=key).first()
        if known is not None and known.keep_until > now:
            return _replay(known, fingerprint)
        # Forgotten already, only not yet cleared away.
        IdempotencyKey.objects.filter(client=client, key=key, keep_until__lte=now).delete()
    response = _accepted(work)
    kept = b"" if response.data is None else JSONRenderer().render(response.data)
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    IdempotencyKey.objects.filter(pk=row.pk).update(
        status_code=response.status_code, body=kept.decode(), headers=headers
    )
    return KeptResponse(kept.decode(), status=response.status_code, headers=headers)


def _replay(known: IdempotencyKey, fingerprint: str) -> Response:
    if known.fingerprint != fingerprint:
        raise KeyReused(f"This {HEADER} was used with another request")
    headers = {**known.headers, "Idempotent-Replayed": "true"}
    return KeptResponse(known.body, status=known.status_code or HTTPStatus.OK, headers=headers)
