"""How many units of a product may wait in all, and what is said to who comes too late."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.actors import SYSTEM
from core.models import EventRecord
from inventory import services as inventory
from inventory.errors import InsufficientStock
from orders import services
from orders.inputs import LineInput
from orders.models import Order
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.orders.bodies import post
from tests.scenarios import anew, confirmed_order, order_input, placed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def rare(shop):
    return make_priced_product("RARE", "9.00", backorder=True, backorder_limit=5, stock={"HAM": 2})


def ordered(units: int) -> Order:
    return confirmed_order({"RARE": units}, email=f"buyer{Order.objects.count()}@example.com")


def waiting() -> int:
    return sum(line.backordered for order in Order.objects.all() for line in order.lines.all())


def test_what_would_wait_beyond_the_limit_is_refused_and_leaves_nothing(shop, rare):
    ordered(6)
    assert (waiting(), stock_of(rare).reserved) == (4, 2)

    with pytest.raises(InsufficientStock) as refused:
        ordered(2)

    assert refused.value.details["shortages"] == [{"sku": "RARE", "requested": 2, "available": 0, "may_wait": 1}]
    assert (Order.objects.count(), waiting(), stock_of(rare).reserved) == (1, 4, 2)
    ordered(1)
    assert waiting() == 5


def test_a_limit_counts_units_that_wait_and_not_those_that_are_there(shop, rare):
    with pytest.raises(InsufficientStock) as refused:
        ordered(8)

    assert refused.value.details["shortages"] == [{"sku": "RARE", "requested": 8, "available": 2, "may_wait": 5}]
    assert ordered(7).allocation_status == "partial"


def test_whoever_goes_or_is_served_makes_room(shop, rare, run_debts):
    first = ordered(7)
    with pytest.raises(InsufficientStock):
        ordered(1)
    services.cancel_order(first.pk, reason="typo", actor=SYSTEM)

    ordered(7)
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 3}, actor=SYSTEM)
    run_debts()

    assert waiting() == 2
    ordered(3)


def test_nothing_may_wait_with_a_limit_of_none_and_any_number_without(shop):
    make_priced_product("NONE", "9.00", backorder=True, backorder_limit=0)
    make_priced_product("MANY", "9.00", backorder=True)

    with pytest.raises(InsufficientStock, match=r"NONE \(0\)"):
        confirmed_order({"NONE": 1})
    assert confirmed_order({"MANY": 1_000}).allocation_status == "backordered"


def test_two_lines_of_one_product_count_together(shop, rare):
    lines = [LineInput(sku="RARE", quantity=4), LineInput(sku="RARE", quantity=4)]

    with pytest.raises(InsufficientStock) as refused:
        confirmed_order(lines)

    assert refused.value.details["shortages"][0]["requested"] == 8


def test_what_staff_decides_waits_all_the_same(shop, rare):
    order = confirmed_order([LineInput(sku="RARE", quantity=20, may_wait=True)])

    assert order.lines.get().backordered == 18


def test_the_api_says_how_many_may_still_wait(shop, rare, api):
    refused = post(api, lines=[{"sku": "RARE", "quantity": 9}])

    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_stock")
    assert refused.json()["shortages"] == [{"sku": "RARE", "requested": 9, "available": 2, "may_wait": 5}]


def test_the_preview_and_the_availability_know_the_limit(shop, rare):
    asked = {"sku": "RARE", "country": "DE", "method": "standard", "channel": "api"}

    found = services.availability(quantity=8, **asked)
    preview = services.preview_order(order_input({"RARE": 8}))

    assert (found.room, found.short, found.can_be_ordered, found.arrives_on) == (5, 6, False, None)
    assert services.availability(quantity=7, **asked).can_be_ordered is True
    assert ([line.sku for line in preview.refused], preview.room) == (["RARE"], {1: 5})
    assert services.preview_order(order_input({"RARE": 7})).refused == []


def test_without_a_limit_no_statement_is_spent(shop, django_assert_max_num_queries):
    make_priced_product("MANY", "9.00", backorder=True)
    confirmed_order({"MANY": 1})

    with django_assert_max_num_queries(30) as seen:
        confirmed_order({"MANY": 1}, email="grace@example.com")

    assert [
        one["sql"] for one in seen.captured_queries if "backorder_limit" in one["sql"] and "FOR" in one["sql"]
    ] == []


def test_who_waits_gets_the_units_of_an_order_that_nobody_paid_in_time(shop, rare, run_debts):
    unpaid = placed_order({"RARE": 2})
    waits = ordered(2)
    assert (waiting(), stock_of(rare).reserved) == (2, 2)

    assert services.expire_unpaid(timezone.now() + timedelta(days=8)) == 1
    run_debts()

    assert (anew(unpaid).status, anew(waits).allocation_status) == ("expired", "allocated")
    assert (waiting(), stock_of(rare).reserved) == (0, 2)
    assert EventRecord.objects.filter(name="orders.promise_changed", thread=waits.history_thread()).count() == 1
