"""Where the units of an order come from, and when they can be there: joins stock, ways and days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.utils import timezone

from core.actors import Actor
from core.service import service
from core.updating import update_each
from customers.addresses import PostalAddress
from inventory import selectors as stock
from inventory import services as inventory
from inventory.models import Warehouse
from inventory.services import Demand, Pick, Place, Reserved
from inventory.sourcing import decide
from orders import promise
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.selectors import UNKNOWN_DAYS


def places_of(order: Order) -> list[Place]:
    """Return the warehouses as seen from the receiver."""
    return pricing.places_for(order.shipping_method, country_of(order))


def country_of(order: Order) -> str:
    """Return the country the goods go to, or where the order is billed."""
    return PostalAddress.from_dict(order.shipping_address or order.billing_address).country


@service
def reserve_stock(
    order: Order,
    lines: Sequence[OrderLine],
    *,
    backorder: Mapping[int, bool],
    counter: Warehouse | None = None,
    actor: Actor,
    at: datetime,
) -> dict[int, int]:
    """Tie stock to the lines and plan the parcels, on the objects only. Returns what is short by position.

    `backorder` says by position which lines may wait, `counter` from which shelf alone they may come. Call it after
    all reading: it locks the stock rows.
    """
    demand, places = _demand_of(lines, backorder), _places_at(counter, places_of(order))
    if not demand:
        return _plan(order, lines, backorder, Reserved(0), places)
    reserved = inventory.reserve(demand=demand, places=places, rank=order.rank, actor=actor, at=at)
    order.reservation_id = reserved.reservation_id
    return _plan(order, lines, backorder, reserved, places)


def _places_at(counter: Warehouse | None, places: Sequence[Place]) -> list[Place]:
    """Return the places that may serve: over a counter its own alone, and that is never a last resort."""
    if counter is None:
        return list(places)
    return [replace(place, last_resort=False) for place in places if place.warehouse_id == counter.pk]


def foresee_stock(
    order: Order, lines: Sequence[OrderLine], *, backorder: Mapping[int, bool]
) -> tuple[dict[int, int], dict[int, int]]:
    """Plan the parcels as they would be if stock were tied now, on the objects only: nothing is locked or tied.

    Returns what would be short by position, and the free units by product.
    """
    demand, places = _demand_of(lines, backorder), places_of(order)
    shelves = stock.stock_by_warehouse(one.product_id for one in demand) if demand else {}
    decision = decide(demand, shelves, places)
    foreseen = Reserved(0, decision.picks, decision.short, decision.as_dict())
    free = dict.fromkeys((one.product_id for one in demand), 0)
    for (product_id, _warehouse), units in shelves.items():
        free[product_id] += units
    return _plan(order, lines, backorder, foreseen, places), free


def _demand_of(lines: Sequence[OrderLine], backorder: Mapping[int, bool]) -> list[Demand]:
    return [
        Demand(line.position, line.product_id, line.open, backorder[line.position])
        for line in lines
        if line.position in backorder
    ]


def _plan(
    order: Order,
    lines: Sequence[OrderLine],
    backorder: Mapping[int, bool],
    reserved: Reserved,
    places: Sequence[Place],
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
    parcels = [*parcels_of(reserved, places), *_waiting(order, lines, reserved.short, places)]
    order.sourcing = {**reserved.decision, "parcels": [*parcels, *promise.service_parcel(services)]}
    return reserved.short


def parcels_of(reserved: Reserved, places: Sequence[Place]) -> list[promise.Parcel]:
    """Return one parcel per warehouse that serves."""
    return promise.goods_parcels(picks_by_code(reserved.picks, places), days_by_code(places))


def picks_by_code(picks: Iterable[Pick], places: Sequence[Place]) -> list[tuple[int, str, int]]:
    """Return what is taken from where as (position, code of the warehouse, units)."""
    codes = {place.warehouse_id: place.code for place in places}
    return [(pick.key, codes[pick.warehouse_id], pick.quantity) for pick in picks]


def days_by_code(places: Sequence[Place]) -> dict[str, int]:
    """Return the days on the way from each warehouse."""
    return {place.code: _days(place) for place in places}


def _waiting(
    order: Order, lines: Sequence[OrderLine], short: Mapping[int, int], places: Sequence[Place]
) -> list[promise.Parcel]:
    """Return the parcel of what is not here yet, expected when the last of it is."""
    if not short:
        return []
    missing: dict[int, int] = {}
    for line in lines:
        if units := short.get(line.position, 0):
            missing[line.product_id] = missing.get(line.product_id, 0) + units
    return promise.backorder_parcel(short, days=days_of(places), expected_on=expected_on(missing))


def expected_on(missing: Mapping[int, int]) -> date | None:
    """Return the day by which announced receipts cover what is missing per product, or None if they do not."""
    days = []
    for product_id, receipts in stock.incoming(missing).items():
        wanted = missing[product_id]
        for day, _warehouse, units in receipts:
            wanted -= units
            if wanted <= 0:
                days.append(day)
                break
        else:
            return None
    return max(days, default=None)


def _days(place: Place) -> int:
    """Return the days on the way from a warehouse; where nobody entered any, a careful guess."""
    return min(place.distance, UNKNOWN_DAYS)


def days_of(places: Sequence[Place]) -> int:
    """Return the days from the nearest warehouse."""
    return min((_days(place) for place in places), default=UNKNOWN_DAYS)


def estimate(order: Order, lines: Sequence[OrderLine] = (), *, at: datetime) -> None:
    """Work out, on the objects, when each parcel leaves and arrives if work began now."""
    parcels = promise.dated(
        order.sourcing.get("parcels", []),
        today=timezone.localdate(at),
        handling_days=order.channel.handling_days,
        requested_on=order.requested_delivery_on,
        ship_complete=order.ship_complete,
    )
    order.sourcing = {**order.sourcing, "parcels": parcels}
    order.estimated_delivery_on = promise.arrives_on(parcels)
    order.ship_by_on = promise.ships_by(parcels)
    for line in lines:
        line.promised_on = promise.day_of(parcels, line.position)


def give_promise(order: Order, *, at: datetime) -> None:
    """Promise, on the object, the day that is right now; the first promise is kept for ever."""
    estimate(order, at=at)
    order.promised_on = order.estimated_delivery_on
    order.first_promised_on = order.first_promised_on or order.promised_on


@service
def promise_lines(order: Order, lines: Sequence[OrderLine]) -> None:
    """Write down the day of each line where it changed."""
    parcels = order.sourcing.get("parcels", [])
    days = {line.pk: promise.day_of(parcels, line.position) for line in lines}
    changed = [line for line in lines if line.promised_on != days[line.pk]]
    for line in changed:
        line.promised_on = days[line.pk]
    if changed:
        update_each(OrderLine, ["promised_on"], [(line.pk, line.promised_on) for line in changed])
