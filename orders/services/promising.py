"""When the units of an order can be there, and the day that is promised for them: joins stock, ways and days."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache

from django.utils import timezone

from core.middleware import zone_of
from core.service import service
from core.updating import update_each
from inventory import selectors as stock
from inventory.services import Place
from orders import promise
from orders.calendar import Calendar, calendar_from
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.models import Channel
from pricing.selectors import UNKNOWN_DAYS


def days_by_code(places: Sequence[Place]) -> dict[str, int]:
    """Return the days on the way from each warehouse."""
    return {place.code: _days(place) for place in places}


def waiting(lines: Sequence[OrderLine], short: Mapping[int, int], places: Sequence[Place]) -> list[promise.Parcel]:
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
    parcels = dated(
        order.sourcing.get("parcels", []),
        channel=order.channel,
        requested_on=order.requested_delivery_on,
        ship_complete=order.ship_complete,
        at=at,
    )
    order.sourcing = {**order.sourcing, "parcels": parcels}
    order.estimated_delivery_on = promise.arrives_on(parcels)
    order.ship_by_on = promise.ships_by(parcels)
    for line in lines:
        line.promised_on = promise.day_of(parcels, line.position)


def dated(
    parcels: Sequence[promise.Parcel],
    *,
    channel: Channel,
    requested_on: date | None = None,
    ship_complete: bool = False,
    at: datetime,
) -> list[promise.Parcel]:
    """Return parcels with their days: by the calendars of their warehouses, else as their channel handles orders."""
    return promise.dated(
        parcels,
        at=at,
        handling_days=channel.handling_days,
        calendars=calendars_of({parcel["warehouse"] for parcel in parcels}),
        requested_on=requested_on,
        ship_complete=ship_complete,
    )


def calendars_of(codes: Collection[str]) -> dict[str, Calendar]:
    """Return the calendars of warehouses by their code, and of our own week without one."""
    known = {
        one.code: _calendar(
            tuple(one.open_days),
            tuple((closure["from"], closure["until"]) for closure in one.closures),
            one.cut_off,
            one.time_zone,
            one.handling_days,
        )
        for one in pricing.warehouses()
        if one.code in codes
    }
    return {"": Calendar(zone=timezone.get_default_timezone()), **known}


@lru_cache(maxsize=256)
def _calendar(
    open_days: tuple[str, ...],
    closures: tuple[tuple[str, str], ...],
    cut_off: time | None,
    time_zone: str,
    handling_days: int | None,
) -> Calendar:
    return calendar_from(
        open_days,
        [{"from": first, "until": last} for first, last in closures],
        cut_off=cut_off,
        zone=zone_of(time_zone) or timezone.get_default_timezone(),
        handling_days=handling_days,
    )


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
