"""Fresh units go down the line by rank, many orders at a time, and nobody pushes in."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.actors import SYSTEM
from core.models import Delivery, EventRecord
from inventory import services as inventory
from inventory.errors import InsufficientStock
from inventory.models import Allocation, Product
from orders import services
from orders.models import Movement, Order, OrderLine
from orders.services import filling
from pricing import services as pricing
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, paid, placed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def rare(shop) -> Product:
    return make_priced_product("RARE", "9.00", backorder=True)


def wait_for(units: int, **given: object) -> Order:
    return confirmed_order({"RARE": units}, email=f"buyer{Order.objects.count()}@example.com", **given)


def receive(shop, product: Product, units: int) -> None:
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={product.pk: units}, actor=SYSTEM)


def got(order: Order) -> int:
    return anew(order).lines.get().allocated


def served_in_turn() -> list[int]:
    """Return the reservations that got units, in the order in which they did."""
    return list(Allocation.objects.order_by("pk").values_list("reservation_id", flat=True))


def test_the_line_is_served_strictly_by_rank_over_all_transactions(shop, rare, monkeypatch):
    monkeypatch.setattr(filling, "AT_ONCE", 2)
    orders = [wait_for(1, shipping_method="express" if n in (3, 5) else "standard") for n in range(7)]
    receive(shop, rare, 6)

    assert services.fill_backorders([rare.pk]) == 6

    in_line = [orders[3], orders[5], orders[0], orders[1], orders[2], orders[4]]
    assert served_in_turn() == [order.reservation_id for order in in_line]
    assert [got(order) for order in orders] == [1, 1, 1, 1, 1, 1, 0]


def test_a_better_rank_takes_no_units_that_others_have(shop, rare):
    receive(shop, rare, 4)
    first = wait_for(4)
    urgent = wait_for(4, shipping_method="express")

    services.fill_backorders([rare.pk])

    assert (got(first), got(urgent)) == (4, 0)


def test_fresh_units_are_left_to_those_who_wait_for_them(shop, rare, run_debts):
    waiting = wait_for(4)
    receive(shop, rare, 5)

    late = wait_for(3)
    assert (got(late), stock_of(rare).reserved) == (1, 1)
    run_debts()

    assert (got(waiting), got(late)) == (4, 1)


def test_who_is_more_urgent_than_those_who_wait_takes_fresh_units_at_once(shop, rare, run_debts):
    waiting = wait_for(4)
    receive(shop, rare, 5)

    urgent = wait_for(3, shipping_method="express")
    assert got(urgent) == 3
    run_debts()

    assert (got(waiting), got(urgent)) == (2, 3)


def test_units_that_were_left_for_somebody_who_cannot_take_them_are_given_on(shop, rare, run_debts):
    """Who stands in front is gone by the time: the debt that was left behind gives the units to the next."""
    gone = wait_for(4)
    run_debts()
    receive(shop, rare, 4)
    late = wait_for(4)
    assert got(late) == 0
    services.cancel_order(gone.pk, reason="typo", actor=SYSTEM)

    run_debts()

    assert got(late) == 4


def test_what_may_not_wait_is_sold_as_long_as_it_is_there(shop):
    placed_order({"MUG-RED": 200})
    with pytest.raises(InsufficientStock):
        placed_order({"MUG-RED": 1}, email="x@example.com")


def test_a_killed_run_goes_on_behind_what_it_has_filled(shop, rare, monkeypatch):
    monkeypatch.setattr(filling, "AT_ONCE", 2)
    orders = [wait_for(1) for _ in range(5)]
    receive(shop, rare, 5)
    whole, calls = filling._fill_some, Counter()

    def dies(*args, **kwargs):
        calls["all"] += 1
        if calls["all"] == 2:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    monkeypatch.setattr(filling, "_fill_some", dies)
    with pytest.raises(KeyboardInterrupt):
        services.fill_backorders([rare.pk])
    assert [got(order) for order in orders] == [1, 1, 0, 0, 0]

    assert services.fill_backorders([rare.pk]) == 3
    assert served_in_turn() == [order.reservation_id for order in orders]
    assert (stock_of(rare).reserved, OrderLine.objects.filter(backordered__gt=0).count()) == (5, 0)


def test_each_order_gets_its_history_its_debt_and_its_days(shop, rare):
    orders = [wait_for(2), wait_for(3)]
    receive(shop, rare, 4)

    services.fill_backorders([rare.pk])

    told = EventRecord.objects.filter(name="orders.backorders_filled")
    assert [one.thread for one in told.order_by("pk")] == [order.history_thread() for order in orders]
    assert Delivery.objects.filter(event__in=told).values_list("handler", flat=True).distinct().get().endswith(
        "plan_what_arrived"
    )  # fmt: skip
    assert list(Movement.objects.filter(kind="allocated").order_by("pk").values_list("quantity", flat=True)) == [2, 2]
    assert [anew(order).allocation_status for order in orders] == ["allocated", "partial"]
    assert anew(orders[0]).ship_by_on < orders[0].ship_by_on
    assert [one["kind"] for one in anew(orders[1]).sourcing["parcels"]] == ["backorder", "goods"]


def test_an_order_that_waits_for_its_payment_is_filled_and_goes_on_when_it_is_paid(shop, rare):
    order = placed_order({"RARE": 2})
    receive(shop, rare, 2)

    assert services.fill_backorders([rare.pk]) == 1
    assert (anew(order).status, got(order)) == ("verified", 2)
    assert paid(anew(order)).status == "confirmed"


def test_the_statements_of_a_transaction_do_not_grow_with_the_orders(shop, rare):
    def cost(orders: int) -> int:
        for _ in range(orders):
            wait_for(1)
        receive(shop, rare, orders)
        # The settings of the process are read anew every few seconds; not while somebody counts.
        pricing.forget()
        shop.channel()
        with CaptureQueriesContext(connection) as seen:
            assert services.fill_backorders([rare.pk]) == orders
        return len(seen.captured_queries)

    few, many = cost(3), cost(30)
    if connection.vendor == "sqlite":
        # It takes 999 values at a time, so that long inserts come in pieces.
        assert few <= 20
        assert many < few + 27
        return
    assert few == many
    # Three for the line, five to lock and read it, two for the shelf, seven that write, and what stands around them.
    assert many <= 20


def test_nobody_is_locked_where_nothing_is_free(shop, rare):
    wait_for(1)
    with CaptureQueriesContext(connection) as seen:
        assert services.fill_backorders([rare.pk]) == 0
    assert len(seen.captured_queries) == 1


@pytest.mark.django_db(transaction=True)
def test_two_fillers_and_buyers_at_once_promise_no_unit_twice(shop, rare, concurrently, monkeypatch):
    """Fails without its guard: with the free units of `allocate_in_turn` read before the shelves are locked."""
    monkeypatch.setattr(filling, "AT_ONCE", 3)
    waiting = [wait_for(1) for _ in range(8)]
    receive(shop, rare, 10)

    def buy(n: int):
        return lambda: placed_order({"RARE": 1}, email=f"late{n}@example.com", payment_terms="net14")

    concurrently(
        lambda: services.fill_backorders([rare.pk]),
        lambda: services.fill_backorders([rare.pk]),
        *[buy(n) for n in range(4)],
    )
    services.fill_backorders([rare.pk])

    row = stock_of(rare)
    tied = sum(Allocation.objects.values_list("quantity", flat=True))
    assert (row.on_hand, row.reserved, tied) == (10, 10, 10)
    assert [got(order) for order in waiting] == [1] * 8
    assert sum(OrderLine.objects.values_list("backordered", flat=True)) == 2
