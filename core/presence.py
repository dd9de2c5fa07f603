"""Who else is at work: colleagues whose browser asked for a page in the last minutes. No more is kept of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from core.models import User
from core.sessions import SEEN_EVERY

# A use is noted every few minutes only, so somebody seen so long ago may have been here a moment ago.
PRESENT = 2 * SEEN_EVERY + timedelta(minutes=1)
MOST = 12


@dataclass(frozen=True)
class Colleague:
    """Somebody who works here, and when they were last seen."""

    name: str
    role: str
    seen_at: datetime

    @property
    def initials(self) -> str:
        """Return the letters that stand for the name."""
        return initials(self.name)


def initials(name: str) -> str:
    """Return the letters of the first and the last word of a name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def colleagues(of: Any) -> list[Colleague]:
    """Return which other members of staff are here, by name, in two statements."""
    since = timezone.now() - PRESENT
    here = User.objects.filter(is_staff=True, is_active=True, sessions__seen_at__gte=since).exclude(pk=of.pk)
    rows = (
        here.annotate(seen_at=Max("sessions__seen_at")).prefetch_related("groups").order_by("first_name", "username")
    )
    return [
        Colleague(
            name=user.get_full_name() or user.get_username(),
            role=", ".join(group.name for group in user.groups.all()),
            seen_at=user.seen_at,  # type: ignore[attr-defined]
        )
        for user in rows[:MOST]
    ]
