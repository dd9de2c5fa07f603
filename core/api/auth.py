"""Who calls the API, and what they may do."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core import sight
from core.actors import EVERYTHING, Actor
from core.api.keys import ALL, find_key
from core.models import ApiKey, User

logger = logging.getLogger(__name__)
MINUTE = timedelta(minutes=1)
READS = frozenset({"HEAD", "OPTIONS"})

# Which Django permissions stand for a scope: {"things:write": ("app.change_thing",)}.
SCOPE_PERMISSIONS: dict[str, tuple[str, ...]] = {}


def declare_scope(scope: str, *permissions: str) -> None:
    """Say which Django permissions (any of them) give a signed-in person a scope; undeclared, nobody has it."""
    SCOPE_PERMISSIONS[scope] = permissions


@dataclass(frozen=True)
class Integrator:
    """The user of a request that came with a key."""

    key: ApiKey
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False
    pk: ClassVar[None] = None

    def __str__(self) -> str:
        return self.key.name


class BearerKey(BaseAuthentication):
    """`Authorization: Bearer <prefix>.<secret>`. A bad or revoked key is a 401 with a challenge."""

    def authenticate(self, request: Request) -> tuple[Integrator, ApiKey] | None:
        """Return the integrator and the key, or nothing where no key was sent."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        plain = parts[1].decode("latin-1") if len(parts) == 2 else ""
        key = find_key(plain)
        if key is None:
            raise AuthenticationFailed("This key is not valid", code="invalid_key")
        _note_use(key)
        return Integrator(key), key

    def authenticate_header(self, request: Request) -> str:
        """Say how to authenticate."""
        return 'Bearer realm="api"'


# When this process last tried, so that a database that is busy is not asked by every request.
_noted: dict[str, datetime] = {}


def _note_use(key: ApiKey) -> None:
    """Note the last use, once a minute at most. A database that is busy is no reason to refuse a request."""
    now = timezone.now()
    if max(filter(None, [key.last_used_at, _noted.get(key.prefix)]), default=now - MINUTE) > now - MINUTE:
        return
    _noted[key.prefix] = now
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - MINUTE)
    try:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    except DatabaseError as error:
        logger.warning("Last use of key %s not noted: %s", key.prefix, error)


class StaffSession(SessionAuthentication):
    """People signed in to the back office may browse too; what they write needs their CSRF token."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, None] | None:
        """Return the signed-in member of staff, or nothing."""
        user = getattr(request._request, "user", None)
        if user is None or not user.is_active or not user.is_staff:
            return None
        self.enforce_csrf(request)
        return user, None


class HasScope(BasePermission):
    """The caller holds the scope that the view asks for: `required_scopes = {"GET": "things:read"}`.

    A method that the view implements but names no scope for is refused.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the caller may use this method at all."""
        if request.user is None:
            return False
        method = "GET" if request.method in READS else str(request.method)
        wanted = _required(view).get(method)
        if wanted is None:
            # A method that is not there is a 405, whoever asks.
            return not hasattr(view, method.lower())
        return wanted in scopes_of(request)


def _required(view: Any) -> Mapping[str, str]:
    return getattr(view, "required_scopes", {})


def scopes_of(request: Request) -> frozenset[str]:
    """Return what the caller may do: the key's scopes, or what the person's permissions come to."""
    if isinstance(request.auth, ApiKey):
        return EVERYTHING if ALL in request.auth.scopes else frozenset(request.auth.scopes)
    user = request.user
    if user is None or isinstance(user, AnonymousUser):
        return frozenset()
    return EVERYTHING if user.is_superuser else StaffScopes(user)


class StaffScopes(frozenset[str]):
    """The permissions of a person, which also answers for scopes."""

    def __new__(cls, user: User) -> "StaffScopes":
        """Read the permissions once."""
        return super().__new__(cls, user.get_all_permissions())

    def __contains__(self, scope: object) -> bool:
        wanted = (scope, *SCOPE_PERMISSIONS.get(str(scope), ()))
        return any(super(StaffScopes, self).__contains__(one) for one in wanted)


def actor_of(request: Request) -> Actor:
    """Return the caller as the actor of a service."""
    if isinstance(request.auth, ApiKey):
        return Actor("api", request.auth.name, scopes_of(request))
    return Actor("staff", request.user.get_username(), scopes_of(request))


def channels_of(request: Request) -> frozenset[str] | None:
    """Return the channels that the caller is limited to; None means all of them."""
    if isinstance(request.auth, ApiKey):
        return frozenset(request.auth.channels) or None
    return sight.limits_of(request.user).get("channel")


def client_of(request: Any) -> str:
    """Return the name under which a caller's answers and allowance are kept."""
    if isinstance(request.auth, ApiKey):
        return f"key:{request.auth.pk}"
    return f"user:{request.user.pk}" if request.user is not None else ""
