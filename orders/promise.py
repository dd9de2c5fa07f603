"""Which parcel arrives when. Pure: what is stored in `Order.sourcing["parcels"]`, and its dates.

A parcel is {"kind", "warehouse", "days", "lines": {position: units}, "starts_on", "ships_on", "arrives_on"}:
work on it begins on a day, so that it leaves and arrives on others. It may have a day before which nothing can
begin ("from"); a `backorder` parcel without one is of units that nobody has announced.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from orders.calendar import WORKING_WEEK, Calendar, arrival, working_days_before

GOODS, BACKORDER, SERVICE = "goods", "backorder", "service"
# Working days we allow for goods that are not here and that nobody has announced.
UNKNOWN_RESTOCK_DAYS = 15

Parcel = dict[str, Any]


def goods_parcels(picks: Iterable[tuple[int, str, int]], days: Mapping[str, int]) -> list[Parcel]:
    """Return one parcel per warehouse from (position, warehouse, units)."""
    parcels: dict[str, Parcel] = {}
    for position, warehouse, units in picks:
        parcel = parcels.setdefault(
            warehouse, {"kind": GOODS, "warehouse": warehouse, "days": days[warehouse], "lines": {}}
        )
        parcel["lines"][str(position)] = parcel["lines"].get(str(position), 0) + units
    return list(parcels.values())


def backorder_parcel(short: Mapping[int, int], *, days: int, expected_on: date | None) -> list[Parcel]:
    """Return the parcel of what is missing; nothing if nothing is."""
    if not short:
        return []
    lines = {str(position): units for position, units in short.items()}
    known = expected_on.isoformat() if expected_on else None
    return [{"kind": BACKORDER, "warehouse": "", "days": days, "lines": lines, "from": known}]


def service_parcel(units: Mapping[int, int]) -> list[Parcel]:
    """Return the work that needs no stock; nothing if there is none."""
    if not units:
        return []
    lines = {str(position): wanted for position, wanted in units.items()}
    return [{"kind": SERVICE, "warehouse": "", "days": 0, "lines": lines}]


def dated(
    parcels: Sequence[Parcel],
    *,
    at: datetime,
    handling_days: int,
    calendars: Mapping[str, Calendar] | None = None,
    requested_on: date | None = None,
    ship_complete: bool = False,
) -> list[Parcel]:
    """Return the parcels with the days on which each begins, leaves and arrives if work began now.

    Each by the calendar of its warehouse; never before it is wanted.
    """
    known, found = calendars or {}, []
    for parcel in parcels:
        calendar = known.get(parcel["warehouse"]) or known.get("", WORKING_WEEK)
        handling = handling_days if calendar.handling_days is None else calendar.handling_days
        leaves = calendar.after(_start(parcel, calendar, at), handling)
        arrives = arrival(leaves, parcel["days"])
        if requested_on is not None and requested_on > arrives:
            arrives = requested_on
            leaves = max(leaves, calendar.before(working_days_before(requested_on, parcel["days"]), 0))
        days = {"starts_on": calendar.before(leaves, handling), "ships_on": leaves, "arrives_on": arrives}
        found.append({**parcel, **{name: day.isoformat() for name, day in days.items()}})
    if ship_complete and found:
        last = max(parcel["arrives_on"] for parcel in found)
        found = [{**parcel, "arrives_on": last} for parcel in found]
    return found


def refilled(parcels: Sequence[Parcel], gained: Sequence[Parcel]) -> list[Parcel]:
    """Return the parcels after missing units were found: out of the backorder parcel, into new ones."""
    found: dict[str, int] = {}
    for parcel in gained:
        for position, units in parcel["lines"].items():
            found[position] = found.get(position, 0) + units
    return [*_without(parcels, found, BACKORDER, ""), *gained]


def bereft(parcels: Sequence[Parcel], lost: Mapping[int, int], *, warehouse: str, days: int) -> list[Parcel]:
    """Return the parcels after units of a warehouse turned out not to be there."""
    missing = {str(position): units for position, units in lost.items()}
    return [*_without(parcels, missing, GOODS, warehouse), *backorder_parcel(lost, days=days, expected_on=None)]


def _without(parcels: Sequence[Parcel], units: Mapping[str, int], kind: str, warehouse: str) -> list[Parcel]:
    """Take units out of the parcels of a kind and place; empty ones are dropped."""
    left, kept = dict(units), []
    for parcel in parcels:
        if parcel["kind"] != kind or parcel["warehouse"] != warehouse:
            kept.append(parcel)
            continue
        lines = {}
        for position, wanted in parcel["lines"].items():
            taken = min(wanted, left.get(position, 0))
            left[position] = left.get(position, 0) - taken
            if wanted > taken:
                lines[position] = wanted - taken
        if lines:
            kept.append({**parcel, "lines": lines})
    return kept


def _start(parcel: Parcel, calendar: Calendar, at: datetime) -> date:
    """Return the day work on a parcel can begin."""
    now = calendar.starts_on(at)
    if parcel.get("from"):
        return max(now, date.fromisoformat(parcel["from"]))
    return calendar.after(now, UNKNOWN_RESTOCK_DAYS) if parcel["kind"] == BACKORDER else now


def arrives_on(parcels: Iterable[Parcel]) -> date | None:
    """Return the day everything is there."""
    return max((date.fromisoformat(parcel["arrives_on"]) for parcel in parcels), default=None)


def ships_by(parcels: Iterable[Parcel]) -> date | None:
    """Return the day the first parcel must leave."""
    return min((date.fromisoformat(parcel["ships_on"]) for parcel in parcels), default=None)


def day_of(parcels: Iterable[Parcel], position: int) -> date | None:
    """Return the day the last unit of a line is there."""
    return arrives_on(parcel for parcel in parcels if str(position) in parcel["lines"])
