"""Work comes out of its wave, and a wave is done once nobody has anything left to fetch for it."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from core.actors import Actor
from core.outbox import emit
from core.service import service
from core.transitions import advance
from fulfillment.events import WorkLeftWave
from fulfillment.models import FulfillmentOrder, Wave
from fulfillment.selectors import NOT_PICKED
from fulfillment.sentences import NOTHING_LEFT

OPEN = (Wave.Status.PLANNED, Wave.Status.RELEASED)


@service
def leave_wave(work: FulfillmentOrder, *, why: str, actor: Actor, at: datetime | None = None) -> None:
    """Take work, in hand and not picked yet, out of its wave; work in none stays as it is."""
    if (wave_id := work.wave_id) is None:
        return
    take_out([work], why=why, actor=actor, at=at)
    settle_wave(wave_id, actor=actor, at=at)


@service
def take_out(works: Iterable[FulfillmentOrder], *, why: str, actor: Actor, at: datetime | None = None) -> None:
    """Take locked work out of its wave; whether that one is done then, the caller asks (`settle_wave`)."""
    gone = [work for work in works if work.wave_id is not None]
    if not gone:
        return
    FulfillmentOrder.objects.filter(pk__in=[work.pk for work in gone]).update(wave=None, tote=None)
    for work in gone:
        wave, tote = work.wave_id or 0, work.tote or 0
        emit(WorkLeftWave(wave_id=wave, work=str(work.number), tote=tote, why=why), actor=actor, at=at)
        work.wave, work.tote = None, None


@service
def settle_wave(wave_id: int | None, *, actor: Actor, at: datetime | None = None) -> None:
    """Finish a wave when everything in it is picked, or cancel it when everything has left it.

    The wave is locked after its work and its orders: of two who pick the last pieces at once, the later sees both.
    """
    if wave_id is None:
        return
    wave = Wave.objects.locked().get(pk=wave_id)
    if wave.status not in OPEN or FulfillmentOrder.objects.filter(wave=wave, status__in=NOT_PICKED).exists():
        return
    if not FulfillmentOrder.objects.filter(wave=wave).exists():
        advance(wave, "cancel", actor=actor, note=NOTHING_LEFT(), at=at)
        return
    wave.done_at = at or timezone.now()
    advance(wave, "finish", actor=actor, at=at)
