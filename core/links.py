"""Links in mails: signed, for one purpose, for a time. Opening one never changes anything."""

import hashlib
import secrets
import time
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core import signing
from django.utils import timezone

from core.errors import Missing
from core.models import AccessLink
from core.service import service

DAY = 86_400
# For so long a steady link stays the same.
PERIOD = 30 * DAY


class LinkSpent(Missing):
    """The link was used before, has expired, or never existed."""

    code = "link_spent"


def absolute(path: str) -> str:
    """Return the address of a page as the world sees it."""
    return f"{settings.SITE_URL}/{path.lstrip('/')}"


def make_link(purpose: str, thread: str, *, days: int = 90) -> str:
    """Return a token that opens one thing (`orders.order:17`) for one purpose, as often as its holder likes."""
    return signing.dumps([thread, int(time.time()) + days * DAY], salt=_salt(purpose))


def make_steady_link(purpose: str, thread: str, *, days: int = 90) -> str:
    """Return a token that is the same whenever it is asked for within a period, for answers that are compared.

    It is never good for longer than `days`, at the end of a period for a period less.
    """
    begun = int(time.time()) // PERIOD * PERIOD
    return _steady(purpose).sign_object([thread, begun + days * DAY])


def read_link(token: str, purpose: str) -> str | None:
    """Return what a token opens, or nothing when it is forged, expired or meant for something else."""
    for read in (partial(signing.loads, salt=_salt(purpose)), _steady(purpose).unsign_object):
        try:
            thread, expires = read(token)
        except (signing.BadSignature, ValueError, TypeError):
            continue
        return str(thread) if expires > time.time() else None
    return None


def _steady(purpose: str) -> signing.Signer:
    """Return what signs without a moment; its signatures are no others'."""
    return signing.Signer(salt=f"{_salt(purpose)}.steady")


def _salt(purpose: str) -> str:
    return f"core.links.{purpose}"


@service
def make_access_link(purpose: str, thread: str, *, minutes: int = 30) -> str:
    """Return a token that works once, to sign in for example. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(minutes=minutes)
    AccessLink.objects.create(token_hash=_hash(token), purpose=purpose, thread=thread, expires_at=expires_at)
    return token


def peek_access_link(token: str, purpose: str) -> str | None:
    """Return what a one-time token would open; for the page that asks, on GET. Changes nothing."""
    link = AccessLink.objects.filter(token_hash=_hash(token), purpose=purpose, used_at__isnull=True)
    return link.filter(expires_at__gt=timezone.now()).values_list("thread", flat=True).first()


@service
def use_access_link(token: str, purpose: str) -> str:
    """Spend a one-time token, on POST, and return what it opens.

    Raises LinkSpent the second time, after its end, and for a token nobody made.
    """
    thread = peek_access_link(token, purpose)
    unused = AccessLink.objects.filter(token_hash=_hash(token), purpose=purpose, used_at__isnull=True)
    if thread is None or unused.update(used_at=timezone.now()) != 1:
        raise LinkSpent("This link has been used or has expired; ask for a new one")
    return thread


@service
def revoke_access_links(thread: str) -> int:
    """Make every open one-time link of a history useless. Returns how many."""
    return AccessLink.objects.filter(thread=thread, used_at__isnull=True).update(used_at=timezone.now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
