"""What of the queue of a warehouse would go into a wave, and why the rest would not: read only."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from heapq import merge

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fulfillment.held import STOPPING, HeldParts, held_parts_of
from fulfillment.models import MOST_TOTES, FulfillmentLine, FulfillmentOrder
from orders import selectors as orders
from orders.models import Order, OrderStatus

from .picking import SHORT_PICK, short_pick_key
from .work import WORKABLE, Status, why_incomplete

# What nobody walks for yet. Where a channel releases by itself nothing else ever waits.
WAITING = (Status.PLANNED, Status.RELEASED)
USUAL_SIZE = 20
# So much of the queue is read beyond what a wave takes, to find work that may go.
SPARE = 200


@dataclass(frozen=True, kw_only=True)
class WaveInput:
    """Which work goes into a wave: of one warehouse, the most urgent first, at most so many orders.

    `channels` (codes) are those whose orders the planner sees; None stands for all.
    """

    warehouse_id: int
    size: int = USUAL_SIZE
    carrier: str = ""
    shipping_method_id: int | None = None
    leaves_by_on: date | None = None
    channels: frozenset[str] | None = None


@dataclass(frozen=True)
class Skipped:
    """Work that stays in the queue, and why."""

    work: FulfillmentOrder
    why: str


@dataclass(frozen=True)
class Proposal:
    """What a wave would take, in the order of the totes, and what it passes over; `more` was not looked at."""

    works: list[FulfillmentOrder]
    skipped: list[Skipped]
    more: bool

    @property
    def key(self) -> str:
        """Return what tells this proposal from another one."""
        return sha256(",".join(str(work.pk) for work in self.works).encode()).hexdigest()[:16]


def propose_wave(wanted: WaveInput) -> Proposal:
    """Return what would go into a wave now, as the ranks say. Six statements, however long the queue is."""
    size = max(1, min(wanted.size, MOST_TOTES))
    look = size + SPARE
    # One statement for each state: both run along the index of the queue.
    rows = [list(_waiting(wanted).filter(status=status)[:look]) for status in WAITING]
    queue = list(merge(*rows, key=lambda work: (work.rank, work.pk)))[:look]
    whys = reasons_to_stay(queue)
    free = [work for work in queue if work.pk not in whys]
    last = (free[size - 1].rank, free[size - 1].pk) if len(free) >= size else None
    skipped = [
        Skipped(work, whys[work.pk])
        for work in queue
        if work.pk in whys and (last is None or (work.rank, work.pk) < last)
    ]
    return Proposal(free[:size], skipped, more=last is None and any(len(some) == look for some in rows))


def _waiting(wanted: WaveInput) -> "QuerySet[FulfillmentOrder]":
    found = FulfillmentOrder.objects.filter(
        warehouse=wanted.warehouse_id, kind=FulfillmentOrder.Kind.GOODS, wave__isnull=True
    )
    if wanted.carrier:
        found = found.filter(order__shipping_method__carrier=wanted.carrier)
    if wanted.shipping_method_id is not None:
        found = found.filter(order__shipping_method=wanted.shipping_method_id)
    if wanted.leaves_by_on is not None:
        found = found.filter(ship_by_on__lte=wanted.leaves_by_on)
    if wanted.channels is not None:
        found = found.filter(order__channel__code__in=wanted.channels)
    return found.select_related("order__channel", "warehouse", "assignee").order_by("rank", "pk")


def reasons_to_stay(works: Sequence[FulfillmentOrder]) -> dict[int, str]:
    """Return why pieces of work stay in the queue, by their id; three statements for all of them."""
    found = reasons_to_stop(works, before_release=True)
    missing = _not_found_before(works)
    for work in works:
        if work.pk not in found and work.pk in missing:
            found[work.pk] = _("Was not found before; somebody looks for it")
        if work.pk not in found and work.assignee_id is not None:
            found[work.pk] = _("%(who)s looks after it") % {"who": work.assignee}
    return found


def reasons_to_stop(works: Sequence[FulfillmentOrder], *, before_release: bool = False) -> dict[int, str]:
    """Return why nobody may go on with pieces of work, by their id; `before_release` asks for more. Two statements."""
    parts = held_parts_of([work.order for work in works])
    line_ids: dict[int, list[int]] = defaultdict(list)
    if parts:
        rows = FulfillmentLine.objects.filter(fulfillment_order__in=[one.pk for one in works if one.order_id in parts])
        for pk, line in rows.values_list("fulfillment_order", "order_line"):
            line_ids[pk].append(line)
    found = {}
    for work in works:
        why = _stopped(work.order) or parts.get(work.order_id, HeldParts()).why(str(work.number), line_ids[work.pk])
        if why or (before_release and (why := _too_early(work.order))):
            found[work.pk] = why
    return found


def _stopped(order: Order) -> str:
    """Say why nobody may work on an order, or nothing."""
    if order.status not in WORKABLE:
        state = order.get_status_display()  # type: ignore[attr-defined]
        return _("The order is %(state)s") % {"state": str(state).lower()}
    if STOPPING & set(order.blocked_transitions):
        return str(order.hold_reason or _("The order is on hold"))
    return ""


def _too_early(order: Order) -> str:
    """Say why work on an order may not be released yet, or nothing."""
    return order.why_not("release") if order.status == OrderStatus.CONFIRMED else why_incomplete(order)


def _not_found_before(works: Collection[FulfillmentOrder]) -> set[int]:
    """Return the work about units that somebody has looked for in vain."""
    keys = {short_pick_key(work): work.pk for work in works}
    known = orders.open_exceptions().filter(category=SHORT_PICK, dedupe_key__in=keys)
    return {keys[key] for key in known.values_list("dedupe_key", flat=True)}
