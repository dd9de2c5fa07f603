"""What screens read from the log."""

from core.models import EventRecord


def timeline(thread: str, *, public_only: bool = False, limit: int = 200) -> list[EventRecord]:
    """Return the latest entries of a history in the order in which they happened; one query."""
    entries = EventRecord.objects.filter(thread=thread)
    if public_only:
        entries = entries.filter(public=True)
    return sorted(entries.order_by("-id")[:limit], key=lambda entry: (entry.at, entry.pk))
