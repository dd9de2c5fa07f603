"""What is measured about filling is measured right, on a queue that is small."""

import pytest

from benchmarks import fill_backorders

pytestmark = pytest.mark.django_db


def test_the_queue_is_filled_by_rank_and_what_is_short_waits_on():
    found = fill_backorders.measure(60)

    assert (found["orders"], found["filled"], found["still_waiting"], found["promised_twice"]) == (60, 54, 6, 0)
    assert (found["in_rank_order"], found["work_to_plan"], found["met"]) == (True, 54, True)
