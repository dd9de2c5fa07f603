"""What may come back: every no has its reason."""

from datetime import date

import pytest

from returns.decisions import Decision
from returns.eligibility import Answer, Buyer, Line, Terms, judge
from returns.errors import DecisionImpossible

DELIVERED = date(2026, 3, 1)


def ask(*, today: date = DELIVERED, delivered_on: date | None = DELIVERED, **line: object) -> Answer:
    buyer = line.pop("buyer", Buyer())
    terms = line.pop("terms", Terms())
    given = {"key": 1, "kind": "stocked", "shipped": 5, "delivered": 5, **line}
    return judge([Line(**given)], delivered_on=delivered_on, today=today, terms=terms, buyer=buyer)


@pytest.mark.parametrize(
    ("line", "units", "reason"),
    [
        ({}, 5, ""),
        ({"authorized": 2}, 3, ""),
        ({"requested": 1, "authorized": 2}, 2, ""),
        ({"authorized": 5}, 0, "already_returned"),
        ({"requested": 5}, 0, "already_returned"),
        ({"delivered": 3}, 3, ""),
        ({"delivered": 0}, 0, "not_delivered"),
        ({"delivered": 0, "buyer": Buyer(is_staff=True)}, 5, ""),
        ({"shipped": 0, "delivered": 0, "buyer": Buyer(is_staff=True)}, 0, "not_delivered"),
        ({"kind": "service"}, 0, "not_goods"),
        ({"kind": "digital", "buyer": Buyer(is_staff=True)}, 0, "not_goods"),
        ({"today": date(2026, 3, 31)}, 5, ""),
        ({"today": date(2026, 4, 1)}, 0, "too_late"),
        ({"today": date(2026, 4, 1), "buyer": Buyer(is_staff=True)}, 5, ""),
        ({"today": date(2026, 4, 1), "terms": Terms(days=60)}, 5, ""),
        ({"today": date(2027, 4, 1), "delivered_on": None}, 5, ""),
        # A policy shorter than the law gives way to it.
        ({"today": date(2026, 3, 15), "terms": Terms(days=7, withdrawal_days=7)}, 5, ""),
        ({"today": date(2026, 3, 16), "terms": Terms(days=7, withdrawal_days=7)}, 0, "too_late"),
    ],
)
def test_units_and_reason(line, units, reason):
    (found,) = ask(**line).lines

    assert (found.quantity, found.reason) == (units, reason)


@pytest.mark.parametrize(
    ("question", "is_withdrawal"),
    [
        ({"today": date(2026, 3, 15)}, True),
        ({"today": date(2026, 3, 16)}, False),
        ({"today": date(2026, 3, 16), "terms": Terms(withdrawal_days=20)}, True),
        ({"today": date(2027, 1, 1), "delivered_on": None}, True),
        ({"buyer": Buyer(is_consumer=False)}, False),
    ],
)
def test_consumers_withdraw_within_fourteen_days(question, is_withdrawal):
    assert ask(**question).is_withdrawal is is_withdrawal


@pytest.mark.parametrize(
    ("disposition", "resolution"),
    [
        ("burn", "refund"),
        ("restock", "praise"),
        ("back_to_customer", "refund"),
        ("restock", "reject"),
        ("quarantine", "reject"),
    ],
)
def test_goods_are_not_kept_twice_and_not_paid_for_nothing(disposition, resolution):
    with pytest.raises(DecisionImpossible):
        Decision(disposition, resolution)
