"""What screens and workers read of the log and of people."""

from core.actors import Actor
from core.models import EventRecord, User
from core.sight import Limits, limits_of


def timeline(thread: str, *, public_only: bool = False, limit: int = 200) -> list[EventRecord]:
    """Return the latest entries of a history in the order in which they happened; one query."""
    entries = EventRecord.objects.filter(thread=thread)
    if public_only:
        entries = entries.filter(public=True)
    return sorted(entries.order_by("-id")[:limit], key=lambda entry: (entry.at, entry.pk))


def limits_of_actor(actor: Actor) -> Limits:
    """Return what somebody is limited to in whose name a worker goes on."""
    person = User.objects.filter(username=actor.name).first() if actor.kind == "staff" else None
    return limits_of(person) if person else {}
