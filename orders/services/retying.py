"""Where an order comes from after a change, and when: what stays is not moved."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from inventory import services as inventory
from inventory.services import Changed, Demand, Wanted
from orders import promise, selectors
from orders.models import OrderLine
from orders.outlook import Demanding
from orders.sentences import EDITED
from pricing import services as pricing

from .promising import country_of, days_by_code, days_of, releases, repromise, waiting
from .reworking import PICKED, WALKING, Rework
from .routing import Routed, route_order, with_later


def retie(work: Rework, *, lock: bool) -> None:
    """Tie what is wanted now, on the objects, and plan its parcels and days; with `lock` for good."""
    order = work.order
    goods = [line for line in work.lines if line.is_goods]
    routed = route_order(order, [line for line in work.lines if line.open], at=work.at)
    if not order.stock_lapsed and goods:
        work.stock = _change_stock(work, goods, routed, lock=lock)
    had, tied = (_by_line(work.stock.had), _by_line(work.stock.tied)) if work.stock else (Counter(), Counter())
    lost: dict[int, int] = {}
    for line in goods:
        # What is lost, and not heard of yet, stays as it is until the order hears of it.
        unheard = max(0, line.allocated - had[line.position]) if work.stock else 0
        line.allocated = min(line.open, tied[line.position] + unheard)
        lost[line.position] = line.allocated - tied[line.position]
        line.backordered = line.open - line.allocated
        line.lent = min(line.lent, line.backordered)
        line.lent_until = line.lent_until if line.lent else None
    work.short = {
        line.position: more for line in goods if (more := line.backordered - work.waited.get(line.position, 0)) > 0
    }
    _plan_parcels(work, routed, lost)
    anew = work.is_another_way or work.days_before != (order.requested_delivery_on, order.ship_complete)
    work.facts = repromise(order, work.lines, cause=EDITED, at=work.at, anew=anew)


def _change_stock(work: Rework, goods: Sequence[OrderLine], routed: Routed, *, lock: bool) -> Changed:
    order = work.order
    demand = [
        Demand(line.position, line.product_id, line.open, _waits(work, line), line.made_of)
        for line in goods
        if line.open
    ]
    grown = {line.product_id for line in goods if line.open > work.was_open.get(line.position, 0)}
    needed = {
        product
        for one in demand
        if one.product_id in grown and one.may_backorder
        for product in ([part for part, _per in one.parts] or [one.product_id])
    }
    wanted = Wanted(
        demand=demand,
        places=routed.places,
        costs=routed.costs,
        waiting=work.waited,
        noted={line.position: line.allocated for line in goods},
        fixed=_fixed(work),
        kept=selectors.spoken_for(needed, rank=order.rank) if needed else {},
    )
    if not lock:
        return inventory.foresee_change(order.reservation_id, wanted=wanted)
    changed = inventory.change_reservation(
        order.reservation_id,
        wanted=wanted,
        rank=order.rank,
        expires_at=order.stock_held_until,
        actor=work.actor,
        at=work.at,
    )
    order.reservation_id = changed.reservation_id
    return changed


def _waits(work: Rework, line: OrderLine) -> bool:
    return line.product.backorder or line.position in work.may_wait


def _fixed(work: Rework) -> dict[tuple[int, int], int]:
    fixed: dict[tuple[int, int], int] = defaultdict(int)
    for piece in work.pieces:
        if piece.warehouse_id is not None and piece.status in (*PICKED, WALKING):
            for position, units in piece.units.items():
                fixed[position, piece.warehouse_id] += units
    return fixed


def _by_line(units: Mapping[tuple[int, int], int]) -> Counter[int]:
    found = Counter[int]()
    for (position, _warehouse), some in units.items():
        found[position] += some
    return found


def _planned(work: Rework, lost: Mapping[int, int]) -> Counter[promise.Where]:
    """Return which units are planned where: tied, left, or lost from there and not heard of yet."""
    stock = work.stock
    if stock is None:
        return Counter()
    codes = {one.pk: one.code for one in pricing.warehouses()}
    had, planned = Counter[promise.Where](), Counter[promise.Where]()
    for (position, warehouse), units in stock.had.items():
        had[position, codes.get(warehouse, "")] += units
    for (position, warehouse), units in stock.tied.items():
        planned[position, codes.get(warehouse, "")] += units
    if any(line.shipped for line in work.lines):
        left = inventory.whereabouts([stock.reservation_id])[stock.reservation_id].left
        had.update(left)
        planned.update(left)
    if any(lost.values()):
        planned.update(promise.gone_from(work.order.sourcing.get("parcels", []), had, lost))
    return planned


def _plan_parcels(work: Rework, routed: Routed, lost: Mapping[int, int]) -> None:
    """Plan the parcels anew. One that holds no more than before keeps its days."""
    order = work.order
    places = pricing.places_for(order.shipping_method, country_of(order))
    days = defaultdict(lambda: days_of(places), days_by_code(places))
    picks = [(position, code, units) for (position, code), units in sorted(_planned(work, lost).items()) if units]
    not_before = releases([line for line in work.lines if line.open], work.at)
    missing = {line.position: line.backordered for line in work.lines if line.backordered}
    parcels = [
        *promise.goods_parcels(picks, days, not_before=not_before),
        *waiting(work.lines, missing, places, demand=Demanding(order.rank, order.pk), not_before=not_before),
        *promise.service_parcel({line.position: line.open for line in work.lines if not line.is_goods and line.open}),
    ]
    sourcing = {**order.sourcing, "parcels": promise.keep_days(order.sourcing.get("parcels", []), parcels)}
    if work.stock is not None and work.stock.picks:
        sourcing = with_later(sourcing, work.stock.decision, routed.told, at=work.at, by=str(work.actor))
    order.sourcing = sourcing
