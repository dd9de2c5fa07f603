"""Days and hours of a warehouse: open days, closures, cut-off, clocks that change, and the turn of the year."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from orders import promise
from orders.calendar import Calendar, NeverOpen, arrival, calendar_from

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = ["mon", "tue", "wed", "thu", "fri"]
CHRISTMAS = [{"from": "2026-12-24", "until": "2027-01-01", "name": "Christmas"}]


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=BERLIN)


def test_a_closed_span_over_the_turn_of_the_year_is_left_out():
    calendar = calendar_from(WEEK, CHRISTMAS)

    assert calendar.after(date(2026, 12, 23), 1) == date(2027, 1, 4)
    assert calendar.before(date(2027, 1, 4), 1) == date(2026, 12, 23)
    assert (calendar.is_open(date(2026, 12, 23)), calendar.is_open(date(2027, 1, 1))) == (True, False)


def test_a_place_that_works_on_saturdays_begins_and_ends_there():
    calendar = calendar_from([*WEEK, "sat"], [])

    assert calendar.after(date(2026, 11, 27), 1) == date(2026, 11, 28)
    assert calendar.after(date(2026, 11, 28), 1) == date(2026, 11, 30)


def test_a_place_that_never_works_is_refused_instead_of_looked_for_for_ever():
    with pytest.raises(NeverOpen, match="every day of the week"):
        calendar_from([], [])
    with pytest.raises(NeverOpen):
        Calendar(open_days=frozenset())


@pytest.mark.parametrize(
    ("moment", "starts"),
    [
        (datetime(2026, 11, 26, 13, 59, tzinfo=BERLIN), date(2026, 11, 26)),
        (datetime(2026, 11, 26, 14, 0, tzinfo=BERLIN), date(2026, 11, 26)),
        (datetime(2026, 11, 26, 14, 1, tzinfo=BERLIN), date(2026, 11, 27)),
        (datetime(2026, 11, 27, 15, 0, tzinfo=BERLIN), date(2026, 11, 30)),
        (datetime(2026, 11, 28, 15, 0, tzinfo=BERLIN), date(2026, 11, 30)),
    ],
)
def test_what_is_ordered_after_the_cut_off_begins_on_the_next_open_day(moment, starts):
    assert Calendar(cut_off=time(14), zone=BERLIN).starts_on(moment) == starts


def test_the_cut_off_is_by_the_clock_of_the_warehouse():
    seen_from_berlin = datetime(2026, 11, 26, 21, 30, tzinfo=BERLIN)
    new_york = Calendar(cut_off=time(16), zone=ZoneInfo("America/New_York"))

    assert new_york.starts_on(seen_from_berlin) == date(2026, 11, 26)
    assert Calendar(cut_off=time(16), zone=BERLIN).starts_on(seen_from_berlin) == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("moment", "starts"),
    [
        # In summer two in the afternoon is twelve by UTC, in winter thirteen.
        (datetime(2026, 10, 23, 12, 30, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2026, 10, 26, 12, 30, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2026, 3, 27, 12, 30, tzinfo=UTC), date(2026, 3, 27)),
        (datetime(2026, 3, 30, 12, 30, tzinfo=UTC), date(2026, 3, 31)),
    ],
)
def test_the_cut_off_moves_with_the_clocks(moment, starts):
    assert Calendar(cut_off=time(14), zone=BERLIN).starts_on(moment) == starts


def test_midnight_of_the_warehouse_is_its_own():
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert Calendar(zone=UTC).starts_on(late) == date(2026, 12, 31)
    assert Calendar(zone=BERLIN).starts_on(late) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("leaves", "days", "arrives"),
    [
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 2, date(2026, 12, 1)),
        (date(2026, 11, 28), 0, date(2026, 11, 28)),
    ],
)
def test_parcels_travel_on_working_days(leaves, days, arrives):
    assert arrival(leaves, days) == arrives


def test_each_parcel_goes_by_the_calendar_of_its_own_warehouse():
    goods = promise.goods_parcels([(1, "HAM", 1), (2, "MUC", 1)], {"HAM": 1, "MUC": 1})
    calendars = {"HAM": calendar_from(WEEK, CHRISTMAS), "MUC": Calendar(handling_days=3)}

    ham, muc = promise.dated(goods, at=at_noon(date(2026, 12, 23)), handling_days=1, calendars=calendars)

    assert [ham[name] for name in ("starts_on", "ships_on", "arrives_on")] == [
        "2026-12-23",
        "2027-01-04",
        "2027-01-05",
    ]
    assert [muc[name] for name in ("starts_on", "ships_on", "arrives_on")] == [
        "2026-12-23",
        "2026-12-28",
        "2026-12-29",
    ]


def test_what_is_wanted_while_the_warehouse_is_closed_leaves_before():
    goods = promise.goods_parcels([(1, "HAM", 1)], {"HAM": 2})
    wanted = {"requested_on": date(2026, 12, 30), "calendars": {"HAM": calendar_from(WEEK, CHRISTMAS)}}

    (parcel,) = promise.dated(goods, at=at_noon(date(2026, 12, 1)), handling_days=1, **wanted)

    days = [parcel[name] for name in ("starts_on", "ships_on", "arrives_on")]
    assert days == ["2026-12-22", "2026-12-23", "2026-12-30"]
