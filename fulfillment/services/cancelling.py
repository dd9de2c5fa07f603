"""Nothing leaves any more: labels are void, what was picked goes back, the rest is free at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import service
from core.transitions import advance
from fulfillment.carriers import carrier_for
from fulfillment.errors import NothingToPutBack, OrderBlocked
from fulfillment.events import GoodsPutBack, LabelVoided
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from fulfillment.selectors import OPEN_WORK
from fulfillment.sentences import CALLED_OFF
from inventory import services as inventory
from orders.models import Order, OrderStatus

from .leaving_waves import leave_wave
from .planning import plan_fulfillment
from .shipping import LEAVING
from .work import Status, lines_of, lock_work

PICKED = (Status.PICKED, Status.PACKED)
OVER = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)


@service
def cancel_open_fulfillment(
    order_id: int, *, reason: str = "", actor: Actor, at: datetime | None = None
) -> list[FulfillmentOrder]:
    """Cancel all work of an order that did not leave the building; a second call finds nothing to do.

    What lies on a trolley or in a parcel stays tied to the order until it is put back; units nobody
    has picked are free for others at once.
    """
    live = FulfillmentOrder.objects.locked().filter(order_id=order_id, status__in=OPEN_WORK)
    works = list(live.select_related("order__channel"))
    order = Order.objects.get(pk=order_id)
    if order.status not in OVER:
        raise OrderBlocked(_("The order is not cancelled"), order=order.number)
    for work in works:
        work.needs_put_back = work.status in PICKED
        if not work.needs_put_back:
            leave_wave(work, why=CALLED_OFF(), actor=actor, at=at)
        advance(work, "cancel", actor=actor, note=reason, at=at)
    void_labels(works, actor=actor, at=at)
    _free_what_lies_there(order, actor=actor, at=at)
    return works


@service
def complete_put_back(fulfillment_order_id: int, *, actor: Actor, at: datetime | None = None) -> FulfillmentOrder:
    """Say that the goods of cancelled work lie in their bins again: now others may have them.

    Where their order lives on they stay tied to it, and are planned anew.
    """
    work = lock_work(fulfillment_order_id)
    if not work.needs_put_back:
        raise NothingToPutBack(_("Nothing of this work waits to be put back"), fulfillment_order=work.number)
    work.needs_put_back = False
    work.save(update_fields=["needs_put_back"])
    quiet = work.order.quiet
    emit(GoodsPutBack(order_id=work.order_id, fulfillment_order_id=work.pk, quiet=quiet), actor=actor, at=at)
    if work.order.status not in OVER:
        plan_fulfillment(work.order_id, actor=actor, at=at)
        return work
    units = {(line.order_line.position, work.warehouse_id): line.picked for line in lines_of(work)}
    _release(work.order, units, actor=actor, at=at)
    return work


@service
def void_labels(works: Iterable[FulfillmentOrder], *, actor: Actor, at: datetime | None) -> None:
    """Void the labels of what will not leave."""
    parcels = Shipment.objects.locked().filter(fulfillment_order__in=works, status__in=LEAVING)
    for shipment in parcels.select_related("order__channel"):
        advance(shipment, "cancel", actor=actor, at=at)
        if carrier_for(shipment.carrier).outside:
            quiet = shipment.order.quiet
            emit(LabelVoided(order_id=shipment.order_id, shipment_id=shipment.pk, quiet=quiet), actor=actor, at=at)


def _free_what_lies_there(order: Order, *, actor: Actor, at: datetime | None) -> None:
    """Give back to the shelf what is tied to a cancelled order and was not picked. Last: it locks stock."""
    if order.reservation_id is None:
        return
    tied: dict[tuple[int, int | None], int] = defaultdict(int)
    for one in inventory.open_allocations(order.reservation_id):
        tied[one.key, one.warehouse_id] += one.quantity
    away = FulfillmentLine.objects.filter(
        fulfillment_order__order=order, fulfillment_order__needs_put_back=True
    ).values_list("order_line__position", "fulfillment_order__warehouse_id", "picked")
    for position, warehouse, picked in away:
        tied[position, warehouse] -= picked
    _release(order, tied, actor=actor, at=at)


def _release(order: Order, units: dict[tuple[int, int | None], int], *, actor: Actor, at: datetime | None) -> None:
    wanted = {(key, place): count for (key, place), count in units.items() if place is not None and count > 0}
    if wanted and order.reservation_id is not None:
        inventory.release(order.reservation_id, at_warehouse=wanted, actor=actor, at=at)
