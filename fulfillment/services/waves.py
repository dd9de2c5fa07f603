"""Waves: work of many orders that is released together, and fetched on one walk."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import held, hold, service
from core.transitions import advance
from core.updating import update_each
from fulfillment.batch import Row, batch_rows
from fulfillment.errors import NothingForAWave, QueueChanged, QueueTaken, WaveNotReleased, WrongQuantity
from fulfillment.events import WavePlanned
from fulfillment.models import MOST_TOTES, FulfillmentOrder, Wave
from fulfillment.selectors import NOT_PICKED, with_lines
from fulfillment.sentences import CALLED_OFF, WAVE_CANCELLED
from orders import services as orders
from orders.models import Order

from .apart import set_held_apart
from .leaving_waves import settle_wave, take_out
from .picking import FoundParts, _pull_back, pick
from .planning import _release, release_again
from .wave_queue import WAITING, WaveInput, propose_wave, reasons_to_stay, reasons_to_stop
from .work import Status

# Units that were not where they should be, by product and bin.
Missing = Mapping[tuple[int, str], int]


@service
def plan_wave(wanted: WaveInput, *, seen: str | None = None, actor: Actor, at: datetime | None = None) -> Wave:
    """Take the most urgent work of a warehouse out of its queue, to be released and fetched together.

    What is on hold, not complete, was not found before, or may not be released otherwise stays in the queue; nothing
    is ever in two waves. `seen` is the key of the proposal that somebody looked at: raises QueueChanged where it is
    another one by now. Raises NothingForAWave where nothing may go.
    """
    when = at or timezone.now()
    proposal = propose_wave(wanted)
    if seen is not None and proposal.key != seen:
        raise QueueChanged(_("The queue has changed since you looked at it; look again"))
    if not proposal.works:
        raise NothingForAWave(_("Nothing in this queue may go into a wave"))
    _lock_for_a_wave(proposal.works)
    wave = Wave(
        warehouse_id=wanted.warehouse_id,
        carrier=wanted.carrier,
        shipping_method_id=wanted.shipping_method_id,
        leaves_by_on=wanted.leaves_by_on,
        size=max(1, min(wanted.size, MOST_TOTES)),
        planned_by=str(actor),
        created_at=when,
    )
    wave.save(force_insert=True)
    totes = [(work.pk, wave.pk, tote) for tote, work in enumerate(proposal.works, start=1)]
    update_each(FulfillmentOrder, ["wave", "tote"], totes)
    emit(WavePlanned(wave_id=wave.pk, works=len(totes)), actor=actor, at=when)
    return wave


@service
def release_wave(wave_id: int, *, actor: Actor, at: datetime | None = None) -> Wave:
    """Let somebody walk for all of a wave; what may not be released any more leaves it. Raises NothingForAWave."""
    when = at or timezone.now()
    works = _lock_works(wave_id)
    wave = Wave.objects.locked().get(pk=wave_id)
    wave.released_at = when
    advance(wave, "release", actor=actor, at=when)
    _hold_orders(works)
    left = [work for work in works if work.status in NOT_PICKED]
    whys = reasons_to_stop(left, before_release=True)
    for work in left:
        if work.pk not in whys and (waits := orders.look_at_credit(work.order, actor=actor, at=when)):
            whys[work.pk] = waits
    free = [work for work in left if work.pk not in whys]
    if not free:
        raise NothingForAWave(next(iter(whys.values()), "") or _("Nothing of this wave may be released"))
    _leave_behind(left, whys, actor=actor, at=when)
    by_order: dict[int, list[FulfillmentOrder]] = defaultdict(list)
    for work in free:
        if work.status == Status.PLANNED:
            by_order[work.order_id].append(work)
    for order_id in sorted(by_order):
        _release(by_order[order_id][0].order, by_order[order_id], actor=actor, at=when)
    return wave


@service
def pick_wave(wave_id: int, *, missing: Missing | None = None, actor: Actor, at: datetime | None = None) -> Wave:
    """Say what was found on the walk, by what is missing; everything else is on the trolley, sorted into totes.

    Who comes last in rank goes without: each order is picked, or picked short, as it would be by itself. What is on
    hold by now leaves the wave. Raises WrongQuantity for more missing units than were to be fetched.
    """
    when = at or timezone.now()
    works = _lock_works(wave_id)
    wave = Wave.objects.get(pk=wave_id)
    if wave.status != Wave.Status.RELEASED:
        state = wave.get_status_display()  # type: ignore[attr-defined]
        raise WaveNotReleased(_("The wave is %(state)s") % {"state": str(state).lower()}, status=wave.status)
    _hold_orders(works)
    left = [work for work in works if work.status in (Status.RELEASED, Status.PICKING)]
    whys = reasons_to_stop(left)
    _leave_behind(left, whys, actor=actor, at=when)
    walked = sorted((work for work in left if work.wave_id is not None), key=lambda work: (work.rank, work.pk))
    short = _shares_of_missing(batch_rows(walked), missing or {})
    for work in walked:
        found, parts = short.get(work.pk, ({}, {}))
        pick(work.pk, picked=found, parts=parts, actor=actor, at=when)
    settle_wave(wave_id, actor=actor, at=when)
    return Wave.objects.get(pk=wave_id)


@service
def cancel_wave(wave_id: int, *, reason: str = "", actor: Actor, at: datetime | None = None) -> Wave:
    """Give what nobody has picked back to the queue. What the channel releases by itself may be fetched singly.

    What was released before its wave was stays released: nobody walks for a wave that is only planned.
    """
    when = at or timezone.now()
    works = [work for work in _lock_works(wave_id) if work.status in NOT_PICKED]
    wave = Wave.objects.locked().get(pk=wave_id)
    was_released = wave.status == Wave.Status.RELEASED
    advance(wave, "cancel", actor=actor, note=reason, at=when)
    begun: dict[int, list[FulfillmentOrder]] = defaultdict(list)
    for work in works if was_released else ():
        if work.status == Status.PLANNED:
            continue
        _pull_back(work, reason=reason or WAVE_CANCELLED(), actor=actor, at=when)
        begun[work.order_id].append(work)
    take_out(works, why=CALLED_OFF(), actor=actor, at=when)
    for order_id in sorted(begun):
        release_again(order_id, begun[order_id], actor=actor, at=when)
    return wave


@service
def leave_waves_on_hold(order_id: int, *, actor: Actor, at: datetime | None = None) -> list[FulfillmentOrder]:
    """Take work of an order that may not go on out of its waves: nobody else waits for it. Returns that work.

    Planned work of which only a line is on hold stays, without that line.
    """
    # All of it is locked, in a wave or not: who is just planning one has read the order before it was stopped.
    unpicked = FulfillmentOrder.objects.locked().filter(order_id=order_id, status__in=NOT_PICKED)
    works = [work for work in unpicked.select_related("order__channel") if work.wave_id is not None]
    if not works:
        return []
    set_held_apart(order_id, actor=actor)
    whys = reasons_to_stop(works)
    gone = [work for work in works if work.pk in whys]
    waves = {work.wave_id for work in gone}
    _leave_behind(works, whys, actor=actor, at=at)
    for wave_id in waves:
        settle_wave(wave_id, actor=actor, at=at)
    return gone


def _lock_for_a_wave(works: Sequence[FulfillmentOrder]) -> None:
    """Lock work that was read without a lock, in the order of the keys, and look again whether it may go.

    Raises QueueTaken where somebody else was faster: done again, the same planning takes what comes next.
    """
    wanted = {(work.pk, work.warehouse_id) for work in works}
    rows = FulfillmentOrder.objects.locked().filter(pk__in={pk for pk, _place in wanted})
    found = [work for work in rows.select_related("assignee") if work.wave_id is None and work.status in WAITING]
    # The orders are read after the work is locked: whoever stops one from now on finds its work in the wave.
    orders = Order.objects.select_related("channel").in_bulk({work.order_id for work in found})
    for work in found:
        work.order = orders[work.order_id]
    if {(work.pk, work.warehouse_id) for work in found} != wanted or reasons_to_stay(found):
        raise QueueTaken(_("Somebody else took work out of this queue at the same moment; look again"))


def _lock_works(wave_id: int) -> list[FulfillmentOrder]:
    """Lock the work of a wave, in the order of the keys; before the wave itself."""
    works = FulfillmentOrder.objects.locked().filter(wave=wave_id)
    return list(with_lines(works.select_related("warehouse", "assignee")))


def _hold_orders(works: Sequence[FulfillmentOrder]) -> None:
    """Lock the orders of work and keep them in hand, in the order of the keys."""
    wanted = {work.order_id for work in works}
    rows = Order.objects.locked().select_related("channel", "shipping_method").filter(pk__in=wanted)
    orders = {order.pk: held(Order, order.pk) or hold(order) for order in rows}
    for work in works:
        work.order = orders[work.order_id]


def _leave_behind(
    works: Sequence[FulfillmentOrder], whys: Mapping[int, str], *, actor: Actor, at: datetime | None
) -> None:
    for work in works:
        if work.pk in whys:
            take_out([work], why=whys[work.pk], actor=actor, at=at)


def _shares_of_missing(rows: Sequence[Row], missing: Missing) -> dict[int, tuple[dict[int, int], FoundParts]]:
    """Return what was found for the work that goes without: units by order line, and of kits by line and part."""
    by_place = {(row.product_id, row.bin): row for row in rows}
    found: dict[int, tuple[dict[int, int], dict[int, dict[int, int]]]] = {}
    for place, units in missing.items():
        row = by_place.get(place)
        if row is None or not 0 <= units <= row.units:
            raise WrongQuantity(_("That is more than was to be fetched there"))
        for share in sorted(row.shares, key=lambda one: (-one.work.rank, -one.work.pk)):
            short = min(units, share.units)
            units -= short
            if not short:
                continue
            lines, parts = found.setdefault(share.work.pk, ({}, {}))
            if share.is_part:
                parts.setdefault(share.line.order_line_id, {})[row.product_id] = share.units - short
            else:
                lines[share.line.order_line_id] = share.units - short
    return dict(found)
