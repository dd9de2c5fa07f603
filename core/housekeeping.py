"""What is deleted when it has served its time."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from core import bulk
from core.models import AccessLink, BrowserSession, IdempotencyKey, Notice
from core.stopping import stopping

BATCH = 1000
KEEP_LINKS = timedelta(days=30)
KEEP_NOTICES = timedelta(days=180)


def clear_away() -> int:
    """Delete what was kept long enough, in small bites: answers, links, sessions, notices, jobs. Returns how many."""
    now = timezone.now()
    bulk.drop_papers(now)
    return (
        _delete(IdempotencyKey.objects.filter(keep_until__lt=now))
        + _delete(AccessLink.objects.filter(expires_at__lt=now - KEEP_LINKS))
        + _delete(BrowserSession.objects.filter(expire_date__lt=now))
        + _delete(Notice.objects.filter(at__lt=now - KEEP_NOTICES))
        + _delete(bulk.served(now))
    )


def _delete(rows: QuerySet[Any]) -> int:
    """Delete in bites, so that nobody waits long for a lock."""
    deleted = 0
    while not stopping.is_set():
        bite = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not bite:
            break
        deleted += rows.model._base_manager.filter(pk__in=bite).delete()[0]
    return deleted
