"""Where the units of an order come from: joins stock and ways."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from core.actors import Actor
from core.service import service
from inventory import selectors as stock
from inventory import services as inventory
from inventory.errors import InsufficientStock
from inventory.kits import needs_of, with_kits
from inventory.models import Warehouse
from inventory.queueing import leave
from inventory.services import Demand, Pick, Place, Reserved
from inventory.sourcing import decide
from orders import outlook, promise, selectors
from orders.models import Order, OrderLine
from orders.outlook import Demanding

from .borrowing import Borrowed, borrow, choose, needs_now
from .promising import days_by_code, places_of, releases, waiting
from .routing import Routed, route_order


@service
def reserve_stock(
    order: Order,
    lines: Sequence[OrderLine],
    *,
    backorder: Mapping[int, bool],
    counter: Warehouse | None = None,
    historic: bool = False,
    actor: Actor,
    at: datetime,
) -> dict[int, int]:
    """Tie stock to the lines and plan the parcels, on the objects only. Returns what is short by position.

    `backorder` says by position which lines may wait, `counter` from which shelf alone they may come; a
    `historic` order left from anywhere. Call it after all reading: it locks the stock rows.
    """
    demand = _demand_of(lines, backorder)
    if not demand:
        return _plan(order, lines, backorder, Reserved(0), Routed([]), at=at)
    routed = _route(order, lines, counter, at, historic=historic)
    kept = _kept(order, demand)
    tie = partial(
        inventory.reserve,
        demand=demand,
        places=routed.places,
        costs=routed.costs,
        rank=order.rank,
        expires_at=order.stock_held_until,
        kept=kept,
        actor=actor,
        at=at,
    )
    refusal: InsufficientStock | None = None
    try:
        reserved = tie()
    except InsufficientStock as error:
        # What may not wait may still be borrowed.
        if not _could_borrow(order, demand):
            raise
        refusal, reserved = error, tie(partial=True)
    order.reservation_id = reserved.reservation_id
    if not reserved.short:
        return _plan(order, lines, backorder, reserved, routed, at=at)
    known = outlook.figures_of(lines, reserved.short, Demanding(order.rank, order.pk))
    got = borrow(order, lines, reserved.short, known=known, routed=routed, actor=actor, at=at)
    if got.picks:
        reserved = _with_borrowed(reserved, got)
        known = {}
    if refusal is not None and any(reserved.short.get(one.key) and not one.may_backorder for one in demand):
        raise refusal
    return _plan(order, lines, backorder, reserved, routed, known=known or None, at=at)


def _could_borrow(order: Order, demand: Sequence[Demand]) -> bool:
    """Whether anybody lends anything of what is wanted."""
    known = outlook.figures({one.product_id for one in demand}, Demanding(order.rank, order.pk))
    return any(one.borrowable() for one in known.values())


def _with_borrowed(reserved: Reserved, got: Borrowed) -> Reserved:
    """Return what was tied with what was borrowed besides."""
    short = dict(reserved.short)
    for pick in got.picks:
        short[pick.key] -= pick.quantity
    decision = {**reserved.decision, "borrowed": got.told} if got.told else reserved.decision
    left = {key: units for key, units in short.items() if units}
    return replace(reserved, picks=[*reserved.picks, *got.picks], short=left, decision=decision)


def _kept(order: Order, demand: Sequence[Demand]) -> dict[int, int]:
    """Return the units per product that those who stand in front are about to get; what may not wait is not asked."""
    may_wait = {product for one in demand if one.may_backorder for product, _per in needs_of(one)}
    return selectors.spoken_for(may_wait, rank=order.rank) if may_wait else {}


def _route(
    order: Order, lines: Sequence[OrderLine], counter: Warehouse | None, at: datetime, *, historic: bool
) -> Routed:
    """Return the places that may serve: over a counter its own alone, and that is never a last resort."""
    if counter is None:
        return route_order(order, lines, at=at, historic=historic)
    places = [replace(place, last_resort=False) for place in places_of(order) if place.warehouse_id == counter.pk]
    return Routed(places)


def foresee_stock(
    order: Order, lines: Sequence[OrderLine], *, backorder: Mapping[int, bool], at: datetime
) -> tuple[dict[int, int], dict[int, int]]:
    """Plan the parcels as they would be if stock were tied now, on the objects only: nothing is locked or tied.

    Returns what would be short by position, and the free units by product: those that nobody in front is about to get.
    """
    demand = _demand_of(lines, backorder)
    routed = route_order(order, lines, at=at) if demand else Routed([])
    needed = {product for one in demand for product, _per in needs_of(one)}
    shelves = stock.stock_by_warehouse(needed) if demand else {}
    leave(shelves, _kept(order, demand), demand)
    decision = decide(demand, shelves, routed.places, routed.costs)
    foreseen = Reserved(0, decision.picks, decision.short, decision.as_dict())
    free = dict.fromkeys((one.product_id for one in demand), 0)
    for (product_id, _warehouse), units in with_kits(shelves, demand).items():
        if product_id in free:
            free[product_id] += units
    taken: dict[tuple[int, int], int] = defaultdict(int)
    wanting = {one.key: one for one in demand}
    for pick in decision.picks:
        for product, per in needs_of(wanting[pick.key]):
            taken[product, pick.warehouse_id] += per * pick.quantity
    known, borrowed = None, defaultdict[int, int](int)
    if foreseen.short:
        known = outlook.figures_of(lines, foreseen.short, Demanding(order.rank, order.pk))
        picks = choose(lines, foreseen.short, known, routed, at=at) if needs_now(order, routed, at=at) else []
        foreseen = _with_borrowed(foreseen, Borrowed(picks))
        for pick in picks:
            borrowed[wanting[pick.key].product_id] += pick.quantity
            free[wanting[pick.key].product_id] += pick.quantity
    short = _plan(order, lines, backorder, foreseen, routed, taken=taken, known=known, borrowed=borrowed, at=at)
    return short, free


def _demand_of(lines: Sequence[OrderLine], backorder: Mapping[int, bool]) -> list[Demand]:
    return [
        Demand(line.position, line.product_id, line.open, backorder[line.position], line.made_of)
        for line in lines
        if line.position in backorder
    ]


def _plan(
    order: Order,
    lines: Sequence[OrderLine],
    backorder: Mapping[int, bool],
    reserved: Reserved,
    routed: Routed,
    *,
    taken: Mapping[tuple[int, int], int] | None = None,
    known: Mapping[int, outlook.Figures] | None = None,
    borrowed: Mapping[int, int] | None = None,
    at: datetime,
) -> dict[int, int]:
    """Write what is tied and in which parcels it goes onto the objects. Returns what is short by position."""
    services = {line.position: line.open for line in lines if line.position not in backorder}
    if not backorder:
        order.sourcing = {"parcels": promise.service_parcel(services)}
        return {}
    for line in lines:
        if line.position in backorder:
            line.backordered = reserved.short.get(line.position, 0)
            line.allocated = line.open - line.backordered
    not_before = releases(lines, at)
    goods = parcels_of(reserved, routed.places, not_before=not_before)
    later = waiting(
        lines,
        reserved.short,
        routed.places,
        demand=Demanding(order.rank, order.pk),
        taken=taken,
        known=known,
        borrowed=borrowed,
        not_before=not_before,
    )
    parcels = [*goods, *later, *promise.service_parcel(services)]
    order.sourcing = {**reserved.decision, **routed.told, "parcels": parcels}
    return reserved.short


def parcels_of(
    reserved: Reserved, places: Sequence[Place], *, not_before: Mapping[int, date] | None = None
) -> list[promise.Parcel]:
    """Return one parcel per warehouse that serves, and one more for what may not leave before a day."""
    picks = picks_by_code(reserved.picks, places)
    return promise.goods_parcels(picks, days_by_code(places), not_before=not_before)


def picks_by_code(picks: Iterable[Pick], places: Sequence[Place]) -> list[tuple[int, str, int]]:
    """Return what is taken from where as (position, code of the warehouse, units)."""
    codes = {place.warehouse_id: place.code for place in places}
    return [(pick.key, codes[pick.warehouse_id], pick.quantity) for pick in picks]
