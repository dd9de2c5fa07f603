"""Days: of parcels, of backorders, and never on a weekend."""

from datetime import UTC, date, datetime

import pytest

from orders import promise
from orders.calendar import working_days_after, working_days_before
from orders.priority import rank_of

MONDAY, FRIDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 28)
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        (MONDAY, 3, date(2026, 11, 26)),
        (FRIDAY, 1, date(2026, 11, 30)),
        (SATURDAY, 0, date(2026, 11, 30)),
        (SATURDAY, 1, date(2026, 12, 1)),
        (MONDAY, 0, MONDAY),
    ],
)
def test_working_days_leave_the_weekend_out(day, days, expected):
    assert working_days_after(day, days) == expected


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [(date(2026, 11, 30), 1, FRIDAY), (SATURDAY, 0, FRIDAY), (date(2026, 11, 29), 2, date(2026, 11, 25))],
)
def test_working_days_before(day, days, expected):
    assert working_days_before(day, days) == expected


def parcels(*, days: int = 2, short: dict[int, int] | None = None, expected_on: date | None = None):
    goods = promise.goods_parcels([(1, "HAM", 2), (2, "HAM", 1), (2, "MUC", 4)], {"HAM": days, "MUC": days + 1})
    waits = [promise.Wait(position, units, since=expected_on) for position, units in (short or {}).items()]
    return [*goods, *promise.backorder_parcels(waits, {"": days})]


def test_each_warehouse_sends_one_parcel():
    assert [(one["warehouse"], one["lines"]) for one in parcels()] == [("HAM", {"1": 2, "2": 1}), ("MUC", {"2": 4})]


def test_a_parcel_needs_handling_and_travel():
    first, second = promise.dated(parcels(), at=MORNING, handling_days=1)
    assert (first["ships_on"], first["arrives_on"]) == ("2026-11-24", "2026-11-26")
    assert (second["ships_on"], second["arrives_on"]) == ("2026-11-24", "2026-11-27")


def test_the_order_arrives_with_its_last_parcel_and_leaves_with_its_first():
    dated = promise.dated(parcels(), at=MORNING, handling_days=1)
    assert promise.arrives_on(dated) == FRIDAY
    assert promise.ships_by(dated) == date(2026, 11, 24)
    assert (promise.day_of(dated, 1), promise.day_of(dated, 2)) == (date(2026, 11, 26), FRIDAY)


def test_backorders_wait_for_the_announced_day():
    dated = promise.dated(parcels(short={1: 5}, expected_on=date(2026, 12, 7)), at=MORNING, handling_days=1)
    assert dated[-1]["arrives_on"] == "2026-12-10"


def test_unannounced_goods_are_allowed_three_weeks():
    dated = promise.dated(parcels(short={1: 5}), at=MORNING, handling_days=1)
    assert dated[-1]["arrives_on"] == "2026-12-17"


def test_nothing_arrives_before_it_is_wanted():
    wanted = date(2026, 12, 10)
    first = promise.dated(parcels(), at=MORNING, handling_days=1, requested_on=wanted)[0]
    assert (first["ships_on"], first["arrives_on"]) == ("2026-12-08", "2026-12-10")


def test_ship_complete_arrives_all_at_once():
    dated = promise.dated(parcels(), at=MORNING, handling_days=1, ship_complete=True)
    assert {one["arrives_on"] for one in dated} == {"2026-11-27"}


def test_found_units_leave_the_backorder_for_a_parcel_of_their_own():
    gained = promise.goods_parcels([(1, "MUC", 3)], {"MUC": 2})
    kinds = [(one["kind"], one["warehouse"], one["lines"]) for one in promise.refilled(parcels(short={1: 5}), gained)]
    assert kinds[2:] == [("backorder", "", {"1": 2}), ("goods", "MUC", {"1": 3})]


def test_lost_units_leave_their_parcel_for_the_backorder():
    waits = promise.backorder_parcels([promise.Wait(2, 4)], {"": 2})

    left = promise.bereft(parcels(), {2: 4}, waits, warehouse="MUC")

    assert [(one["kind"], one["lines"]) for one in left] == [("goods", {"1": 2, "2": 1}), ("backorder", {"2": 4})]


def test_priority_decides_before_time():
    early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    assert rank_of(51, late) < rank_of(50, early) < rank_of(50, late)


def test_what_is_expected_at_a_place_that_was_closed_is_dated_all_the_same():
    (parcel,) = promise.backorder_parcels([promise.Wait(1, 2, "OLD", MONDAY)], {"": 4, "HAM": 2})
    assert (parcel["warehouse"], parcel["days"]) == ("OLD", 4)


def test_another_release_day_takes_a_line_out_of_its_parcel():
    goods = promise.dated(parcels(), at=MORNING, handling_days=1)

    moved = promise.released_on(goods, {2}, date(2026, 12, 7))

    told = [(one["warehouse"], one["lines"], one.get("from"), one.get("ships_on")) for one in moved]
    assert told == [
        ("HAM", {"1": 2}, None, "2026-11-24"),
        ("HAM", {"2": 1}, "2026-12-07", None),
        ("MUC", {"2": 4}, "2026-12-07", None),
    ]


def test_only_what_could_begin_earlier_is_held_back():
    # On a Saturday work begins on Monday: nobody holds that back.
    saturday = datetime(2026, 11, 28, 9, tzinfo=UTC)
    plain = promise.dated(parcels(), at=saturday, handling_days=1)
    wished = promise.dated(parcels(), at=saturday, handling_days=1, requested_on=date(2026, 12, 10))

    assert promise.next_start(plain, SATURDAY) == (None, False)
    assert promise.next_start(wished, SATURDAY) == (date(2026, 12, 4), True)
    assert set(promise.held_back(wished, date(2026, 12, 4))) == {("HAM", 1), ("HAM", 2)}
