"""Two who plan at once, and steps on the same wave at the same moment.

Seen on PostgreSQL without `.locked()` in `waves._lock_for_a_wave`: both planners take the same work, and the wave that
was written first is left empty. Seen with `wave__isnull=False` in the query of `leave_waves_on_hold`: what is stopped
while somebody plans stays in the wave, because its row is not waited for. Seen without `.locked()` in
`leaving_waves.settle_wave`: both pick, and the wave is never done.
"""

import threading
from functools import partial

import pytest

from core.errors import Conflict, TransitionRefused
from core.invariants import INVARIANTS, ask
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Wave
from fulfillment.services import leaving_waves, waves
from orders import services as orders
from tests.factories.shop import make_shop
from tests.racing import Meeting

from .helpers import TOM, planned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def shop(transactional_db):
    """Open the shop in a database that really commits."""
    return make_shop()


def broken():
    return {one.name: found.breaches for one in INVARIANTS if "wave" in one.name and (found := ask(one)).breaches}


def plan(shop, size=20):
    return fulfillment.plan_wave(fulfillment.WaveInput(warehouse_id=shop.hamburg.pk, size=size), actor=TOM)


def test_two_who_plan_at_once_never_share_a_piece_of_work(shop, concurrently, monkeypatch):
    works = [planned()[0] for _ in range(4)]
    meeting, propose = Meeting(2), waves.propose_wave
    looks = []

    def propose_together(wanted):
        found = propose(wanted)
        looks.append(found.key)
        if len(looks) <= 2:
            meeting.wait()
        return found

    monkeypatch.setattr(waves, "propose_wave", propose_together)

    concurrently(partial(plan, shop, 2), partial(plan, shop, 2))

    taken = [list(wave.works.order_by("tote").values_list("pk", flat=True)) for wave in Wave.objects.order_by("pk")]
    assert sorted(taken) == [[works[0].pk, works[1].pk], [works[2].pk, works[3].pk]]
    assert broken() == {}


def test_the_last_two_pieces_are_picked_at_once_and_the_wave_is_done(shop, concurrently, monkeypatch):
    works = [planned()[0] for _ in range(2)]
    fulfillment.release_wave(plan(shop).pk, actor=TOM)
    meeting, settle = Meeting(2), leaving_waves.settle_wave

    def settle_together(*given, **said):
        meeting.wait()
        return settle(*given, **said)

    monkeypatch.setattr("fulfillment.services.picking.settle_wave", settle_together)

    concurrently(*[partial(fulfillment.pick, work.pk, actor=TOM) for work in works])

    assert (Wave.objects.get().status, broken()) == ("done", {})


def test_releasing_picking_and_cancelling_at_once_ends_sound(shop, concurrently):
    """Whoever comes first decides; nothing is picked twice, nothing stays behind in a wave that is over."""
    works = [planned()[0] for _ in range(3)]
    wave = plan(shop)
    fulfillment.release_wave(wave.pk, actor=TOM)

    outcomes = concurrently(
        partial(fulfillment.pick_wave, wave.pk, actor=TOM),
        partial(fulfillment.cancel_wave, wave.pk, actor=TOM),
        partial(fulfillment.pick_wave, wave.pk, actor=TOM),
        partial(orders.cancel_order, works[0].order_id, reason="Changed her mind", actor=TOM),
        raising=False,
    )

    assert all(isinstance(one.error, TransitionRefused | Conflict) for one in outcomes if one.error)
    # The order that was cancelled owes its warehouse a word still.
    rest = FulfillmentOrder.objects.exclude(order=works[0].order_id)
    states = set(rest.values_list("status", flat=True))
    assert states == ({"picked"} if Wave.objects.get().status == "done" else {"planned"})
    assert broken() == {}


def test_what_is_stopped_while_somebody_plans_leaves_the_wave_again(shop, concurrently, monkeypatch):
    (held,), (stays,) = planned(), planned()
    looked, stopped, left = threading.Event(), threading.Event(), threading.Event()
    look = waves._lock_for_a_wave

    def look_and_dawdle(works):
        look(works)
        looked.set()
        # Where only one may write at a time the hold waits for the plan; nobody is waited for in vain for long.
        stopped.wait(1)
        left.wait(1)

    def stop():
        looked.wait(10)
        orders.place_hold(held.order_id, reason="Ask the buyer", actor=TOM)
        stopped.set()
        fulfillment.leave_waves_on_hold(held.order_id, actor=TOM)
        left.set()

    monkeypatch.setattr(waves, "_lock_for_a_wave", look_and_dawdle)

    concurrently(partial(plan, shop), stop)

    assert list(Wave.objects.get().works.values_list("pk", flat=True)) == [stays.pk]
    assert broken() == {}
