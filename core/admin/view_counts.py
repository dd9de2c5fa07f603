"""How many rows stand behind each tab: at most a thousand are counted, and nobody waits for it.

The tabs ask for their counts when the list is there. A count that takes too long is given up on, and
not tried again for a while; on a table of any size the page of tabs costs a bounded time.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from core import sight
from core.admin.paging import capped_count
from core.admin.viewed import NO_SUCH, narrowed, table_of
from core.looks import Look
from core.templatetags.back_office_lists import MOST_COUNTED, spoken_count

LONGEST_MS = 400
BUDGET_S = 1.0
SLOW_S = 0.1
SLOW_FOR_S = 120


def counts(admin: Any, request: HttpRequest, looks: Sequence[tuple[str, Look]]) -> dict[str, str]:
    """Count what each tab shows, with one statement each; what takes too long stays without a count."""
    found: dict[str, str] = {}
    left = list(looks)
    end = time.monotonic() + BUDGET_S
    while left and time.monotonic() < end:
        try:
            with _time_limit():
                while left and time.monotonic() < end:
                    key, look = left[0]
                    found[key] = _count(admin, request, look)
                    del left[0]
        except DatabaseError:
            # Given up on: the transaction is gone with it, the others are counted in a new one.
            _key, look = left.pop(0)
            _remember(_key_of(admin, request, look), "")
    return found


def _count(admin: Any, request: HttpRequest, look: Look) -> str:
    key = _key_of(admin, request, look)
    if (known := cache.get(key)) is not None:
        return str(known)
    began = time.monotonic()
    try:
        rows = narrowed(admin, request, admin.get_queryset(request), look)
    except NO_SUCH:
        return ""
    text = spoken_count(capped_count(rows, MOST_COUNTED))
    if time.monotonic() - began > SLOW_S:
        _remember(key, text)
    return text


def _remember(key: str, text: str) -> None:
    cache.set(key, text, SLOW_FOR_S)


def _key_of(admin: Any, request: HttpRequest, look: Look) -> str:
    """Return where a count is kept: what somebody sees may depend on who it is."""
    said = json.dumps([look.search, look.filters], sort_keys=True)
    return f"tab:{table_of(admin)}:{request.user.pk}:{sight.key()}:{hashlib.sha256(said.encode()).hexdigest()}"


@contextmanager
def _time_limit() -> Iterator[None]:
    """Let PostgreSQL give up on a statement that takes too long. Inside a transaction of others nothing is set."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(LONGEST_MS)])
        yield
