"""How we ask somebody else over HTTP: with an end to every wait, no detours, and no answer too long to read.

The addresses are settings of the operator, never what somebody typed; a redirect is not followed, because who sends
us elsewhere may want our secret, or our house.
"""

import http.client
import io
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from typing import Any

from core.spoken_json import read_json

# Seconds without a byte, and seconds for all of it: who sends a byte now and then would keep us for ever.
TIMEOUT = 5.0
WITHIN = 15.0
LONGEST_ANSWER = 64 * 1024


class NoAnswer(Exception):
    """Nobody answered, or nothing that can be understood: whether the question arrived is not known."""


class _NoDetours(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *args: Any) -> None:
        """Follow nothing."""
        return


class _Question(urllib.request.Request):
    """A request that is answered until a moment, or not at all."""

    until: float


class _InTime(io.RawIOBase):
    """What comes over a socket until a moment, however many pieces it comes in."""

    def __init__(self, sock: Any, until: float) -> None:
        super().__init__()
        self.sock, self.until, self.pause = sock, until, sock.gettimeout()
        self.pieces = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """Say that it is there to be read."""
        return True

    def readinto(self, into: Any) -> Any:
        """Wait for the next piece, no longer than there is time."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer took too long")
        self.sock.settimeout(left if self.pause is None else min(self.pause, left))
        return self.pieces.readinto(into)

    def close(self) -> None:
        """Let go of the socket."""
        if not self.closed:
            self.pieces.close()
        super().close()


class _Heard(http.client.HTTPResponse):
    """An answer that is heard until a moment: its head as well as its body."""

    def __init__(self, sock: Any, *args: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_InTime(sock, until))


def _hearing(kind: type[http.client.HTTPConnection], host: str, *, until: float, **named: Any) -> Any:
    connection = kind(host, **named)
    connection.response_class = partial(_Heard, until=until)  # type: ignore[assignment]
    return connection


class _Http(urllib.request.HTTPHandler):
    """Asks over a connection that hears in time."""

    def http_open(self, req: Any) -> Any:
        """Ask."""
        return self.do_open(partial(_hearing, http.client.HTTPConnection, until=req.until), req)  # type: ignore[arg-type]


class _Https(urllib.request.HTTPSHandler):
    """The same where nobody listens in."""

    def https_open(self, req: Any) -> Any:
        """Ask."""
        return self.do_open(partial(_hearing, http.client.HTTPSConnection, until=req.until), req)  # type: ignore[arg-type]


_opener = urllib.request.build_opener(_NoDetours, _Http, _Https)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None,
    timeout: float = TIMEOUT,
    longest: int = LONGEST_ANSWER,
    within: float = WITHIN,
) -> tuple[int, dict[str, Any]]:
    """Send a request and return the status below 500 and the answer in JSON.

    `timeout` seconds without a byte, or `within` seconds for all of it, are no answer. Raises NoAnswer.
    """
    request = _Question(url, method=method, data=content, headers=dict(headers))
    request.until = time.monotonic() + within
    try:
        with _open(request, timeout=min(timeout, within)) as answer:
            if answer.status < 300 or 400 <= answer.status < 500:
                return answer.status, read(answer, longest)
            raise NoAnswer(f"The answer was {answer.status}")
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error


def _open(request: _Question, *, timeout: float) -> Any:
    """Return the answer to a request, whatever its status says; its end may still be on its way."""
    try:
        return _opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as refused:
        return refused


def read(answer: Any, longest: int = LONGEST_ANSWER) -> dict[str, Any]:
    """Read an answer that is an object in JSON. Raises NoAnswer."""
    content = answer.read(longest + 1)
    try:
        found = read_json(content, longest=longest)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NoAnswer("The answer cannot be understood")
    return found
