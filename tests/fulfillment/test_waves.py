"""Waves: the most urgent work of a warehouse is released together, and fetched on one walk."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from core.errors import TransitionRefused
from core.invariants import INVARIANTS, ask
from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.batch import batch_rows, works_of_wave
from fulfillment.errors import NothingForAWave, QueueChanged, WaveNotReleased, WrongQuantity
from fulfillment.models import FulfillmentOrder, Wave
from inventory.models import StockItem
from orders import services as orders
from orders.models import OrderException
from orders.wishes import LineWish, Wish
from pricing.models import Channel, ShippingMethod
from tests.factories.kits import make_priced_kit
from tests.factories.shop import make_priced_product

from .helpers import TOM, anew, passages, planned

pytestmark = pytest.mark.django_db


def work(units=None, *, priority=None, **given):
    """Return planned work in Hamburg; priority 0 to 99, the higher the more urgent."""
    (one,) = planned(units, **given)
    if priority is not None:
        orders.set_priority(one.order_id, priority, reason="asked", actor=TOM)
        fulfillment.follow_ranks([one.order_id])
    return one


def plan(shop, **given):
    return fulfillment.plan_wave(fulfillment.WaveInput(warehouse_id=shop.hamburg.pk, **given), actor=TOM)


def released(shop, **given):
    return fulfillment.release_wave(plan(shop, **given).pk, actor=TOM)


def totes(wave):
    return dict(FulfillmentOrder.objects.filter(wave=wave).order_by("tote").values_list("tote", "pk"))


def states(*works):
    return [anew(one).status for one in works]


def left(wave):
    """Return which work left a wave, and why."""
    found = EventRecord.objects.filter(name="fulfillment.work_left_wave", thread=f"fulfillment.wave:{wave.pk}")
    return [(one.payload["work"], one.payload["why"]) for one in found.order_by("pk")]


def sound():
    return [found for one in INVARIANTS if "wave" in one.name for found in ask(one).breaches]


def test_a_wave_takes_the_most_urgent_first_and_no_more_than_it_holds(shop):
    late, calm, urgent = work(priority=60), work(priority=5), work(priority=95)

    wave = plan(shop, size=2)

    assert totes(wave) == {1: urgent.pk, 2: late.pk}
    assert (wave.status, wave.size, wave.planned_by, anew(calm).wave_id) == ("planned", 2, "staff:tom", None)
    assert states(late, calm, urgent) == ["planned"] * 3
    fact = EventRecord.objects.get(name="fulfillment.wave_planned")
    assert (fact.thread, fact.payload["works"], fact.actor) == (f"fulfillment.wave:{wave.pk}", 2, "staff:tom")
    assert totes(plan(shop)) == {1: calm.pk}
    with pytest.raises(NothingForAWave):
        plan(shop)
    assert sound() == []


def test_what_may_not_go_is_passed_over_and_it_is_said_why(shop, run_debts):
    held, lined, other = work(), work({"MUG-RED": 1, "TEA-1": 1}), work()
    orders.place_hold(held.order_id, reason="Ask the buyer", actor=TOM)
    fulfillment.hold_work(other.pk, reason="Wrong label", actor=TOM)
    searched = work({"MUG-RED": 3})
    fulfillment.release_fulfillment(searched.pk, actor=TOM)
    fulfillment.pick(searched.pk, picked={searched.lines.get().order_line_id: 1}, actor=TOM)
    (rest,) = FulfillmentOrder.objects.filter(order=searched.order_id, status="planned")
    make_priced_product("FAR", "9", stock={"MUC": 5})
    work({"FAR": 1})
    run_debts()

    proposal = fulfillment.propose_wave(fulfillment.WaveInput(warehouse_id=shop.hamburg.pk))

    assert [one.pk for one in proposal.works] == [lined.pk]
    assert {one.work.pk: one.why for one in proposal.skipped} == {
        held.pk: "Ask the buyer",
        other.pk: "Wrong label",
        rest.pk: "Was not found before; somebody looks for it",
    }
    assert proposal.more is False


def test_only_what_the_filter_asks_for_goes_in(shop):
    express = ShippingMethod.objects.create(code="fast", name="Fast", carrier="manual")
    today = timezone.localdate()
    plain, fast = work(), work()
    type(fast.order).objects.filter(pk=fast.order_id).update(shipping_method=express)
    FulfillmentOrder.objects.filter(pk=plain.pk).update(ship_by_on=today)
    FulfillmentOrder.objects.filter(pk=fast.pk).update(ship_by_on=today + timedelta(days=1))

    def taken(**given):
        found = fulfillment.propose_wave(fulfillment.WaveInput(warehouse_id=shop.hamburg.pk, **given))
        return {one.pk for one in found.works}

    assert taken(carrier="manual") == taken(shipping_method_id=express.pk) == {fast.pk}
    assert taken(leaves_by_on=today) == {plain.pk}
    assert taken(leaves_by_on=today - timedelta(days=1)) == taken(channels=frozenset({"web"})) == set()
    assert taken(channels=frozenset({"api"})) == {plain.pk, fast.pk}


def test_who_looked_at_another_queue_plans_nothing(shop):
    work(priority=5)
    seen = fulfillment.propose_wave(fulfillment.WaveInput(warehouse_id=shop.hamburg.pk)).key
    work(priority=95)

    with pytest.raises(QueueChanged):
        fulfillment.plan_wave(fulfillment.WaveInput(warehouse_id=shop.hamburg.pk), seen=seen, actor=TOM)

    assert Wave.objects.count() == 0


def test_proposing_asks_the_same_however_long_the_queue_is(shop, django_assert_num_queries):
    wanted = fulfillment.WaveInput(warehouse_id=shop.hamburg.pk)
    held = work()
    fulfillment.hold_work(held.pk, reason="Wrong label", actor=TOM)
    work()
    for _ in range(3):
        with django_assert_num_queries(5):
            fulfillment.propose_wave(wanted)
        work()


def test_all_of_a_wave_is_released_at_once_but_what_is_on_hold_by_now(shop):
    first, second, third = work(priority=95), work(priority=60), work(priority=5)
    wave = plan(shop)
    orders.place_hold(second.order_id, reason="Ask the buyer", actor=TOM)

    wave = fulfillment.release_wave(wave.pk, actor=TOM)

    assert (wave.status, states(first, second, third)) == ("released", ["released", "planned", "released"])
    assert totes(wave) == {1: first.pk, 3: third.pk}
    assert left(wave) == [(str(second.number), "Ask the buyer")]
    assert type(first.order).objects.get(pk=first.order_id).status == "fulfilling"
    assert passages(wave) == [("release", "planned", "released")]
    with pytest.raises(TransitionRefused):
        fulfillment.release_wave(wave.pk, actor=TOM)
    assert sound() == []


def test_a_wave_of_which_nothing_may_go_stays_as_it_is(shop):
    only = work()
    wave = plan(shop)
    orders.place_hold(only.order_id, reason="Ask the buyer", actor=TOM)

    with pytest.raises(NothingForAWave, match="Ask the buyer"):
        fulfillment.release_wave(wave.pk, actor=TOM)

    assert (Wave.objects.get().status, anew(only).wave_id, anew(only).status) == ("planned", wave.pk, "planned")


def test_the_list_sums_the_units_of_a_bin_over_the_orders_with_a_share_for_each_tote(shop):
    StockItem.objects.filter(product=shop.tea, warehouse=shop.hamburg).update(bin="A-01")
    StockItem.objects.filter(product=shop.mug, warehouse=shop.hamburg).update(bin="B-07")
    work({"MUG-RED": 2, "TEA-1": 1}, priority=95)
    work({"MUG-RED": 3}, priority=60)
    wave = released(shop)

    rows = batch_rows(works_of_wave(wave))

    assert [(row.bin, row.sku, row.units, row.totes) for row in rows] == [
        ("A-01", "TEA-1", 1, [(1, 1)]),
        ("B-07", "MUG-RED", 5, [(1, 2), (2, 3)]),
    ]


def test_one_click_says_that_all_was_found_and_the_wave_is_done(shop):
    works = [work(), work({"TEA-1": 1})]
    wave = released(shop)

    done = fulfillment.pick_wave(wave.pk, actor=TOM)

    assert (done.status, done.done_at is not None, states(*works)) == ("done", True, ["picked", "picked"])
    assert passages(works[0])[-2:] == [("start", "released", "picking"), ("pick", "picking", "picked")]
    with pytest.raises(WaveNotReleased):
        fulfillment.pick_wave(wave.pk, actor=TOM)
    assert sound() == []


def test_what_is_missing_is_missing_to_whom_comes_last(shop):
    first, second, third = (
        work({"MUG-RED": 2}, priority=95),
        work({"MUG-RED": 3}, priority=60),
        work({"MUG-RED": 1}, priority=5),
    )
    wave = released(shop)

    done = fulfillment.pick_wave(wave.pk, missing={(shop.mug.pk, ""): 3}, actor=TOM)

    assert (done.status, states(first, second, third)) == ("done", ["picked", "picked", "planned"])
    assert [anew(one).lines.get().picked for one in (first, second, third)] == [2, 1, 0]
    assert totes(wave) == {1: first.pk, 2: second.pk}
    titles = OrderException.objects.order_by("pk").values_list("title", flat=True)
    assert list(titles) == ["2 × MUG-RED not found in HAM", "1 × MUG-RED not found in HAM"]
    assert sound() == []


@pytest.mark.parametrize("units", [-1, 3])
def test_more_than_was_wanted_cannot_be_missing(shop, units):
    only = work({"MUG-RED": 2})
    wave = released(shop)
    with pytest.raises(WrongQuantity):
        fulfillment.pick_wave(wave.pk, missing={(shop.mug.pk, ""): units}, actor=TOM)
    assert states(only) == ["released"]


def test_parts_of_kits_are_fetched_and_missed_with_the_rest(shop):
    make_priced_kit("SET", "12", parts={"MUG-RED": 2, "TEA-1": 1})
    plain, kit = work({"MUG-RED": 1}, priority=95), work({"SET": 2}, priority=5)
    wave = released(shop)
    assert [(row.sku, row.units) for row in batch_rows(works_of_wave(wave))] == [("MUG-RED", 5), ("TEA-1", 2)]

    fulfillment.pick_wave(wave.pk, missing={(shop.mug.pk, ""): 1}, actor=TOM)

    assert (anew(plain).lines.get().picked, anew(kit).lines.get().picked) == (1, 1)
    assert OrderException.objects.get().payload["parts"]["missing"] == {"MUG-RED": 1}


def test_a_wave_is_done_with_the_last_piece_that_is_picked_by_itself(shop):
    first, second = work(priority=95), work(priority=5)
    wave = released(shop)
    fulfillment.pick(first.pk, actor=TOM)
    assert Wave.objects.get().status == "released"
    fulfillment.fulfil_through(second.order_id, through="shipped", actor=TOM)
    assert (Wave.objects.get().status, totes(wave)) == ("done", {1: first.pk, 2: second.pk})


def test_work_leaves_its_wave_when_it_is_held_recalled_or_cancelled(shop, run_debts):
    held, recalled, cancelled, stays = (work(priority=p) for p in (95, 80, 60, 5))
    wave = released(shop)

    orders.place_hold(held.order_id, reason="Ask the buyer", actor=TOM)
    fulfillment.pull_back(recalled.pk, reason="Wrong address", actor=TOM)
    orders.cancel_order(cancelled.order_id, reason="Changed her mind", actor=TOM)
    run_debts()

    assert totes(wave) == {4: stays.pk}
    assert states(held, recalled, cancelled, stays) == ["released", "planned", "cancelled", "released"]
    assert sorted(left(wave)) == [
        (str(held.number), "Ask the buyer"),
        (str(recalled.number), "Wrong address"),
        (str(cancelled.number), "It was cancelled"),
    ]
    assert (Wave.objects.get().status, sound()) == ("released", [])
    fulfillment.pick_wave(wave.pk, actor=TOM)
    assert Wave.objects.get().status == "done"


def test_a_wave_that_everything_left_is_cancelled(shop):
    only = work()
    wave = released(shop)
    fulfillment.pull_back(only.pk, actor=TOM)
    assert (Wave.objects.get().status, totes(wave)) == ("cancelled", {})
    assert totes(plan(shop)) == {1: only.pk}


def test_a_changed_order_and_a_moved_one_leave_a_wave_too(shop):
    changed, moved, stays = work({"MUG-RED": 3}, priority=95), work(priority=60), work(priority=5)
    wave = plan(shop)
    fulfillment.reroute_fulfillment(moved.pk, warehouse_id=shop.munich.pk, reason="nearer", actor=TOM)
    fulfillment.release_wave(wave.pk, actor=TOM)
    fewer = Wish(lines=(LineWish(position=1, quantity=1),))
    version = type(changed.order).objects.get(pk=changed.order_id).version
    orders.amend_order(changed.order_id, fewer, expected_version=version, actor=TOM)

    assert totes(wave) == {3: stays.pk}
    assert [why for _work, why in left(wave)] == ["Another warehouse does it now", "It was pulled back"]
    assert (anew(changed).status, sound()) == ("planned", [])


def test_cancelling_a_wave_gives_what_nobody_picked_back_to_the_queue(shop):
    picked, waiting = work(priority=95), work(priority=5)
    wave = released(shop)
    fulfillment.pick(picked.pk, actor=TOM)

    fulfillment.cancel_wave(wave.pk, reason="No trolley", actor=TOM)

    assert (Wave.objects.get().status, states(picked, waiting)) == ("cancelled", ["picked", "planned"])
    assert (totes(wave), anew(waiting).released_at) == ({1: picked.pk}, None)
    assert totes(plan(shop)) == {1: waiting.pk}
    assert sound() == []


def test_what_the_channel_releases_by_itself_may_be_fetched_singly_after_its_wave(shop):
    Channel.objects.filter(code="api").update(auto_release=True)
    own = work()
    assert anew(own).status == "released"
    wave = released(shop)
    assert anew(own).wave_id == wave.pk
    fulfillment.cancel_wave(wave.pk, actor=TOM)
    assert (anew(own).status, anew(own).wave_id) == ("released", None)


@pytest.mark.parametrize(
    ("words", "sql"),
    [
        ("nothing is left to fetch", "UPDATE fulfillment_wave SET status = 'done'"),
        ("something is left to fetch", "UPDATE fulfillment_fulfillmentorder SET status = 'picked'"),
        ("of its own warehouse", "UPDATE fulfillment_fulfillmentorder SET kind = 'service'"),
    ],
)
def test_a_broken_wave_is_named(shop, words, sql):
    work()
    released(shop)
    (truth,) = [one for one in INVARIANTS if words in one.name]
    assert ask(truth).breaches == []
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert len(ask(truth).breaches) == 1
