"""How we ask somebody else over HTTP: with an end to every wait, no detours, and no answer too long to read.

The addresses are settings of the operator, never what somebody typed; a redirect is not followed, because who sends
us elsewhere may want our secret, or our house.
"""

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from core.spoken_json import read_json

TIMEOUT = 5.0
LONGEST_ANSWER = 64 * 1024


class NoAnswer(Exception):
    """Nobody answered, or nothing that can be understood: whether the question arrived is not known."""


class _NoDetours(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *args: Any) -> None:
        """Follow nothing."""
        return


_opener = urllib.request.build_opener(_NoDetours)


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None,
    timeout: float = TIMEOUT,
    longest: int = LONGEST_ANSWER,
) -> tuple[int, dict[str, Any]]:
    """Send a request and return the status below 500 and the answer in JSON. Raises NoAnswer."""
    request = urllib.request.Request(  # noqa: S310 - the address is a setting
        url, method=method, data=content, headers=dict(headers)
    )
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return answer.status, read(answer, longest)
    except urllib.error.HTTPError as error:
        with error:
            if 400 <= error.code < 500:
                return error.code, read(error, longest)
        raise NoAnswer(f"The answer was {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error


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
