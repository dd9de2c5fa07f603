"""Pages that change by themselves: a page listens, or asks, whether something happened to what it shows.

    {% load live %}{% live order %}        in the head of a page about a record
    {% live_rows rows %}                   in the head of a list: about the records it shows

The token in the page is the right to hear of these histories, and lets nobody see anything but that something
happened; the page then fetches itself, through its own door. Where connections can be kept open the page listens to a
stream (`core.streams`). Else it asks again and again: without a cookie, so that nobody is kept signed in by it, with
one query by an index.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET, require_safe

from core import bell, onlookers, streams
from core.marks import last_change, mark_of
from core.sessions import handle_of

SALT = "core.live"
DAY = 86_400
# Said by the script when it fetches a page to take its fresh parts: whoever reads is not reading yet.
HEADER = "X-Live"


@dataclass(frozen=True)
class Right:
    """What a page may hear of, for a day: a page that is older wants to be loaded again anyway.

    `session` names the browser of a member of staff: with its sign-in the right to listen ends. `user_id` and `name`
    are shown to the colleagues who look at the same record. `bell` is whose notices are rung.
    """

    threads: tuple[str, ...]
    session: str
    user_id: int
    name: str
    until: int
    bell: int = 0


def token_for(threads: Sequence[str], request: HttpRequest | None = None, *, is_seen: bool = False) -> str:
    """Return the right to hear of histories; `is_seen`: who has it is shown to colleagues."""
    user: Any = getattr(request, "user", None)
    session, watcher, rung = "", (0, ""), 0
    if request is not None and user is not None and user.is_authenticated and user.is_staff:
        session, rung = handle_of(request.session.session_key or ""), user.pk
        if is_seen and threads:
            watcher = (user.pk, user.get_full_name() or user.get_username())
    said = [list(threads), session, *watcher, int(time.time()) + DAY, rung]
    return signing.dumps(said, salt=SALT, compress=True)


def read_token(token: str) -> Right | None:
    """Return what a token is for, or nothing when it is forged, meant for something else, or old."""
    try:
        threads, *more = signing.loads(token, salt=SALT)
        right = Right(tuple(threads), *more)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return right if right.until > time.time() else None


@require_GET
def changes(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the mark of what a page shows, and who else looks; 204 where it has heard both (`after`, `seen`)."""
    if (right := read_token(token)) is None:
        return HttpResponse(status=404)
    mark = mark_of(right.threads)
    told: dict[str, Any] = {}
    if right.user_id:
        here = onlookers.board.ask(right.threads[0], _onlooker(request, right))
        told = {"here": [one.told() for one in here], "seen": onlookers.seen(here)}
    if request.GET.get("after") == str(mark) and request.GET.get("seen", "") == told.get("seen", ""):
        response = HttpResponse(status=204)
    else:
        response = JsonResponse({"mark": str(mark), "last": last_change(mark), **told})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def stream(request: HttpRequest, token: str) -> HttpResponseBase:
    """Keep the connection open and say when something happens; 204 where that cannot be: the page then asks."""
    right = read_token(token)
    if right is None or (right.session and not _is_signed_in(request, right)):
        return HttpResponse(status=404)
    owner = right.session or " ".join(right.threads)
    connection = streams.connection_of(request) if request.method == "GET" else None
    if connection is None or streams.hub.is_full(owner):
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    mark = mark_of(right.threads)
    return streams.HandedOver(
        connection,
        streams.Stream(
            threads=right.threads,
            mark=mark,
            owner=owner,
            session_key=(request.session.session_key or "") if right.session else "",
            onlooker=_onlooker(request, right) if right.user_id else None,
            until=right.until,
            bell=right.bell,
        ),
        hello={"mark": str(mark), "last": last_change(mark), "bell": bell.waiting(right.bell) if right.bell else None},
    )


def is_refresh(request: HttpRequest) -> bool:
    """Whether a page is only fetched for its fresh parts; what is said once is kept for a reader then."""
    return HEADER in request.headers


def _is_signed_in(request: HttpRequest, right: Right) -> bool:
    user: Any = request.user
    return bool(user.is_authenticated and handle_of(request.session.session_key or "") == right.session)


def _onlooker(request: HttpRequest, right: Right) -> onlookers.Onlooker:
    return onlookers.Onlooker(right.user_id, right.name, request.GET.get("doing") == "edit")
