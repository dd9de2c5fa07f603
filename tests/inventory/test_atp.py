"""What can be promised and when: cumulative, no unit twice, those who wait before come first."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inventory.atp import Outlook, Stage

FIRST, SECOND, THIRD = date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)
HAM, MUC = 1, 2


def test_what_is_here_comes_before_what_is_on_its_way():
    ahead = Outlook({HAM: 2, MUC: 1}, [(SECOND, HAM, 10), (FIRST, MUC, 5)])

    assert (ahead.now, ahead.by_day()) == (3, [(None, 3), (FIRST, 8), (SECOND, 18)])
    assert ahead.take(6) == [Stage(None, HAM, 2), Stage(None, MUC, 1), Stage(FIRST, MUC, 3)]


def test_a_unit_is_promised_once():
    ahead = Outlook({}, [(FIRST, HAM, 5), (SECOND, HAM, 5)])

    assert [stage.on for stage in ahead.take(4)] == [FIRST]
    assert ahead.take(4) == [Stage(FIRST, HAM, 1), Stage(SECOND, HAM, 3)]
    assert ahead.take(4) == [Stage(SECOND, HAM, 2)]
    assert (ahead.take(1), ahead.stages) == ([], [])


def test_those_who_wait_before_have_the_first_units():
    ahead = Outlook({HAM: 1}, [(FIRST, HAM, 5), (SECOND, HAM, 5)], ahead=7)

    assert ahead.by_day() == [(SECOND, 4)]


def test_more_wait_than_will_come():
    assert Outlook({HAM: 1}, [(FIRST, HAM, 5)], ahead=60).stages == []


def test_safety_stock_is_made_up_first_where_it_is_missing():
    ahead = Outlook({HAM: -4, MUC: 0}, [(FIRST, HAM, 3), (FIRST, MUC, 1), (SECOND, HAM, 5)])

    assert ahead.stages == [Stage(FIRST, MUC, 1), Stage(SECOND, HAM, 4)]


def test_units_of_a_place_that_does_not_serve_are_left_to_others():
    ahead = Outlook({HAM: 3}, [(FIRST, MUC, 2), (SECOND, HAM, 2)])

    assert ahead.take(3, at={MUC}) == [Stage(FIRST, MUC, 2)]
    assert ahead.stages == [Stage(None, HAM, 3), Stage(SECOND, HAM, 2)]


units = st.integers(0, 30)
supplies = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([HAM, MUC]), units), max_size=8)


@given(
    st.dictionaries(st.sampled_from([HAM, MUC]), st.integers(-10, 30)), supplies, units, st.lists(units, max_size=9)
)
def test_never_more_than_there_is_never_earlier_than_it_comes(free, coming, waiting, wanted):
    supply = [(FIRST + timedelta(days=day), place, count) for day, place, count in coming]
    ahead = Outlook(free, supply, ahead=waiting)
    whole = sum(stage.units for stage in ahead.stages)
    there = sum(count for count in free.values() if count > 0) + sum(count for _, _, count in supply)
    assert whole <= max(0, there - waiting)

    taken = [ahead.take(count) for count in wanted]

    got = [sum(stage.units for stage in stages) for stages in taken]
    assert all(some <= count for some, count in zip(got, wanted, strict=True))
    assert sum(got) + sum(stage.units for stage in ahead.stages) == whole
    days = [stage.on or date.min for stages in taken for stage in stages]
    assert days == sorted(days)
    # Who came later is never served from an earlier day than was left over.
    assert sum(got) == min(whole, sum(wanted))
