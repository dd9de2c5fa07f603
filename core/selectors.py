"""What screens and workers read of the log and of people."""

from collections.abc import Iterable

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


def may_still(actor: Actor, permissions: Iterable[str]) -> bool:
    """Whether somebody in whose name a worker goes on may do so now; who is no person was never asked."""
    if actor.kind != "staff":
        return True
    person = User.objects.filter(username=actor.name).first()
    return person is not None and person.is_active and person.is_staff and person.has_perms(tuple(permissions))
