"""Who has to do what: one piece of work per warehouse that holds units of the order, one for its services."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import held, hold, service
from core.transitions import advance
from fulfillment.errors import OrderBlocked, PlannedMeanwhile
from fulfillment.events import FulfillmentPlanned, FulfillmentReleased
from fulfillment.held import STOPPING, held_parts
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from fulfillment.selectors import NOT_PICKED
from fulfillment.sentences import CALLED_OFF, UNITS_GONE, WANTED_LATER
from inventory import services as inventory
from inventory.models import Warehouse
from orders import services as orders
from orders.models import Order, OrderLine, OrderStatus
from orders.selectors import blocked_because

from .leaving_waves import leave_wave
from .work import (
    WORKABLE,
    Status,
    held_works,
    live_units,
    lock_work,
    refuse_blocked,
    refuse_held,
    refuse_incomplete,
    stamp,
    why_incomplete,
    write_quantities,
)


@dataclass
class Work:
    """A piece of work with its lines, before it is written down."""

    order: FulfillmentOrder
    lines: list[FulfillmentLine] = field(default_factory=list)


@service
def plan_fulfillment(order_id: int, *, actor: Actor, at: datetime | None = None) -> list[FulfillmentOrder]:
    """Plan what nobody has to do yet: units tied to stock, and services. Planning twice plans nothing.

    Where the channel says so, and nothing speaks against it, the work is released at once.
    """
    order = _lock_order(order_id)
    if order.status not in WORKABLE:
        return []
    when = at or timezone.now()
    planned = _plan(order, at=when)
    _announce(order, planned, actor=actor, at=when)
    if planned and order.channel.auto_release and not _why_not_release(order, at):
        _release(order, without_held(order, planned), actor=actor, at=when)
    return planned


@service
def release_fulfillment(fulfillment_order_id: int, *, actor: Actor, at: datetime | None = None) -> FulfillmentOrder:
    """Let a warehouse begin; the first release takes the order into fulfillment."""
    work = lock_work(fulfillment_order_id)
    refuse_blocked(work.order)
    refuse_held(work)
    refuse_incomplete(work.order)
    _release(work.order, [work], actor=actor, at=at or timezone.now())
    return work


@service
def release_order(
    order_id: int, *, warehouses: Collection[str] | None = None, actor: Actor, at: datetime | None = None
) -> list[FulfillmentOrder]:
    """Release all work of an order that is planned, and plan what is not.

    `warehouses` (codes) leaves goods elsewhere to others. Raises OrderBlocked, with the reason in words, when there
    is nothing that could be released.
    """
    waiting = list(FulfillmentOrder.objects.locked().filter(order_id=order_id, status=Status.PLANNED))
    order = _lock_order(order_id)
    refuse_blocked(order)
    when = at or timezone.now()
    planned = _plan(order, at=when)
    _announce(order, planned, actor=actor, at=when)
    ready = [*waiting, *planned]
    if warehouses is not None and ready:
        here = {None, *Warehouse.objects.filter(code__in=warehouses).values_list("pk", flat=True)}
        if not (ready := [work for work in ready if work.warehouse_id in here]):
            raise OrderBlocked(_("Its work waits in other warehouses than yours"), order=order.number)
    if not ready:
        if FulfillmentOrder.objects.filter(order=order, status=Status.PLANNED).exists():
            raise PlannedMeanwhile(_("Somebody planned work for this order at the same moment; look again"))
        reason = order.why_not("release") if order.status == OrderStatus.CONFIRMED else ""
        raise OrderBlocked(reason or _("No work of this order waits to be released"), order=order.number)
    refuse_incomplete(order)
    free = without_held(order, ready)
    if not free:
        raise OrderBlocked(blocked_because(order), order=order.number)
    _release(order, free, actor=actor, at=when)
    return free


@service
def release_again(order_id: int, works: Sequence[FulfillmentOrder], *, actor: Actor, at: datetime) -> None:
    """Release work, in hand, that was pulled back because its order changed, where the channel releases by itself."""
    order = _lock_order(order_id)
    if order.channel.auto_release and not _why_not_release(order, at):
        _release(order, without_held(order, works), actor=actor, at=at)


@service
def cut_back_fulfillment(order_id: int, *, actor: Actor, at: datetime | None = None) -> list[FulfillmentOrder]:
    """Take out of work what is no longer tied to stock; work that has nothing left is cancelled.

    The youngest work that nobody has picked yet loses first. Returns what was changed.
    """
    unpicked = FulfillmentOrder.objects.locked().filter(order_id=order_id, status__in=NOT_PICKED)
    works = {work.pk: work for work in unpicked.select_related("order")}
    if not works:
        return []
    excess = _excess(next(iter(works.values())).order)
    known = FulfillmentLine.objects.filter(fulfillment_order__in=works)
    # What nobody has written down yet is given up first, and last what somebody walks for.
    lines = sorted(known, key=lambda line: (NOT_PICKED.index(works[line.fulfillment_order_id].status), -line.pk))
    changed: dict[int, FulfillmentOrder] = {}
    cut: list[FulfillmentLine] = []
    left: dict[int, int] = defaultdict(int)
    for line in lines:
        work = works[line.fulfillment_order_id]
        place = (work.warehouse_id, line.order_line_id)
        if (units := min(line.quantity, excess.get(place, 0))) > 0:
            excess[place] -= units
            line.quantity -= units
            changed[work.pk] = work
            cut.append(line)
        left[work.pk] += line.quantity
    write_quantities(cut)
    return [_cancel_if_empty(work, left[work.pk], actor=actor, at=at) for work in changed.values()]


@service
def withdraw_early(order_id: int, *, actor: Actor, at: datetime | None = None) -> list[FulfillmentOrder]:
    """Take planned work of an order out of the queues that may not begin any more: it is wanted later now.

    What a warehouse has begun stays. Returns what was withdrawn.
    """
    works = FulfillmentOrder.objects.locked().filter(order_id=order_id, status=Status.PLANNED)
    planned = {work.pk: work for work in works}
    order = _lock_order(order_id)
    held = orders.held_back(order, at=at or timezone.now()) if planned else set()
    if not held:
        return []
    lines = FulfillmentLine.objects.filter(fulfillment_order__in=planned).values_list(
        "fulfillment_order", "order_line__position"
    )
    early = {pk for pk, position in lines if (planned[pk].warehouse_id, position) in held}
    for pk in sorted(early):
        leave_wave(planned[pk], why=CALLED_OFF(), actor=actor, at=at)
        advance(planned[pk], "cancel", actor=actor, note=WANTED_LATER(), at=at)
    return [planned[pk] for pk in sorted(early)]


def _excess(order: Order) -> dict[tuple[int | None, int], int]:
    """Return the units that are in work but no longer tied to stock, or wanted, per warehouse and order line."""
    lines = list(OrderLine.objects.filter(order=order))
    line_ids = {line.position: line.pk for line in lines}
    units = live_units(order.pk)
    for line in lines:
        if not line.is_goods:
            units[None, line.pk] -= line.open
    for one in inventory.open_allocations(order.reservation_id) if order.reservation_id else ():
        units[one.warehouse_id, line_ids[one.key]] -= one.quantity
    return {place: count for place, count in units.items() if count > 0}


def _cancel_if_empty(work: FulfillmentOrder, left: int, *, actor: Actor, at: datetime | None) -> FulfillmentOrder:
    if not left:
        leave_wave(work, why=CALLED_OFF(), actor=actor, at=at)
        advance(work, "cancel", actor=actor, note=UNITS_GONE(), at=at)
    return work


def _lock_order(order_id: int) -> Order:
    if (in_hand := held(Order, order_id)) is not None:
        return in_hand
    return hold(Order.objects.locked().select_related("channel", "shipping_method").get(pk=order_id))


def _order_lines(order: Order) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order=order).select_related("product"))


def _plan(order: Order, *, at: datetime) -> list[FulfillmentOrder]:
    """Write down the work that a locked order still needs."""
    works = _missing_work(order, _order_lines(order), live_units(order.pk, with_put_back=True), at=at)
    FulfillmentOrder.objects.bulk_create(work.order for work in works)
    _write_lines(works)
    return [work.order for work in works]


def _missing_work(
    order: Order,
    lines: Sequence[OrderLine],
    covered: Mapping[tuple[int | None, int], int],
    *,
    at: datetime,
    early: bool = False,
) -> list[Work]:
    """Work out what of a locked order is neither shipped nor in work (`covered`). Writes nothing.

    What is wanted later, or not released yet, is left out, unless it went `early` all the same. Lines on hold get work
    of their own: nobody else waits for them.
    """
    works: dict[tuple[int | None, bool], Work] = {}
    apart = held_parts(order).lines
    by_position = {line.position: line for line in lines}
    held = set() if early else orders.held_back(order, at=at)
    for one in inventory.open_allocations(order.reservation_id) if order.reservation_id else ():
        if (one.warehouse_id, one.key) in held:
            continue
        line = by_position[one.key]
        if (units := one.quantity - covered.get((one.warehouse_id, line.pk), 0)) > 0:
            place = (one.warehouse_id, line.pk in apart)
            work = works.setdefault(place, Work(_new_order(order, one.warehouse_id, at)))
            work.lines.append(FulfillmentLine(order_line=line, quantity=units, bin=one.bin))
    for line in lines:
        if (None, line.position) in held:
            continue
        if not line.is_goods and (units := line.open - covered.get((None, line.pk), 0)) > 0:
            work = works.setdefault((None, line.pk in apart), Work(_new_order(order, None, at)))
            work.lines.append(FulfillmentLine(order_line=line, quantity=units))
    return list(works.values())


def _new_order(order: Order, warehouse_id: int | None, at: datetime) -> FulfillmentOrder:
    return FulfillmentOrder(
        order=order,
        warehouse_id=warehouse_id,
        kind=FulfillmentOrder.Kind.GOODS if warehouse_id else FulfillmentOrder.Kind.SERVICE,
        rank=order.rank,
        ship_by_on=order.ship_by_on,
        created_at=at,
    )


def _write_lines(works: list[Work]) -> None:
    for work in works:
        for line in work.lines:
            line.fulfillment_order = work.order
    FulfillmentLine.objects.bulk_create(line for work in works for line in work.lines)


def _announce(order: Order, planned: list[FulfillmentOrder], *, actor: Actor, at: datetime) -> None:
    quiet = order.quiet
    events = (FulfillmentPlanned(order_id=order.pk, fulfillment_order_id=work.pk, quiet=quiet) for work in planned)
    emit(*events, actor=actor, at=at)


def _why_not_release(order: Order, at: datetime | None = None) -> str:
    """Say what keeps the work of an order from beginning, or nothing; one over the limit has to wait from now on."""
    if waits := orders.look_at_credit(order, actor=SYSTEM, at=at):
        return waits
    if order.status == OrderStatus.CONFIRMED:
        return order.why_not("release")
    if STOPPING & set(order.blocked_transitions):
        return str(order.hold_reason or _("On hold"))
    return why_incomplete(order)


def without_held(order: Order, works: Sequence[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """Return the work of which nothing is on hold."""
    held_up = held_works(order, works)
    return [work for work in works if work.pk not in held_up]


def _release(order: Order, works: Sequence[FulfillmentOrder], *, actor: Actor, at: datetime) -> None:
    if not works:
        return
    if waits := orders.look_at_credit(order, actor=actor, at=at):
        raise OrderBlocked(waits, order=order.number)
    for work in works:
        stamp(work, at, "released_at")
        advance(work, "release", actor=actor, at=at)
        event = FulfillmentReleased(order_id=order.pk, fulfillment_order_id=work.pk, quiet=order.quiet)
        emit(event, actor=actor, at=at)
    orders.record_release(order.pk, actor=actor, at=at)
