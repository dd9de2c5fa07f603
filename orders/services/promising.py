"""When the units of an order can be there, and the day that is promised for them: joins stock, ways and days."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Required, TypedDict, Unpack

from django.utils import timezone

from core import seat
from core.middleware import zone_of
from core.service import service
from core.updating import update_each
from customers.addresses import PostalAddress
from inventory.atp import Stage
from inventory.services import Place
from orders import outlook, promise
from orders.calendar import Calendar, calendar_from
from orders.events import OrderEvent, PromiseChanged
from orders.models import Order, OrderLine
from orders.sentences import Cause
from pricing import services as pricing
from pricing.models import Channel
from pricing.selectors import UNKNOWN_DAYS


def places_of(order: Order) -> list[Place]:
    """Return the warehouses as seen from the receiver."""
    return pricing.places_for(order.shipping_method, country_of(order))


def region_of(order: Order) -> str:
    """Return the region the goods go to, as tax knows it."""
    return pricing.region_of(PostalAddress.from_dict(order.shipping_address or order.billing_address))


def country_of(order: Order) -> str:
    """Return the country the goods go to, or where the order is billed."""
    return PostalAddress.from_dict(order.shipping_address or order.billing_address).country


def days_by_code(places: Sequence[Place]) -> dict[str, int]:
    """Return the days on the way from each warehouse."""
    return {place.code: _days(place) for place in places}


class Standing(TypedDict, total=False):
    """Where who waits stands, and what is known of the shelves.

    Who waits before and is served first has its units already; `taken` are those of (product, warehouse) that are
    not free any more though the shelf says so, `borrowed` units per product are to come back first. The figures may be
    `known`. Nothing of a position leaves before its day in `not_before`.
    """

    demand: Required[outlook.Demanding]
    taken: Mapping[tuple[int, int], int] | None
    known: Mapping[int, outlook.Figures] | None
    borrowed: Mapping[int, int] | None
    not_before: Mapping[int, date] | None


def waiting(
    lines: Sequence[OrderLine], short: Mapping[int, int], places: Sequence[Place], **standing: Unpack[Standing]
) -> list[promise.Parcel]:
    """Return the parcels of what is not here yet, each expected when its units are."""
    if not short:
        return []
    waits = awaited(lines, short, places, **standing)
    return promise.backorder_parcels(waits, {**days_by_code(places), "": days_of(places)})


def awaited(
    lines: Sequence[OrderLine], short: Mapping[int, int], places: Sequence[Place], **standing: Unpack[Standing]
) -> list[promise.Wait]:
    """Return where and when what is short, by position, is expected."""
    figures = standing.get("known") or outlook.figures_of(lines, short, standing["demand"])
    ahead = outlook.outlooks(figures, standing.get("taken"), borrowed=standing.get("borrowed"))
    not_before = standing.get("not_before") or {}
    codes = {place.warehouse_id: place.code for place in places}
    waits: list[promise.Wait] = []
    for line in sorted(lines, key=lambda line: line.position):
        if units := short.get(line.position, 0):
            stages = outlook.of_line(ahead, line.product_id, line.made_of).take(units, at=codes)
            waits += waits_of(line.position, units, stages, codes, since=not_before.get(line.position))
    return waits


def waits_of(
    position: int, units: int, stages: Sequence[Stage], codes: Mapping[int, str], *, since: date | None
) -> list[promise.Wait]:
    """Return where and from when on the missing units of a line are expected, not before a day where one is given."""
    today = seat.today()
    waits = [
        promise.Wait(position, stage.units, codes[stage.warehouse_id], max(stage.on or today, since or date.min))
        for stage in stages
    ]
    unknown = units - sum(stage.units for stage in stages)
    return [*waits, promise.Wait(position, unknown, since=since)] if unknown else waits


def releases(lines: Iterable[OrderLine], at: datetime) -> dict[int, date]:
    """Return, by position, the day before which a product may not leave: it is not released yet."""
    today = seat.day_of(at)
    days = {line.position: line.product.release_on for line in lines}
    return {position: day for position, day in days.items() if day is not None and day > today}


def _days(place: Place) -> int:
    """Return the days on the way from a warehouse; where nobody entered any, a careful guess."""
    return min(place.distance, UNKNOWN_DAYS)


def days_of(places: Sequence[Place]) -> int:
    """Return the days from the nearest warehouse."""
    return min((_days(place) for place in places), default=UNKNOWN_DAYS)


def estimate(order: Order, lines: Sequence[OrderLine] = (), *, at: datetime, anew: bool = True) -> None:
    """Work out, on the objects, when each parcel leaves and arrives if work began now.

    Unless `anew`, only for parcels that have no days yet.
    """
    parcels = dated(
        order.sourcing.get("parcels", []),
        channel=order.channel,
        requested_on=order.requested_delivery_on,
        ship_complete=order.ship_complete,
        at=at,
        anew=anew,
    )
    order.sourcing = {**order.sourcing, "parcels": parcels}
    order.estimated_delivery_on = promise.arrives_on(parcels)
    order.ship_by_on = promise.ships_by(parcels)
    set_start(order, at=at)
    for line in lines:
        line.promised_on = promise.day_of(parcels, line.position)


def dated(
    parcels: Sequence[promise.Parcel],
    *,
    channel: Channel,
    requested_on: date | None = None,
    ship_complete: bool = False,
    at: datetime,
    anew: bool = True,
) -> list[promise.Parcel]:
    """Return parcels with their days: by the calendars of their warehouses, else as their channel handles orders."""
    return promise.dated(
        parcels,
        at=at,
        handling_days=channel.handling_days,
        calendars=calendars_of({parcel["warehouse"] for parcel in parcels}),
        requested_on=requested_on,
        ship_complete=ship_complete,
        anew=anew,
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


def repromise(
    order: Order, lines: Sequence[OrderLine], *, cause: Cause, at: datetime, anew: bool = False
) -> list[OrderEvent]:
    """Move, on the objects, what was promised to the day that is right now, after its parcels changed.

    The first promise stays. Returns the fact where the day of the order moved; nothing moves before it is promised.
    """
    before = order.promised_on
    estimate(order, lines, at=at, anew=anew)
    after = order.estimated_delivery_on
    if before is None or after is None or before == after:
        return []
    order.promised_on = after
    return [
        PromiseChanged(
            order_id=order.pk,
            before=before.isoformat(),
            after=after.isoformat(),
            cause=cause.code,
            because=cause.words,
            quiet=order.quiet,
        )
    ]


def set_start(order: Order, *, at: datetime) -> None:
    """Write, on the object, when the next of it may begin that may not yet, and whether that is all of it."""
    parcels = order.sourcing.get("parcels", [])
    today = seat.day_of(at)
    order.starts_on, order.all_later = promise.next_start(parcels, today, ship_complete=order.ship_complete)


def begins_on(order: Order, *, at: datetime) -> date:
    """Return the last day on which work must begin if all of an order comes from where that takes longest."""
    days = days_by_code(places_of(order))
    parcels = promise.goods_parcels([(0, code, 1) for code in days], days)
    found = dated(parcels, channel=order.channel, requested_on=order.requested_delivery_on, at=at)
    starts = [date.fromisoformat(parcel["starts_on"]) for parcel in found]
    return min(starts, default=seat.day_of(at))


def held_back(order: Order, *, at: datetime) -> set[tuple[int | None, int]]:
    """Return what of an order, as (warehouse, position), nobody may begin yet; services have no warehouse."""
    parcels = order.sourcing.get("parcels", [])
    held = promise.held_back(parcels, seat.day_of(at), ship_complete=order.ship_complete)
    ids: dict[str, int | None] = {one.code: one.pk for one in pricing.warehouses()} if held else {}
    return {(ids.get(code), position) for code, position in held}


@service
def promise_lines(order: Order, lines: Sequence[OrderLine]) -> None:
    """Write down the day of each line where it changed."""
    parcels = order.sourcing.get("parcels", [])
    days = {line.pk: promise.day_of(parcels, line.position) for line in lines}
    changed = [line for line in lines if line.promised_on != days[line.pk]]
    for line in changed:
        line.promised_on = days[line.pk]
    write_days(changed)


@service
def write_days(lines: Sequence[OrderLine]) -> None:
    """Write down the days of lines, in one statement."""
    if lines:
        update_each(OrderLine, ["promised_on"], [(line.pk, line.promised_on) for line in lines])
