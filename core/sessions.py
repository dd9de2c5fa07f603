"""Where somebody is signed in: sessions that know whose they are (`SESSION_ENGINE`), seen and ended by their owner."""

import hashlib
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime

from core.actors import Actor
from core.errors import Missing
from core.events import SessionsEnded
from core.models import BrowserSession, User
from core.outbox import emit
from core.service import service
from core.visitors import client_address

logger = logging.getLogger(__name__)
# What is noted of a browser when it signs in.
FACTS = "signed_in"
# How stale "last seen" may be, so that reading a page seldom writes.
SEEN_EVERY = timedelta(minutes=5)
# The first that is found in what a browser says of itself: most name their forefathers, too.
BROWSERS = (
    ("Edge", "Edg"), ("Opera", "OPR/"), ("Samsung Internet", "SamsungBrowser"), ("Firefox", "Firefox/"),
    ("Firefox", "FxiOS"), ("Chrome", "CriOS"), ("Chrome", "Chrome/"), ("Safari", "Safari/"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("macOS", "Mac OS X"), ("ChromeOS", "CrOS"), ("Linux", "Linux"),
)  # fmt: skip


class SessionStore(db.SessionStore):
    """Django's sessions in the database; the row knows the person and the browser, too."""

    row: BrowserSession | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        """Return our table."""
        return BrowserSession

    def _get_session_from_db(self) -> Any:
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row to be written, with whom it belongs to."""
        row: Any = super().create_model_instance(data)
        facts = data.get(FACTS, {})
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.address = facts.get("address", "")
        row.browser = facts.get("browser", "")
        row.signed_in_at = parse_datetime(facts["at"]) if facts else None
        return row


@dataclass(frozen=True)
class SignedIn:
    """One browser that is signed in. The handle names it on a page; its key would let the reader in."""

    handle: str
    device: str
    address: str
    signed_in_at: datetime | None
    seen_at: datetime
    is_this_one: bool


def note_sign_in(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Note where somebody signed in; the session is about to be written anyway."""
    request.session[FACTS] = {
        "at": timezone.now().isoformat(),
        "address": client_address(request)[:45],
        "browser": request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:300],
    }


def note_seen(request: HttpRequest) -> None:
    """Note that a browser is in use, every few minutes. A database that is busy is no reason to refuse a page."""
    row: BrowserSession | None = getattr(request.session, "row", None)
    now = timezone.now()
    if row is None or row.seen_at > now - SEEN_EVERY:
        return
    try:
        BrowserSession.objects.filter(pk=row.pk, seen_at__lte=now - SEEN_EVERY).update(seen_at=now)
    except DatabaseError as error:
        logger.warning("Last use of a session not noted: %s", error)


def signed_in(user: User, *, current: str | None) -> list[SignedIn]:
    """Return the browsers in which somebody is signed in: this one first, then the last one seen."""
    found = [
        SignedIn(
            handle=handle_of(row.pk),
            device=device_of(row.browser),
            address=row.address,
            signed_in_at=row.signed_in_at,
            seen_at=row.seen_at,
            is_this_one=row.pk == current,
        )
        for row in _live(user)
    ]
    return sorted(found, key=lambda one: not one.is_this_one)


@service
def end_session(user_id: int, handle: str, *, actor: Actor) -> None:
    """Sign one browser out.

    Raises Missing where it is signed out already.
    """
    keys = BrowserSession.objects.filter(user_id=user_id).values_list("pk", flat=True)
    wanted = [key for key in keys if handle_of(key) == handle]
    if not BrowserSession.objects.filter(pk__in=wanted).delete()[0]:
        raise Missing("This browser is signed out already")
    emit(SessionsEnded(user_id=user_id, count=1), actor=actor)


@service
def end_sessions(user_id: int, *, actor: Actor, keep: str | None = None) -> int:
    """Sign somebody out of every browser but one. Returns of how many."""
    ended = BrowserSession.objects.filter(user_id=user_id).exclude(pk=keep or "").delete()[0]
    if ended:
        emit(SessionsEnded(user_id=user_id, count=ended), actor=actor)
    return ended


def device_of(browser: str) -> str:
    """Name a browser and its system from what it says of itself; empty where it says nothing we know."""
    named = [_first(BROWSERS, browser), _first(SYSTEMS, browser)]
    return " · ".join(name for name in named if name) or re.sub(r"[^\w./ -].*", "", browser)[:40]


def _first(known: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, mark in known if mark in text), "")


def _live(user: User) -> list[BrowserSession]:
    """Return the sessions that still let somebody in: a new password makes the others useless."""
    rows = BrowserSession.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at", "pk")[:100]
    proofs = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    told = {row.pk: SessionStore().decode(row.session_data).get(HASH_SESSION_KEY, "") for row in rows}
    return [row for row in rows if any(constant_time_compare(told[row.pk], proof) for proof in proofs)]


def handle_of(key: str) -> str:
    """Return what names a browser without letting anybody in."""
    return hashlib.sha256(f"core.sessions:{key}".encode()).hexdigest()[:32]
