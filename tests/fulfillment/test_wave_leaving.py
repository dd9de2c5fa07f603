"""What stays as it is when a wave ends, or when only a part of its work may not go on."""

import pytest

from fulfillment import services as fulfillment
from fulfillment.models import Wave
from orders import services as orders

from .helpers import TOM, anew, line_of
from .test_waves import left, plan, released, sound, states, totes, work

pytestmark = pytest.mark.django_db


def test_a_plan_that_is_given_up_stops_nobody_who_walks_already(shop):
    walking, listed, waiting = work(priority=95), work(priority=60), work(priority=5)
    fulfillment.release_fulfillment(walking.pk, actor=TOM)
    fulfillment.release_fulfillment(listed.pk, actor=TOM)
    wave = plan(shop)
    fulfillment.start_picking(walking.pk, actor=TOM)

    fulfillment.cancel_wave(wave.pk, actor=TOM)

    assert states(walking, listed, waiting) == ["picking", "released", "planned"]
    assert (totes(wave), anew(listed).released_at is not None) == ({}, True)
    assert sound() == []


def test_a_wave_that_walks_is_stopped_when_it_is_cancelled(shop):
    walking, waiting = work(priority=95), work(priority=5)
    wave = released(shop)
    fulfillment.start_picking(walking.pk, actor=TOM)

    fulfillment.cancel_wave(wave.pk, actor=TOM)

    assert (states(walking, waiting), totes(wave)) == (["planned", "planned"], {})


def test_only_the_line_on_hold_stays_behind(shop):
    """Whichever of the two reactions to the hold comes first."""
    both = work({"MUG-RED": 2, "TEA-1": 1})
    wave = plan(shop)
    orders.place_hold(both.order_id, reason="Wrong tea", line_id=line_of(both.order, "TEA-1"), actor=TOM)

    fulfillment.leave_waves_on_hold(both.order_id, actor=TOM)

    assert (totes(wave), left(wave)) == ({1: both.pk}, [])
    assert list(both.lines.values_list("order_line__sku", "quantity")) == [("MUG-RED", 2)]
    assert [one.wave_id for one in both.order.fulfillment_orders.exclude(pk=both.pk)] == [None]
    assert (Wave.objects.get().status, sound()) == ("planned", [])
