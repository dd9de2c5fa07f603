"""The way in: the password, then the second step where there is one.

Between the two somebody is waiting, and nobody is signed in: no page, no API, no cookie of theirs opens anything. Who
has no second step yet but needs one waits likewise, until it is set up. Every door of the house leads through `enter`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from core import encryption, second_step, sessions
from core.models import User

WAITING = "waiting_for_second_step"
FINISHED = "second_step_taken"
# The secret that somebody is about to share with an app, encrypted, until the app shows the right code.
NEW_SECRET = "new_second_step"  # noqa: S105 - a name
PATIENCE = 10 * 60
BY_PASSWORD = "django.contrib.auth.backends.ModelBackend"  # noqa: S105 - a class


@dataclass(frozen=True)
class Waiting:
    """Somebody who gave the right password, and where they want to go."""

    user: User
    target: str


def enter(request: HttpRequest, user: User, *, target: str) -> HttpResponseRedirect:
    """Sign in whom the password is enough for, or lead to the step that is missing."""
    wanted = "second_step" if user.is_staff and user.second_step_since else "second_step_to_do"
    if wanted == "second_step_to_do" and not second_step.is_required(user):
        login(request, user, backend=BY_PASSWORD)
        return HttpResponseRedirect(target)
    if request.user.is_authenticated:
        request.session.flush()
    else:
        request.session.cycle_key()
    request.session[WAITING] = {
        "user": user.pk,
        "proof": user.get_session_auth_hash(),
        "at": int(time.time()),
        "target": target,
    }
    if wanted == "second_step_to_do":
        offer_secret(request)
    return HttpResponseRedirect(reverse(f"admin:{wanted}"))


def offer_secret(request: HttpRequest) -> None:
    """Make the secret that the pages of the set-up show."""
    kept = encryption.encrypt(second_step.new_secret())
    request.session[NEW_SECRET] = {"secret": kept, "at": int(time.time())}


def offered_secret(request: HttpRequest) -> str | None:
    """Return it; a while after its owner proved who sits there it is gone."""
    kept: dict[str, Any] = request.session.get(NEW_SECRET) or {}
    if not kept or kept["at"] < time.time() - PATIENCE:
        return None
    return encryption.decrypt(kept["secret"])


def waiting(request: HttpRequest) -> Waiting | None:
    """Return who is between the two steps here; a while later, or with a new password, nobody."""
    kept: dict[str, Any] = request.session.get(WAITING) or {}
    if not kept or kept["at"] < time.time() - PATIENCE:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True, is_staff=True).first()
    if user is None or not constant_time_compare(kept["proof"], user.get_session_auth_hash()):
        return None
    return Waiting(user, kept["target"])


def finish(request: HttpRequest, who: Waiting) -> HttpResponseRedirect:
    """Sign in who has taken both steps."""
    login(request, who.user, backend=BY_PASSWORD)
    request.session.pop(WAITING, None)
    request.session[FINISHED] = True
    return HttpResponseRedirect(who.target)


def is_finished(request: HttpRequest) -> bool:
    """Whether whoever is signed in here took every step that their account asks for."""
    user: Any = request.user
    return not user.is_staff or user.second_step_since is None or bool(request.session.get(FINISHED))


class StepsTakenMiddleware:
    """Knows nobody who skipped the second step, by whatever door they came in; notes that the others are about."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the account behind the session."""
        user: Any = request.user
        if user.is_authenticated and not is_finished(request):
            request.user = AnonymousUser()
        elif user.is_authenticated:
            sessions.note_seen(request)
        return self.get_response(request)
