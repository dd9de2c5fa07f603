"""How urgent an order is: named parts that add up, what staff add, and ranks that follow the days."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.errors import Invalid
from core.models import EventRecord
from customers import services as customers
from fulfillment.models import FulfillmentOrder
from inventory.models import Reservation
from orders import services, urgency
from orders.errors import InvalidOrder, NotUrgent
from orders.models import Order, PriorityBump, PriorityWeights
from orders.priority import Facts, Weights, rank_of, score
from orders.weights import forget
from tests.scenarios import anew, confirmed_order, placed_order

MAYA = Actor("staff", "maya")
DAY = date(2026, 11, 30)


def scored(**given):
    return score(Facts(**{"placed_on": DAY, "today": DAY, "currency": "EUR", **given}), Weights())


# --- pure ---------------------------------------------------------------------------------------


def test_every_order_begins_with_the_same_points():
    assert scored() == (50, {"start": 50})


def test_the_parts_add_up_to_the_score():
    priority, parts = scored(
        method="express",
        ship_by_on=DAY,
        placed_on=DAY - timedelta(days=3),
        total=Decimal("1200.00"),
        bump=-7,
    )

    assert parts == {"start": 50, "speed": 30, "due": 10, "waiting": 3, "value": 2, "bump": -7}
    assert priority == sum(parts.values()) == 88


@pytest.mark.parametrize(("days", "points"), [(-9, 20), (-1, 20), (0, 10), (1, 0), (2, 0)])
def test_the_nearer_the_day_it_must_leave_the_more_points(days, points):
    assert scored(ship_by_on=DAY + timedelta(days=days))[0] == 50 + points


def test_what_has_left_is_not_driven_by_the_day_any_more():
    assert scored(ship_by_on=DAY - timedelta(days=1), has_left=True)[0] == 50


def test_waiting_and_value_have_an_end():
    assert scored(placed_on=DAY - timedelta(days=400), total=Decimal(1_000_000))[1] == {
        "start": 50, "waiting": 10, "value": 10,
    }  # fmt: skip


def test_amounts_of_another_currency_are_not_compared():
    assert scored(total=Decimal(1_000_000), currency="JPY")[0] == 50


def test_a_score_has_limits_and_says_so():
    assert scored(bump=-80) == (0, {"start": 50, "bump": -80, "limit": 30})
    assert scored(bump=980) == (1000, {"start": 50, "bump": 980, "limit": -30})


def test_more_than_a_hundred_points_still_come_before_fewer():
    at = timezone.now()
    ranks = [rank_of(points, at) for points in (1000, 101, 100, 51, 50, 0)]
    assert ranks == sorted(ranks)


# --- on orders ----------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_weights():
    forget()
    yield
    forget()


def change(**changes):
    return services.change_weights(changes, note="a try", actor=MAYA)


def test_express_is_served_before_standard(shop):
    slow, quick = placed_order(), placed_order({"TEA-1": 1}, shipping_method="express")

    assert (slow.priority, slow.priority_parts) == (50, {"start": 50})
    assert (quick.priority, quick.priority_parts) == (80, {"start": 50, "speed": 30})
    assert anew(quick).rank == Reservation.objects.get(pk=quick.reservation_id).rank < anew(slow).rank
    assert urgency.points_of(quick) == "80 points: Express delivery +30"


def test_the_points_of_a_group_are_lent_to_its_customers_only(shop):
    customers.create_group("key", "Key accounts", actor=SYSTEM)
    change(groups={"key": 25})
    linde = customers.create_customer(
        customers.CustomerInput(name="Linde", email="l@example.com", group="key"), actor=SYSTEM
    )

    theirs = placed_order(customer_id=linde.pk, email="")
    guessed = placed_order({"TEA-1": 1}, email="l@example.com", acts_for_customer=False)

    assert theirs.priority_parts == {"start": 50, "group": 25}
    assert (guessed.customer, guessed.priority_parts) == (linde, {"start": 50})
    services.rank_orders()
    assert anew(guessed).priority == 50


def test_ranks_follow_the_days(shop, run_debts):
    order = confirmed_order()
    run_debts()
    before, later = anew(order), timezone.now() + timedelta(days=5)

    assert services.rank_orders(now=later) == 1
    run_debts()

    after = anew(order)
    assert after.priority_parts == {"start": 50, "due": 20, "waiting": 5}
    assert after.rank < order.rank
    assert Reservation.objects.get(pk=order.reservation_id).rank == after.rank
    assert FulfillmentOrder.objects.get(order=order).rank == after.rank
    assert (after.version, after.updated_at) == (before.version, before.updated_at)
    assert services.rank_orders(now=later) == 0


def test_only_what_changed_is_written_and_never_one_by_one(shop):
    for n in range(6):
        placed_order({"TEA-1": 1}, email=f"buyer{n}@example.com")
    services.rank_orders()
    old = timezone.now() - timedelta(days=3)
    Order.objects.filter(pk__in=Order.objects.order_by("pk").values("pk")[:2]).update(placed_at=old)

    def statements():
        with CaptureQueriesContext(connection) as seen:
            changed = services.rank_orders()
        return changed, len(seen.captured_queries)

    two, cost_of_two = statements()
    Order.objects.update(placed_at=old - timedelta(days=2))
    six, cost_of_six = statements()
    assert (two, six) == (2, 6)
    assert cost_of_two == cost_of_six <= 12


def test_orders_that_are_over_are_left_alone(shop):
    order = placed_order()
    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    assert services.rank_orders(now=timezone.now() + timedelta(days=9)) == 0


def test_a_bump_says_who_why_and_until_when(shop, run_debts):
    order = confirmed_order()
    run_debts()
    until = timezone.now() + timedelta(hours=4)

    services.bump_order(order.pk, points=40, reason="trade fair", until=until, actor=MAYA)
    run_debts()

    after, bump = anew(order), PriorityBump.objects.get()
    assert (after.priority, after.priority_parts) == (90, {"start": 50, "bump": 40})
    assert (bump.points, bump.reason, bump.expires_at, bump.placed_by) == (40, "trade fair", until, "staff:maya")
    assert FulfillmentOrder.objects.get(order=order).rank == after.rank == rank_of(90, order.placed_at)
    told = EventRecord.objects.get(name="orders.priority_set")
    assert (told.actor, told.note) == ("staff:maya", "trade fair")
    assert told.payload["after"] == {"priority": 90, "until": until.isoformat()}


def test_a_bump_ends_by_itself_and_the_history_says_so(shop, run_debts):
    order, other = confirmed_order(), confirmed_order({"TEA-1": 1})
    until = timezone.now() + timedelta(minutes=4)
    services.bump_order(order.pk, points=40, reason="fair", until=until, actor=MAYA)
    services.bump_order(other.pk, points=40, reason="for ever", actor=MAYA)

    assert services.expire_bumps(now=until - timedelta(seconds=1)) == 0
    assert services.expire_bumps(now=until) == 1
    assert services.expire_bumps(now=until) == 0

    assert (anew(order).priority, anew(other).priority) == (50, 90)
    assert Reservation.objects.get(pk=order.reservation_id).rank == anew(order).rank == rank_of(50, order.placed_at)
    told = EventRecord.objects.get(name="orders.bump_ended")
    assert (told.thread, told.actor) == (order.history_thread(), "system")
    assert (told.payload["before"]["priority"], told.payload["after"]["priority"]) == (90, 50)
    assert PriorityBump.objects.get(order=order).ended_by == "system"


def test_another_bump_takes_the_place_of_the_one_before(shop):
    order = placed_order()
    services.bump_order(order.pk, points=40, reason="fair", actor=MAYA)
    services.bump_order(order.pk, points=-10, reason="can wait", actor=MAYA)

    assert anew(order).priority == 40
    assert list(PriorityBump.objects.filter(ended_at=None).values_list("points", flat=True)) == [-10]
    services.end_bump(order.pk, actor=MAYA)
    assert (anew(order).priority, PriorityBump.objects.filter(ended_at=None).count()) == (50, 0)
    assert services.end_bump(order.pk, actor=MAYA).priority == 50


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"points": 0}, "points"),
        ({"points": 501}, "points"),
        ({"reason": "  "}, "reason"),
        ({"until": timezone.now() - timedelta(days=1)}, "until"),
    ],
)
def test_a_bump_that_makes_no_sense_is_refused_beside_its_field(shop, said, field):
    order = placed_order()
    with pytest.raises(InvalidOrder) as refused:
        services.bump_order(order.pk, **{"points": 5, "reason": "why", "actor": MAYA, **said})
    assert [fault["pointer"] for fault in refused.value.errors] == [f"/{field}"]
    assert anew(order).priority == 50


def test_an_order_that_is_over_is_not_urgent(shop):
    order = placed_order()
    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)
    with pytest.raises(NotUrgent):
        services.bump_order(order.pk, points=5, reason="why", actor=MAYA)


def test_one_bump_per_order_is_kept_by_the_database(shop):
    order = placed_order()
    services.bump_order(order.pk, points=5, reason="why", actor=MAYA)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriorityBump.objects.create(order=order, points=6, placed_by="x")


def test_weights_are_versions_and_rank_what_waits_anew(shop, run_debts):
    order = placed_order(shipping_method="express")

    row = change(methods={"express": 5}, start=60)
    run_debts()

    assert (row.version, anew(order).priority_parts) == (2, {"start": 60, "speed": 5})
    told = EventRecord.objects.get(name="orders.weights_changed")
    assert told.payload["before"] == {"methods": {"express": 30}, "start": 50}
    assert (told.note, told.actor) == ("a try", "staff:maya")
    assert change(start=60).version == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"start": 501},
        {"groups": {"nobody": 5}},
        {"methods": {"express": "many"}},
        {"version": 7},
        {"may_take": ["x"]},
        {"currency": "eur"},
    ],
)
def test_weights_that_make_no_sense_are_refused(shop, changes):
    with pytest.raises(Invalid):
        change(**changes)
    assert not PriorityWeights.objects.exclude(version=1).exists(), "nothing was changed"


def test_who_read_an_older_version_of_the_weights_is_told(shop):
    change(start=60)
    with pytest.raises(Invalid):
        services.change_weights({"start": 70}, expected_version=1, actor=MAYA)


def test_the_api_shows_the_priority_and_its_parts(shop, api):
    order = placed_order(shipping_method="express")
    shown = api.get(f"/api/v1/orders/{order.number}/").json()

    assert shown["priority"] == 80
    assert shown["priority_parts"] == [
        {"part": "start", "words": "every order", "points": 50},
        {"part": "speed", "words": "Express delivery", "points": 30},
    ]
