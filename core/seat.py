"""The days of the business begin and end at its seat, whoever works for it from wherever in the world.

The time zone of a person is for what they read and type. What is dated, due, closed, priced or taxed by the day is so
by the day at the seat (`TIME_ZONE`): else an invoice would be of tomorrow because its clerk sits in Auckland.
"""

from contextlib import AbstractContextManager
from datetime import date, datetime, time

from django.utils import timezone


def today() -> date:
    """Return which day it is at the seat."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def day_of(when: datetime | None) -> date:
    """Return the day of a moment at the seat; None stands for now."""
    return timezone.localdate(when, timezone.get_default_timezone())


def began(day: date) -> datetime:
    """Return the first moment of a day at the seat."""
    return moment(day, time())


def moment(day: date, clock: time) -> datetime:
    """Return when a clock at the seat shows a time on a day."""
    return datetime.combine(day, clock, tzinfo=timezone.get_default_timezone())


def at_the_seat() -> AbstractContextManager[None]:
    """Let `timezone.localdate` and what a database calls the date of a moment mean the seat's, within a block."""
    return timezone.override(timezone.get_default_timezone())
