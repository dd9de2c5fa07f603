"""The work follows an order that is changed: in its own transaction, so that nobody picks what is not wanted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from core.actors import Actor
from core.service import held, service
from core.transitions import advance
from fulfillment.models import FulfillmentLine, FulfillmentOrder, ShipmentLine
from fulfillment.selectors import NOT_PICKED, OPEN_WORK
from fulfillment.sentences import ORDER_CHANGED, PULLED_BACK
from orders.models import Order
from orders.ports import Piece

from .apart import set_held_apart
from .leaving_waves import leave_wave
from .planning import cut_back_fulfillment, plan_fulfillment, release_again, withdraw_early
from .work import Status


class Work:
    """What orders may ask about the work on them."""

    def pieces(self, order_id: int, *, lock: bool) -> Sequence[Piece]:
        """Return the work on an order that has not left; with `lock` nobody takes a step on it meanwhile."""
        rows = FulfillmentOrder.objects.locked() if lock else FulfillmentOrder.objects.order_by("pk")
        works = list(rows.filter(Q(status__in=OPEN_WORK) | Q(needs_put_back=True), order_id=order_id))
        units: dict[int, dict[int, int]] = defaultdict(dict)
        lines = (
            FulfillmentLine.objects.filter(fulfillment_order__in=works) if works else FulfillmentLine.objects.none()
        )
        for work, position, count in lines.values_list("fulfillment_order", "order_line__position", "quantity"):
            units[work][position] = count
        return [
            Piece(
                number=str(one.number),
                # What is being put back is still in somebody's hands.
                status=Status.PICKED if one.needs_put_back else one.status,
                warehouse_id=one.warehouse_id,
                units=units[one.pk],
            )
            for one in works
        ]

    def follow(self, order_id: int, *, actor: Actor, at: datetime) -> None:
        """Make the work what the order asks for now."""
        follow_order(order_id, actor=actor, at=at)

    def part(self, order_id: int, lines: Mapping[int, int]) -> None:
        """Let work and parcels that have not left be for the lines that what is open stands on now."""
        part_work(order_id, lines)


@service
def follow_order(order_id: int, *, actor: Actor, at: datetime) -> None:
    """Cut the work on an order back to what it wants, and plan what it wants besides.

    Released work of which something goes is pulled back; where the channel releases by itself it is released again.
    """
    pulled: list[FulfillmentOrder] = []
    if FulfillmentOrder.objects.filter(order_id=order_id, status__in=NOT_PICKED).exists():
        for work in cut_back_fulfillment(order_id, actor=actor, at=at):
            if work.status == Status.RELEASED:
                leave_wave(work, why=PULLED_BACK(), actor=actor, at=at)
                work.released_at = work.assignee = None
                advance(work, "pull_back", actor=actor, note=ORDER_CHANGED(), at=at)
                pulled.append(work)
        withdraw_early(order_id, actor=actor, at=at)
        _follow_days(order_id)
    plan_fulfillment(order_id, actor=actor, at=at)
    if pulled:
        set_held_apart(order_id, actor=actor)
        release_again(order_id, pulled, actor=actor, at=at)


@service
def part_work(order_id: int, lines: Mapping[int, int]) -> None:
    """Have what is in hand of some lines be for other lines of the same goods: nobody fetches anything else for it."""
    works = FulfillmentOrder.objects.filter(Q(status__in=OPEN_WORK) | Q(needs_put_back=True), order_id=order_id)
    ids = list(works.values_list("pk", flat=True))
    for old, new in lines.items():
        FulfillmentLine.objects.filter(fulfillment_order__in=ids, order_line=old).update(order_line=new)
        ShipmentLine.objects.filter(shipment__fulfillment_order__in=ids, order_line=old).update(order_line=new)


@service
def _follow_days(order_id: int) -> None:
    """Have planned work leave by the day by which its order must leave now."""
    # An edit has it in hand: it is not read again.
    order = held(Order, order_id) or Order.objects.get(pk=order_id)
    day = order.ship_by_on
    FulfillmentOrder.objects.filter(order_id=order_id, status=Status.PLANNED).exclude(ship_by_on=day).update(
        ship_by_on=day
    )
