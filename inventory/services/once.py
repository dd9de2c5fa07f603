"""What somebody sends twice from a page is done once: the token of a form is kept in the transaction of its work."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from core.inserting import insert_once
from core.models import IdempotencyKey
from core.service import service
from inventory.errors import AlreadyBooked

KEEP = timedelta(days=2)


@service
def claim(kind: str, token: str, said: Any) -> None:
    """Keep that this was sent. Raises AlreadyBooked when it was before; a twin waits for the first to end."""
    if not token:
        return
    now = timezone.now()
    meant = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
    row = IdempotencyKey(client=kind, key=token[:255], fingerprint=meant, created_at=now, keep_until=now + KEEP)
    if insert_once(row):
        return
    known = IdempotencyKey.objects.filter(client=kind, key=token[:255]).first()
    raise AlreadyBooked("This was booked before", same=known is None or known.fingerprint == meant)
