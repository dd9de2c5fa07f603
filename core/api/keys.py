"""Keys of integrators: made, shown once, revoked."""

import hashlib
import re
import secrets
from collections.abc import Sequence

from django.utils import timezone
from django.utils.crypto import get_random_string

from core.actors import SYSTEM, Actor
from core.errors import Invalid
from core.models import ApiKey
from core.service import note_change, service

ALL = "*"
SCOPE = re.compile(r"^[a-z][a-z-]*:[a-z][a-z-]*$")
PLAIN = re.compile(r"^([A-Za-z0-9]{8,12})\.([A-Za-z0-9_-]{20,100})$")


@service
def create_api_key(
    name: str, *, scopes: Sequence[str], channels: Sequence[str] = (), actor: Actor = SYSTEM
) -> tuple[ApiKey, str]:
    """Make a key and return it with its plain text, which is never seen again.

    `scopes=["*"]` means all of them, also future ones; no channels means every channel.
    """
    if not name.strip():
        raise Invalid("A key needs a name")
    if wrong := [scope for scope in scopes if scope != ALL and not SCOPE.match(scope)]:
        raise Invalid(f"Not a scope: {', '.join(wrong)}; write them like things:read")
    prefix, secret = get_random_string(10), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name.strip()[:80],
        prefix=prefix,
        hashed_secret=hash_secret(secret),
        scopes=sorted(set(scopes)),
        channels=sorted(set(channels)),
    )
    after = {"name": key.name, "scopes": key.scopes, "channels": key.channels}
    note_change(key, "core.api_key_created", actor=actor, after=after)
    return key, f"{prefix}.{secret}"


@service
def revoke_api_key(key_id: int, *, actor: Actor) -> ApiKey:
    """Make a key useless from now on; one that is revoked stays so."""
    key = ApiKey.objects.select_for_update(no_key=True).get(pk=key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        note_change(key, "core.api_key_revoked", actor=actor, after={"revoked_at": key.revoked_at.isoformat()})
    return key


def find_key(plain: str) -> ApiKey | None:
    """Return the live key that this text is, or nothing."""
    if not (parts := PLAIN.match(plain)):
        return None
    key = ApiKey.objects.select_related("owner").filter(prefix=parts[1]).first()
    known = key.hashed_secret if key else ""
    same = secrets.compare_digest(hash_secret(parts[2]), known)
    return key if key and same and key.revoked_at is None else None


def hash_secret(secret: str) -> str:
    """Hash a secret of 256 random bits: nothing to guess, so nothing to slow down."""
    return hashlib.sha256(secret.encode()).hexdigest()
