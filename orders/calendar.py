"""Working days. Pure."""

from datetime import date, timedelta

SATURDAY = 5


def is_working_day(day: date) -> bool:
    """Whether goods are packed and travel on a day."""
    return day.weekday() < SATURDAY


def working_days_after(day: date, days: int) -> date:
    """Return the day some working days later; with none, the day itself or the next working day."""
    while not is_working_day(day):
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return day


def working_days_before(day: date, days: int) -> date:
    """Return the last day on which something must start to be there on a day."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    for _ in range(days):
        day -= timedelta(days=1)
        while not is_working_day(day):
            day -= timedelta(days=1)
    return day
