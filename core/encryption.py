"""Secrets that have to be read again, kept so that a copy of the database alone does not tell them.

The key comes from SECRET_KEY. With a new SECRET_KEY what was kept cannot be read any more, unless the old one stands
in SECRET_KEY_FALLBACKS; what is kept anew is kept under the new one.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def encrypt(plain: str) -> str:
    """Return what may be stored."""
    return _box().encrypt(plain.encode()).decode()


def decrypt(kept: str) -> str | None:
    """Return what was meant, or nothing where it was kept under a key that we no longer have."""
    try:
        return _box().decrypt(kept.encode()).decode()
    except InvalidToken:
        return None


def is_kept_newly(kept: str) -> bool:
    """Whether it was kept under the SECRET_KEY of now."""
    try:
        Fernet(_key(settings.SECRET_KEY)).decrypt(kept.encode())
    except InvalidToken:
        return False
    return True


def _box() -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    digest = salted_hmac("core.encryption", "key", secret=secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)
