"""What may come back, how long, and by what right. Pure: plain values in, an answer with its reason out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

# What leaves the house in parcels can come back: single goods, and kits of them.
GOODS = frozenset({"stocked", "kit"})
# By law a consumer has fourteen days (Directive 2011/83/EU art. 9); a policy may give more, never less.
LEGAL_DAYS = 14


@dataclass(frozen=True)
class Terms:
    """How long customers may return, and what they get back."""

    days: int = 30
    withdrawal_days: int = LEGAL_DAYS
    refunds_delivery: bool = True
    offers_credit: bool = False


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Who asks: consumers have a right by law, staff may be generous."""

    is_consumer: bool = True
    is_staff: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an order. `authorized` units are on returns already, `requested` ones wait for an answer."""

    key: int
    kind: str
    shipped: int
    delivered: int
    authorized: int = 0
    requested: int = 0


@dataclass(frozen=True)
class Returnable:
    """How many units of a line may come back, and why no more."""

    key: int
    quantity: int
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What may come back of an order now; `is_withdrawal`: by law, without a reason, and not to be declined."""

    lines: list[Returnable]
    is_withdrawal: bool
    until: date | None

    def units(self) -> dict[int, int]:
        """Return how many units may come back, by line."""
        return {line.key: line.quantity for line in self.lines if line.quantity}


def last_day(delivered_on: date | None, days: int) -> date | None:
    """Return the last day to ask; none while something is still on its way, for the time has not begun."""
    return None if delivered_on is None else delivered_on + timedelta(days=days)


def judge(lines: Iterable[Line], *, delivered_on: date | None, today: date, terms: Terms, buyer: Buyer) -> Answer:
    """Say what may come back.

    Customers return what was delivered, in time. Staff may take back whatever left the building, for
    as long as they like: goodwill, or a parcel that was refused at the door.
    """
    until = last_day(delivered_on, terms.days)
    legal_until = last_day(delivered_on, max(LEGAL_DAYS, terms.withdrawal_days))
    too_late = until is not None and today > max(until, legal_until or until) and not buyer.is_staff
    found = [_returnable(line, buyer, too_late, until) for line in lines]
    in_time = legal_until is None or today <= legal_until
    return Answer(found, buyer.is_consumer and in_time, until)


def _returnable(line: Line, buyer: Buyer, too_late: bool, until: date | None) -> Returnable:
    if line.kind not in GOODS:
        return Returnable(line.key, 0, "not_goods")
    there = line.shipped if buyer.is_staff else line.delivered
    if not there:
        return Returnable(line.key, 0, "not_delivered")
    if too_late:
        return Returnable(line.key, 0, "too_late")
    left = max(0, there - line.authorized - line.requested)
    return Returnable(line.key, left, "" if left else "already_returned")
