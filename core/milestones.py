"""What this installation has come to: a mail that went out, a notice that was put away. One row each."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from core.actors import Actor
from core.models import Milestone
from core.service import service


@service
def reach(name: str, *, actor: Actor, detail: Mapping[str, Any] | None = None) -> Milestone:
    """Write down that it is reached; the latest time counts."""
    said = {"reached_at": timezone.now(), "actor": str(actor)[:120], "detail": dict(detail or {})}
    found, _created = Milestone.objects.update_or_create(name=name, defaults=said)
    return found


@service
def take_back(name: str) -> None:
    """It is open again."""
    Milestone.objects.filter(name=name).delete()


def reached(*names: str) -> dict[str, Milestone]:
    """Return those of them that are reached."""
    return Milestone.objects.in_bulk(names)
