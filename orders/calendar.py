"""Working days, and the days and hours of a warehouse. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONE_DAY = timedelta(days=1)


class NeverOpen(ValueError):
    """A place without a day of the week on which it works: nothing could ever leave it."""


@dataclass(frozen=True)
class Calendar:
    """When a place works: days of the week, closed spans, until when an order of today begins today.

    `handling_days` is None where the place has no time of its own; `zone` is whose clock counts.
    """

    open_days: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    closed: tuple[tuple[date, date], ...] = ()
    cut_off: time | None = None
    zone: tzinfo = UTC
    handling_days: int | None = None

    def __post_init__(self) -> None:
        """Refuse a place that never works: looking for its next day would not end."""
        if not self.open_days:
            raise NeverOpen("A place that is closed on every day of the week sends nothing")

    def is_open(self, day: date) -> bool:
        """Whether the place works on a day."""
        return day.weekday() in self.open_days and not any(first <= day <= last for first, last in self.closed)

    def after(self, day: date, days: int) -> date:
        """Return the day some open days later; with none, the day itself or the next open one."""
        day = self._next(day)
        for _ in range(days):
            day = self._next(day + ONE_DAY)
        return day

    def before(self, day: date, days: int) -> date:
        """Return the last open day on which something must start to be ready some open days later, on a day."""
        day = self._last(day)
        for _ in range(days):
            day = self._last(day - ONE_DAY)
        return day

    def starts_on(self, at: datetime) -> date:
        """Return the day on which work on an order of this moment begins."""
        here = at.astimezone(self.zone)
        day = here.date()
        if self.cut_off is not None and self.is_open(day) and here.time() > self.cut_off:
            day += ONE_DAY
        return self._next(day)

    def _next(self, day: date) -> date:
        while not self.is_open(day):
            day += ONE_DAY
        return day

    def _last(self, day: date) -> date:
        while not self.is_open(day):
            day -= ONE_DAY
        return day


WORKING_WEEK = Calendar()


def calendar_from(
    open_days: Sequence[str],
    closures: Sequence[Mapping[str, Any]],
    *,
    cut_off: time | None = None,
    zone: tzinfo = UTC,
    handling_days: int | None = None,
) -> Calendar:
    """Return the calendar of a place from what is stored about it. Raises NeverOpen."""
    return Calendar(
        open_days=frozenset(WEEK.index(name) for name in open_days),
        closed=tuple((date.fromisoformat(one["from"]), date.fromisoformat(one["until"])) for one in closures),
        cut_off=cut_off,
        zone=zone,
        handling_days=handling_days,
    )


def is_working_day(day: date) -> bool:
    """Whether goods travel on a day."""
    return WORKING_WEEK.is_open(day)


def working_days_after(day: date, days: int) -> date:
    """Return the day some working days later; with none, the day itself or the next working day."""
    return WORKING_WEEK.after(day, days)


def working_days_before(day: date, days: int) -> date:
    """Return the last day on which something must start to be there on a day."""
    return WORKING_WEEK.before(day, days)


def arrival(day: date, days: int) -> date:
    """Return when goods that leave on a day are there: what is on the road counts working days only.

    What does not travel is there at once, also on a Saturday.
    """
    if not days:
        return day
    return working_days_after(day + ONE_DAY, days - 1)
