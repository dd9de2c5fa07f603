"""Who may still try a password: neither one visitor nor many may guess, and no stranger keeps the owner out.

django-axes lets one address try one account `AXES_FAILURE_LIMIT` times and then pauses that pair alone. Here two more
limits are drawn from the tries it writes down: against one account from anywhere, against any account from one
address. A limit on an account is a way to lock its owner out, so it does not hold for an address from which that
account was signed in to before: there only the limit of the pair counts. An owner on the way has the link by mail.

A code of the second step is tried under the same limits: a wrong one counts like a wrong password, and who must wait
may try neither. The right password alone resets nothing; that is done by a sign-in, after the last step.
"""

from datetime import timedelta
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.exceptions import AxesBackendPermissionDenied
from axes.models import AccessAttempt, AccessLog
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core import second_step
from core.actors import Actor
from core.models import User
from core.visitors import client_address

PAUSE = timedelta(minutes=15)
AGAINST_ONE_ACCOUNT = 20
FROM_ONE_ADDRESS = 50
KNOWN_FOR = timedelta(days=90)


class GuardedSignIn(AxesStandaloneBackend):
    """Refuses a sign-in, before the password is looked at, where too much was tried."""

    def authenticate(
        self, request: HttpRequest, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> None:
        """Let the next backend look at the password, or raise AxesBackendPermissionDenied."""
        super().authenticate(request, username=username, password=password, **kwargs)
        address = client_address(request) or None
        if _known(username, address) or not _too_many(username, address):
            return
        # A refused try is not written down, so that a pause ends while somebody goes on trying.
        request.axes_locked_out = True  # type: ignore[attr-defined]
        raise AxesBackendPermissionDenied("Too many wrong passwords")


class SecondStepCode:
    """Takes a code: `authenticate(request, username=…, code=…)`."""

    def authenticate(self, request: HttpRequest, username: str, code: str) -> User | None:
        """Return whose code this is, and use it up."""
        user = _active(username)
        return user if user and second_step.use_code(user.pk, code, actor=_himself(user)) else None

    def get_user(self, user_id: int) -> None:
        """Nobody is signed in by a code alone."""


class PasswordOrCode:
    """Takes whatever proves that the owner sits there: `authenticate(request, username=…, proof=…)`."""

    def authenticate(self, request: HttpRequest, username: str, proof: str) -> User | None:
        """Return who proved it; one try, whichever of the two it was meant to be."""
        user = _active(username)
        proven = user and (user.check_password(proof) or second_step.use_code(user.pk, proof, actor=_himself(user)))
        return user if proven else None

    def get_user(self, user_id: int) -> None:
        """Nobody is signed in by this."""


def _active(username: str) -> User | None:
    return User.objects.filter(username=username, is_active=True).first()


def _himself(user: User) -> Actor:
    return Actor("staff", user.get_username())


def _known(username: str | None, address: str | None) -> bool:
    """Whether this account was signed in to from this address lately."""
    since = timezone.now() - KNOWN_FOR
    return AccessLog.objects.filter(username=username, ip_address=address, attempt_time__gt=since).exists()


def _too_many(username: str | None, address: str | None) -> bool:
    lately = AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - PAUSE)
    tried = lately.aggregate(
        account=Sum("failures_since_start", filter=Q(username=username)),
        address=Sum("failures_since_start", filter=Q(ip_address=address)),
    )
    return (tried["account"] or 0) >= AGAINST_ONE_ACCOUNT or (tried["address"] or 0) >= FROM_ONE_ADDRESS


def answer_locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """Keep the page of whoever must wait; it says so itself."""
    response.status_code = 429
    return response
