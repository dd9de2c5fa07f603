"""Units that are missing: found when stock comes in, lost when a count says they were never there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from inventory import services as inventory
from inventory.services import Demand
from orders import promise, selectors
from orders.derivation import restate
from orders.events import AllocationLost, BackordersFilled
from orders.models import Movement, Order, OrderException
from orders.sentences import UNITS_LOST

from .book import lines_of, move_units, save_figures, take_order
from .exceptions import open_exception
from .promising import days_of, estimate
from .settlement import settle
from .sourcing import parcels_of, places_of


def fill_backorders(product_ids: Iterable[int], *, actor: Actor = SYSTEM) -> int:
    """Give fresh units to the orders that wait for them, the lowest rank first. Returns how many got some.

    Each order in a transaction of its own: one stock-locking call per transaction.
    """
    filled = 0
    for order_id in selectors.waiting_for(product_ids):
        filled += fill_order(order_id, actor=actor) is not None
    return filled


@service
def fill_order(order_id: int, *, actor: Actor = SYSTEM) -> Order | None:
    """Tie what is there now to the missing units of an order. None where there was nothing to tie."""
    now = timezone.now()
    order = take_order(order_id)
    lines = lines_of(order)
    waiting = [line for line in lines if line.backordered]
    if order.status in selectors.GONE or not waiting or order.reservation_id is None:
        return None
    places = places_of(order)
    demand = [Demand(line.position, line.product_id, line.backordered, True) for line in waiting]
    reserved = inventory.allocate_more(order.reservation_id, demand=demand, places=places, actor=actor)
    if not reserved.picks:
        return None
    gained: dict[int, int] = defaultdict(int)
    by_position = {line.position: line for line in waiting}
    for pick in reserved.picks:
        gained[by_position[pick.key].pk] += pick.quantity
    move_units(lines, Movement.Kind.ALLOCATED, gained, at=now)
    parcels = promise.refilled(order.sourcing.get("parcels", []), parcels_of(reserved, places))
    order.sourcing = {**order.sourcing, "parcels": parcels}
    estimate(order, at=now)
    restate(order, lines=lines)
    settle(order, actor=actor, at=now, more=("sourcing", "estimated_delivery_on", "ship_by_on"))
    emit(BackordersFilled(order_id=order.pk, quiet=order.quiet), actor=actor, at=now)
    return order


@service
def lose_allocations(drops: Sequence[Sequence[int]], *, warehouse_id: int, reason: str, actor: Actor = SYSTEM) -> int:
    """Turn units that are gone, as (reservation, position, units), into backorders and put them before a person.

    Returns how many orders lost some.
    """
    now = timezone.now()
    lost: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for reservation_id, position, units in drops:
        lost[reservation_id][position] += units
    bereft = 0
    for order in Order.objects.locked().select_related("channel").filter(reservation_id__in=list(lost)):
        lines = lines_of(order)
        wanted = lost[order.reservation_id or 0]
        # Units that left or were given back since then are nobody's loss.
        missing = {line: units for line in lines if (units := min(line.allocated, wanted.get(line.position, 0)))}
        if not missing:
            continue
        bereft += 1
        move_units(lines, Movement.Kind.UNALLOCATED, {line.pk: units for line, units in missing.items()}, at=now)
        _replan(order, {line.position: units for line, units in missing.items()}, warehouse_id)
        restate(order, lines=lines)
        save_figures(order, "sourcing")
        emit(AllocationLost(order_id=order.pk, quiet=order.quiet), actor=actor, at=now)
        named = ", ".join(f"{units} × {line.sku}" for line, units in missing.items())
        open_exception(
            category="shortfall",
            severity=OrderException.Severity.CRITICAL,
            title=UNITS_LOST(order=order, units=named, reason=reason),
            dedupe_key=f"shortfall:{order.pk}",
            order_id=order.pk,
            payload={"lines": {str(line.position): units for line, units in missing.items()}, "reason": reason},
            actor=actor,
        )
    return bereft


def _replan(order: Order, missing: dict[int, int], warehouse_id: int) -> None:
    """Move lost units, on the object, from the parcel of the warehouse into the one that waits."""
    places = places_of(order)
    code = next((place.code for place in places if place.warehouse_id == warehouse_id), "")
    parcels = promise.bereft(order.sourcing.get("parcels", []), missing, warehouse=code, days=days_of(places))
    order.sourcing = {**order.sourcing, "parcels": parcels}
