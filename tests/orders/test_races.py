"""The same moment for two: one order per reference, one buyer for the last unit, one answer for the credit limit.

Shown to fail on PostgreSQL when their guard is removed: the credit limit without the lock on the customer
(`buyer.exposure_of`), the reference without the second try after 23505 (`core.service.TRIES_FOR`), payment,
cancellation and exception without the lock on the order (`book.take_order`), waiting units without the lock on the
product (`waiting.require_room_to_wait`).
"""

from decimal import Decimal
from functools import partial

import pytest

from core import invariants
from core.actors import SYSTEM
from core.models import EventRecord
from customers import services as customers
from inventory.errors import InsufficientStock
from orders import services
from orders.errors import DuplicateReference
from orders.invariants import TRUTHS
from orders.models import Hold, Order
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, order_input, placed_order

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _everything_holds_afterwards():
    yield
    assert [one.name for one in TRUTHS if invariants.ask(one).breaches] == []


def place(lines: dict[str, int] | None = None, **given: object) -> Order:
    return services.place_order(order_input(lines, **given), actor=SYSTEM)


def test_a_reference_sent_twice_at_once_makes_one_order(shop, concurrently):
    jobs = [partial(place, external_reference="SHOP-1") for _ in range(4)]

    outcomes = concurrently(*jobs, raising=False)

    placed = [one.value for one in outcomes if one.error is None]
    refused = [one.error for one in outcomes if one.error is not None]
    assert [type(error) for error in refused] == [DuplicateReference] * 3
    assert {error.details["number"] for error in refused} == {placed[0].number}
    assert Order.objects.count() == 1
    assert stock_of(shop.mug).reserved == 2


def test_the_last_unit_goes_to_one_of_many(shop, concurrently):
    gold = make_priced_product("GOLD-POT", "900.00", stock={"HAM": 1})
    jobs = [partial(place, {"GOLD-POT": 1}, email=f"buyer{n}@example.com") for n in range(6)]

    outcomes = concurrently(*jobs, raising=False)

    assert sorted(type(one.error).__name__ for one in outcomes) == ["InsufficientStock"] * 5 + ["NoneType"]
    assert all(isinstance(one.error, InsufficientStock | None) for one in outcomes)
    assert (Order.objects.count(), stock_of(gold).reserved) == (1, 1)


def test_two_orders_at_once_do_not_both_fit_below_the_credit_limit(shop, concurrently):
    linde = customers.create_customer(
        customers.CustomerInput(name="Linde", email="l@example.com", credit_limit=Decimal(30)), actor=SYSTEM
    )
    jobs = [
        partial(place, {"TEA-1": 1, "MUG-RED": 1 + n}, customer_id=linde.pk, payment_terms="net14") for n in range(2)
    ]

    concurrently(*jobs)

    assert sorted(Order.objects.values_list("status", flat=True)) == ["confirmed", "placed"]
    assert Hold.objects.get().kind == "credit"


def test_goods_in_another_order_never_deadlock(shop, concurrently):
    one, other = {"MUG-RED": 1, "TEA-1": 1}, {"TEA-1": 1, "MUG-RED": 1}
    jobs = [partial(place, (one, other)[n % 2], email=f"buyer{n}@example.com") for n in range(8)]

    concurrently(*jobs)

    assert stock_of(shop.mug).reserved == stock_of(shop.tea).reserved == 8


def test_a_payment_and_a_cancellation_at_once_leave_one_story(shop, concurrently):
    order = placed_order()
    pay = partial(
        services.record_payment, order.pk, authorized=Decimal(0), paid=order.total, refunded=Decimal(0), actor=SYSTEM
    )

    concurrently(pay, partial(services.cancel_order, order.pk, reason="typo", actor=SYSTEM))

    order = anew(order)
    assert (order.status, order.paid_total, order.balance_due) == ("cancelled", Decimal("22.06"), Decimal("-22.06"))
    assert stock_of(shop.mug).reserved == 0


def test_an_order_is_cancelled_once(shop, concurrently):
    order = confirmed_order()
    jobs = [partial(services.cancel_order, order.pk, reason="typo", actor=SYSTEM) for _ in range(3)]

    outcomes = concurrently(*jobs, raising=False)

    assert sorted(type(one.error).__name__ for one in outcomes) == [
        "NoneType",
        "TransitionRefused",
        "TransitionRefused",
    ]
    assert anew(order).version == order.version + 1


def test_one_cause_at_once_opens_one_exception(shop, concurrently):
    order = confirmed_order()
    opening = partial(services.open_exception, category="late", title="Late", dedupe_key="late:1", order_id=order.pk)

    outcomes = concurrently(opening, opening, opening)

    assert len({one.value.pk for one in outcomes}) == 1
    assert anew(order).open_exceptions == 1


def test_an_exception_of_no_order_is_closed_and_told_once(shop, concurrently):
    exception = services.open_exception(category="historic", title="C1", dedupe_key="C1")
    close = partial(services.close_exceptions, [exception.pk], resolution="historic", actor=SYSTEM)

    outcomes = concurrently(*[close] * 4)

    assert sorted(one.value for one in outcomes) == [0, 0, 0, 1]
    assert EventRecord.objects.filter(name="orders.exception_closed").count() == 1


def test_no_more_wait_than_may_wait(shop, concurrently):
    # Nothing of it was ever on a shelf: no stock row is there to be locked.
    make_priced_product("RARE", "9.00", backorder=True, backorder_limit=5)
    jobs = [partial(place, {"RARE": 2}, email=f"buyer{n}@example.com") for n in range(6)]

    outcomes = concurrently(*jobs, raising=False)

    refused = [one.error for one in outcomes if one.error is not None]
    assert [type(error) for error in refused] == [InsufficientStock] * 4
    assert {error.details["shortages"][0]["may_wait"] for error in refused} == {1}
    assert sum(line.backordered for order in Order.objects.all() for line in order.lines.all()) == 4


def test_two_who_each_cancel_the_other_twin_leave_one(shop, concurrently):
    first, second = placed_order(payment_terms="net14"), placed_order(payment_terms="net14")
    jobs = [
        partial(services.cancel_twin, gone.pk, kept_id=kept.pk, actor=SYSTEM)
        for gone, kept in ((first, second), (second, first))
    ]

    outcomes = concurrently(*jobs, raising=False)

    assert sorted(type(one.error).__name__ for one in outcomes) == ["NoneType", "TwinIsGone"]
    assert sorted(Order.objects.values_list("status", flat=True)) == ["cancelled", "confirmed"]
