"""A part of an order is on hold: its work is kept apart, so that the rest goes on, and goes on itself afterwards."""

from collections import defaultdict
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.service import service
from fulfillment.errors import OrderBlocked
from fulfillment.held import held_parts
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from fulfillment.selectors import OPEN_WORK
from orders import services as orders

from .planning import _announce, _lock_order, _new_order, _release, _why_not_release, without_held
from .work import WORKABLE, Status, lock_work


@service
def set_held_apart(order_id: int, *, actor: Actor) -> list[FulfillmentOrder]:
    """Give lines on hold work of their own where they were planned together with others. Returns the new work.

    Work that somebody has begun stays as it is: it is stopped as a whole, and may be pulled back.
    """
    planned = {
        work.pk: work for work in FulfillmentOrder.objects.locked().filter(order_id=order_id, status=Status.PLANNED)
    }
    order = _lock_order(order_id)
    held_up = held_parts(order).lines
    if not planned or not held_up:
        return []
    lines: dict[int, list[FulfillmentLine]] = defaultdict(list)
    for line in FulfillmentLine.objects.filter(fulfillment_order__in=planned).order_by("pk"):
        lines[line.fulfillment_order_id].append(line)
    when, made = timezone.now(), []
    for pk, work in planned.items():
        moving = [line.pk for line in lines[pk] if line.order_line_id in held_up]
        if not moving or len(moving) == len(lines[pk]):
            continue
        own = FulfillmentOrder.objects.bulk_create([_new_order(order, work.warehouse_id, when)])[0]
        FulfillmentLine.objects.filter(pk__in=moving).update(fulfillment_order=own)
        made.append(own)
    _announce(order, made, actor=actor, at=when)
    return made


@service
def hold_work(
    fulfillment_order_id: int, *, reason: str, kind: str = "manual", expires_at: datetime | None = None, actor: Actor
) -> FulfillmentOrder:
    """Keep one piece of work in the house for a reason; other work of the order goes on.

    Raises OrderBlocked for work that is over.
    """
    work = lock_work(fulfillment_order_id)
    if work.status not in OPEN_WORK:
        state = work.get_status_display()  # type: ignore[attr-defined]
        raise OrderBlocked(_("The work is %(state)s") % {"state": str(state).lower()}, order=work.order.number)
    orders.place_hold(
        work.order_id, kind=kind, reason=reason, work=str(work.number), expires_at=expires_at, actor=actor
    )
    return work


@service
def go_on_after_hold(order_id: int, *, actor: Actor) -> list[FulfillmentOrder]:
    """Release what only waited for a hold, where the channel releases by itself. Returns what was released."""
    waiting = list(FulfillmentOrder.objects.locked().filter(order_id=order_id, status=Status.PLANNED))
    order = _lock_order(order_id)
    if not waiting or order.status not in WORKABLE or not order.channel.auto_release or _why_not_release(order):
        return []
    free, when = without_held(order, waiting), timezone.now()
    _release(order, free, actor=actor, at=when)
    return free
