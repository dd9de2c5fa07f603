"""Marks of histories: what a page compares to know whether something happened."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max

from core.models import EventRecord


@dataclass(frozen=True)
class Mark:
    """What changes with every entry of some histories.

    Counted, because a slow transaction may add an entry that is older than one seen before.
    """

    count: int = 0
    newest: int = 0

    def __str__(self) -> str:
        return f"{self.count}-{self.newest}"

    def after(self, entries: list[int]) -> "Mark":
        """Return the mark when these entries have been added."""
        return Mark(self.count + len(entries), max(self.newest, *entries))


def marks_of(threads: Iterable[str]) -> dict[str, Mark]:
    """Return the mark of each history that has an entry, in one query that reads an index only."""
    found = EventRecord.objects.filter(thread__in=list(threads)).values("thread").order_by()
    rows = found.annotate(count=Count("pk"), newest=Max("pk")).values_list("thread", "count", "newest")
    return {thread: Mark(count, newest) for thread, count, newest in rows}


def together(marks: Iterable[Mark]) -> Mark:
    """Return the mark of several histories."""
    known = list(marks)
    return Mark(sum(one.count for one in known), max((one.newest for one in known), default=0))


def mark_of(threads: Iterable[str]) -> Mark:
    """Return the mark of what a page shows."""
    return together(marks_of(set(threads)).values())


def last_change(mark: Mark) -> int:
    """Return when the newest entry was made, in milliseconds."""
    at = EventRecord.objects.filter(pk=mark.newest).values_list("recorded_at", flat=True).first()
    return int(at.timestamp() * 1000) if at else 0
