"""Which parcel arrives when. Pure: what is stored in `Order.sourcing["parcels"]`, and its dates.

A parcel is {"kind", "warehouse", "days", "lines": {position: units}, "starts_on", "ships_on", "arrives_on"}:
work on it begins on a day, so that it leaves and arrives on others; `later` if it could begin earlier. It may have a
day before which nothing can begin ("from"); a `backorder` parcel without one is of units that nobody has announced.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from orders.calendar import WORKING_WEEK, Calendar, arrival, working_days_before

GOODS, BACKORDER, SERVICE = "goods", "backorder", "service"
# Working days we allow for goods that are not here and that nobody has announced.
UNKNOWN_RESTOCK_DAYS = 15
# Working days in which somebody can still find what nobody has announced.
NOTICE_DAYS = 3

Parcel = dict[str, Any]
# (position, code of the warehouse).
Where = tuple[int, str]


class Wait(NamedTuple):
    """Units of a line that are missing, and where and from when on they are expected, if somebody knows."""

    position: int
    units: int
    warehouse: str = ""
    since: date | None = None


def goods_parcels(
    picks: Iterable[tuple[int, str, int]], days: Mapping[str, int], *, not_before: Mapping[int, date] | None = None
) -> list[Parcel]:
    """Return one parcel per warehouse from (position, warehouse, units), and one more for what may not leave yet."""
    parcels: dict[tuple[str, date | None], Parcel] = {}
    for position, warehouse, units in picks:
        since = (not_before or {}).get(position)
        parcel = {"kind": GOODS, "warehouse": warehouse, "days": days[warehouse], "lines": {}}
        if since is not None:
            parcel["from"] = since.isoformat()
        _put(parcels.setdefault((warehouse, since), parcel), position, units)
    return list(parcels.values())


def backorder_parcels(waits: Iterable[Wait], days: Mapping[str, int]) -> list[Parcel]:
    """Return one parcel per warehouse and day from which units that are missing are expected, the earliest first.

    What nobody has announced comes last; `days` has the days on the way from nowhere in particular, too ("").
    """
    parcels: dict[tuple[date, bool, str], Parcel] = {}
    for wait in waits:
        known = wait.since.isoformat() if wait.since else None
        # A place that was closed since then is nowhere in particular.
        way = days[wait.warehouse] if wait.warehouse in days else days[""]
        parcel = {"kind": BACKORDER, "warehouse": wait.warehouse, "days": way, "lines": {}}
        key = (wait.since or date.max, not wait.warehouse, wait.warehouse)
        _put(parcels.setdefault(key, {**parcel, "from": known}), wait.position, wait.units)
    return [parcels[key] for key in sorted(parcels)]


def _put(parcel: Parcel, position: int, units: int) -> None:
    parcel["lines"][str(position)] = parcel["lines"].get(str(position), 0) + units


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
    anew: bool = True,
) -> list[Parcel]:
    """Return the parcels with the days on which each begins, leaves and arrives if work began now.

    Each by the calendar of its warehouse; never before it is wanted. Unless `anew`, a parcel that has its days
    keeps them: work on it may have begun. What ships complete has one day for all of it.
    """
    known, found = calendars or {}, []
    for parcel in parcels:
        if parcel.get("starts_on") and not anew and not ship_complete:
            found.append(parcel)
            continue
        calendar = known.get(parcel["warehouse"]) or known.get("", WORKING_WEEK)
        handling = handling_days if calendar.handling_days is None else calendar.handling_days
        leaves = calendar.after(_start(parcel, calendar, at), handling)
        arrives = arrival(leaves, parcel["days"])
        if requested_on is not None and requested_on > arrives:
            arrives = requested_on
            leaves = max(leaves, calendar.before(working_days_before(requested_on, parcel["days"]), 0))
        starts = calendar.before(leaves, handling)
        days = {"starts_on": starts, "ships_on": leaves, "arrives_on": arrives}
        later = starts > calendar.starts_on(at)
        found.append({**parcel, **{name: day.isoformat() for name, day in days.items()}, "later": later})
    if ship_complete and found:
        last = max(parcel["arrives_on"] for parcel in found)
        found = [{**parcel, "arrives_on": last} for parcel in found]
    return found


def at_best(parcel: Parcel, *, at: datetime, handling_days: int, calendars: Mapping[str, Calendar]) -> date:
    """Return the first day on which a parcel that has not left can be there, if everybody hurries.

    What is here may leave today. What is missing has to be handled, and what nobody has announced has to be found.
    """
    calendar = calendars.get(parcel["warehouse"]) or calendars.get("", WORKING_WEEK)
    today = calendar.after(at.astimezone(calendar.zone).date(), 0)
    if parcel["kind"] != BACKORDER:
        return arrival(max(today, date.fromisoformat(parcel["from"])) if parcel.get("from") else today, parcel["days"])
    handling = handling_days if calendar.handling_days is None else calendar.handling_days
    begins = max(today, date.fromisoformat(parcel["from"])) if parcel["from"] else calendar.after(today, NOTICE_DAYS)
    return arrival(calendar.after(begins, handling), parcel["days"])


def rewaited(
    parcels: Sequence[Parcel], positions: Collection[int], waits: Iterable[Wait], days: Mapping[str, int]
) -> list[Parcel]:
    """Return the parcels after it is known anew what the missing units of some lines wait for.

    Who waits as before keeps the parcel with its days.
    """
    fresh = backorder_parcels([*waits, *_other_waits(parcels, positions)], days)
    before = {_wait_of(parcel): parcel for parcel in parcels if parcel["kind"] == BACKORDER}
    kept = [parcel for parcel in parcels if parcel["kind"] != BACKORDER]
    return [*kept, *(before.get(_wait_of(parcel), parcel) for parcel in fresh)]


def waits_in(parcels: Iterable[Parcel], positions: Collection[int]) -> list[Wait]:
    """Return what the missing units of some lines wait for, as it was known last."""
    found = [
        Wait(int(position), units, parcel["warehouse"], date.fromisoformat(parcel["from"]) if parcel["from"] else None)
        for parcel in parcels
        if parcel["kind"] == BACKORDER
        for position, units in parcel["lines"].items()
        if int(position) in positions
    ]
    return sorted(found, key=lambda wait: (wait.position, wait.since or date.max, wait.warehouse))


def _other_waits(parcels: Iterable[Parcel], positions: Collection[int]) -> list[Wait]:
    everything = {int(position) for parcel in parcels for position in parcel["lines"]}
    return waits_in(parcels, everything - set(positions))


def _wait_of(parcel: Parcel) -> tuple[Any, ...]:
    return parcel["warehouse"], parcel["from"], parcel["days"], tuple(sorted(parcel["lines"].items()))


def refilled(parcels: Sequence[Parcel], gained: Sequence[Parcel]) -> list[Parcel]:
    """Return the parcels after missing units were found: out of the backorder parcel, into new ones."""
    found: dict[str, int] = {}
    for parcel in gained:
        for position, units in parcel["lines"].items():
            found[position] = found.get(position, 0) + units
    return [*_without(parcels, found, BACKORDER), *gained]


def released_on(parcels: Iterable[Parcel], positions: Collection[int], since: date | None) -> list[Parcel]:
    """Return the parcels after it is known anew when some lines may leave: in parcels of their own, undated."""
    found = []
    for parcel in parcels:
        mine = {name: units for name, units in parcel["lines"].items() if int(name) in positions}
        if parcel["kind"] != GOODS or not mine:
            found.append(parcel)
            continue
        if rest := {name: units for name, units in parcel["lines"].items() if name not in mine}:
            found.append({**parcel, "lines": rest})
        moved = {name: parcel[name] for name in ("kind", "warehouse", "days")} | {"lines": mine}
        found.append({**moved, "from": since.isoformat()} if since else moved)
    return found


def bereft(
    parcels: Sequence[Parcel], lost: Mapping[int, int], waits: Sequence[Parcel], *, warehouse: str | None
) -> list[Parcel]:
    """Return the parcels after units of a warehouse (or of any) are not there any more, and what they wait for now."""
    missing = {str(position): units for position, units in lost.items()}
    return [*_without(parcels, missing, GOODS, warehouse), *waits]


def gone_from(
    parcels: Iterable[Parcel], there: Mapping[Where, int], gone: Mapping[int, int], *, first: str = ""
) -> dict[Where, int]:
    """Return where units that are gone are still planned: parcels of goods hold more than is there, or has left.

    One place comes first.
    """
    planned: Counter[Where] = Counter()
    for parcel in parcels:
        for position, units in parcel["lines"].items() if parcel["kind"] == GOODS else ():
            planned[int(position), parcel["warehouse"]] += units
    planned.subtract(there)
    left, found = dict(gone), {}
    for where in sorted(planned, key=lambda where: (where[1] != first, where)):
        if (units := min(planned[where], left.get(where[0], 0))) > 0:
            left[where[0]] -= units
            found[where] = units
    return found


def moved(parcels: Sequence[Parcel], into: Sequence[Parcel], *, source: str) -> list[Parcel]:
    """Return the parcels after units were sent from another warehouse: out of its parcel, into those given."""
    units: dict[str, int] = {}
    for parcel in into:
        for position, count in parcel["lines"].items():
            units[position] = units.get(position, 0) + count
    return [*_without(parcels, units, GOODS, source), *into]


def _without(
    parcels: Sequence[Parcel], units: Mapping[str, int], kind: str, warehouse: str | None = None
) -> list[Parcel]:
    """Take units out of the parcels of a kind, and of one place where it is named; empty ones are dropped."""
    left, kept = dict(units), []
    for parcel in parcels:
        if parcel["kind"] != kind or warehouse not in (None, parcel["warehouse"]):
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


def keep_days(before: Sequence[Parcel], after: Iterable[Parcel]) -> list[Parcel]:
    """Return the parcels as they are after a change: one that holds no more than it did keeps its days."""
    known = {_name(parcel): parcel for parcel in before if parcel.get("starts_on")}
    found = []
    for parcel in after:
        was = known.get(_name(parcel))
        if was is not None and all(units <= was["lines"].get(line, 0) for line, units in parcel["lines"].items()):
            found.append({**was, "lines": parcel["lines"]})
            continue
        found.append(parcel)
    return found


def _name(parcel: Parcel) -> tuple[Any, ...]:
    return parcel["kind"], parcel["warehouse"], parcel.get("from"), parcel["days"]


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


def held_back(parcels: Iterable[Parcel], today: date, *, ship_complete: bool = False) -> dict[tuple[str, int], date]:
    """Return what of (warehouse, position) may not begin yet, and the day on which it may.

    It is wanted later, or not released yet. What ships complete begins with its last.
    """
    ours = [one for one in parcels if one["kind"] != BACKORDER]
    days = [date.fromisoformat(one["starts_on"]) if one.get("later") else date.min for one in ours]
    if ship_complete and days:
        days = [max(days)] * len(days)
    return {
        (one["warehouse"], int(position)): day
        for one, day in zip(ours, days, strict=True)
        if day > today
        for position in one["lines"]
    }


def next_start(parcels: Sequence[Parcel], today: date, *, ship_complete: bool = False) -> tuple[date | None, bool]:
    """Return the next day to come on which something of what is here may begin, and whether nothing may before."""
    held = held_back(parcels, today, ship_complete=ship_complete)
    ours = {
        (one["warehouse"], int(position)) for one in parcels if one["kind"] != BACKORDER for position in one["lines"]
    }
    return min(held.values(), default=None), bool(held) and ours <= held.keys()


def day_of(parcels: Iterable[Parcel], position: int) -> date | None:
    """Return the day the last unit of a line is there."""
    return arrives_on(parcel for parcel in parcels if str(position) in parcel["lines"])
