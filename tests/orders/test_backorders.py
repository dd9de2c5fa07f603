"""Units that are missing: who gets them first, and what happens when they were never there."""

import pytest

from core import outbox
from core.actors import SYSTEM
from core.events import DeliveryDied
from core.models import Delivery
from core.outbox import emit
from core.service import service
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from inventory.models import Product, Warehouse
from inventory.services import reservations
from orders import services
from orders.models import Movement, Order, OrderException
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def rare(shop) -> Product:
    return make_priced_product("RARE", "9.00", backorder=True)


def wait_for(units: int, **given: object) -> Order:
    return confirmed_order({"RARE": units}, email=f"buyer{Order.objects.count()}@example.com", **given)


def receive(shop, product: Product, units: int) -> None:
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={product.pk: units}, reference="PO-1", actor=SYSTEM)


def lose(product: Product, warehouse: Warehouse, units: int) -> None:
    place = {"product_id": product.pk, "warehouse_id": warehouse.pk}
    inventory.adjust_stock(**place, change=-units, reason="count", actor=SYSTEM)


def state(order: Order) -> tuple[int, int, str]:
    line = anew(order).lines.get()
    return line.allocated, line.backordered, anew(order).allocation_status


def test_fresh_units_go_to_those_who_wait(shop, rare, run_debts):
    order = wait_for(5)
    assert state(order) == (0, 5, "backordered")

    receive(shop, rare, 3)
    run_debts()

    assert state(order) == (3, 2, "partial")
    assert [(one["kind"], one["lines"]) for one in anew(order).sourcing["parcels"]] == [
        ("backorder", {"1": 2}),
        ("goods", {"1": 3}),
    ]
    assert list(Movement.objects.filter(kind="allocated").values_list("quantity", flat=True)) == [3]


def test_who_came_first_is_served_first(shop, rare):
    first, second = wait_for(4), wait_for(4)

    receive(shop, rare, 5)
    assert services.fill_backorders([rare.pk]) == 2

    assert (state(first), state(second)) == ((4, 0, "allocated"), (1, 3, "partial"))


def test_priority_comes_before_time(shop, rare):
    first, second = wait_for(4), wait_for(4)
    services.set_priority(second.pk, 90, actor=SYSTEM)

    receive(shop, rare, 5)
    services.fill_backorders([rare.pk])

    assert (state(first), state(second)) == ((1, 3, "partial"), (4, 0, "allocated"))


def test_a_cancelled_order_makes_way(shop, rare, run_debts):
    receive(shop, rare, 4)
    first, second = wait_for(4), wait_for(4)
    assert state(second) == (0, 4, "backordered")

    services.cancel_order(first.pk, reason="typo", actor=SYSTEM)
    run_debts()

    assert state(second) == (4, 0, "allocated")


def test_filling_twice_changes_nothing(shop, rare):
    wait_for(4)
    receive(shop, rare, 4)

    assert services.fill_backorders([rare.pk]) == 1
    assert services.fill_backorders([rare.pk]) == 0
    assert stock_of(rare).reserved == 4


def test_units_that_were_never_there_become_a_backorder_and_an_exception(shop, run_debts):
    confirmed_order({"MUG-RED": 100}, email="first@example.com")
    order = confirmed_order({"MUG-RED": 100})

    inventory.adjust_stock(
        product_id=shop.mug.pk, warehouse_id=shop.munich.pk, change=-30, reason="count", actor=SYSTEM
    )
    run_debts()

    assert state(order) == (70, 30, "partial")
    exception = OrderException.objects.get()
    assert (exception.category, exception.severity) == ("shortfall", "critical")
    assert exception.title == f"{order} lost 30 × MUG-RED: count"
    assert anew(order).open_exceptions == 1
    assert list(Movement.objects.filter(kind="unallocated").values_list("quantity", flat=True)) == [30]


def test_units_that_were_never_there_are_looked_for_elsewhere(shop, run_debts):
    """Fails without `UnitsAwaited` in `lose_allocations`: the order waits beside 100 free mugs in Munich."""
    order = confirmed_order({"MUG-RED": 100})
    run_debts()

    lose(shop.mug, shop.hamburg, 30)
    run_debts()

    assert state(order) == (100, 0, "allocated")
    assert (stock_of(shop.mug).reserved, stock_of(shop.mug, "MUC").reserved) == (70, 30)
    works = order.fulfillment_orders.order_by("pk").values_list("warehouse__code", "status", "lines__quantity")
    assert list(works) == [("HAM", "planned", 70), ("MUC", "planned", 30)]
    assert [(one["kind"], one["warehouse"], one["lines"]) for one in anew(order).sourcing["parcels"]] == [
        ("goods", "HAM", {"1": 70}),
        ("goods", "MUC", {"1": 30}),
    ]
    # Nobody is called for it.
    exception = OrderException.objects.get()
    assert (exception.status, exception.resolution) == ("resolved", "Its units were found elsewhere")
    assert anew(order).open_exceptions == 0


def test_who_hears_of_a_loss_after_new_goods_came_gets_some_of_them(shop, rare):
    """Fails without `UnitsAwaited` in `lose_allocations`: the goods came, and found nobody who waits."""
    receive(shop, rare, 5)
    order = wait_for(5)
    lose(rare, shop.hamburg, 3)
    receive(shop, rare, 2)
    told = Delivery.objects.filter(status="pending").order_by("pk").values_list("pk", "handler")
    late = next(pk for pk, handler in told if handler.endswith("lose_allocations"))
    for pk, _handler in told:
        assert pk == late or outbox.deliver(pk)
    assert state(order) == (5, 0, "allocated")

    outbox.drain()

    assert state(order) == (4, 1, "partial")
    assert stock_of(rare).reserved == 4


def test_who_loses_stands_in_line_for_what_is_free_elsewhere(shop, rare, run_debts):
    """What is free goes by rank all the same, be it the other one who lost something."""
    receive(shop, rare, 2)
    last = wait_for(4)
    first = wait_for(2, shipping_method="express")
    assert (state(first), state(last)) == ((0, 2, "backordered"), (2, 2, "partial"))
    run_debts()
    lose(rare, shop.hamburg, 1)
    inventory.receive_stock(warehouse_id=shop.munich.pk, units={rare.pk: 3}, actor=SYSTEM)

    run_debts()

    assert (state(first), state(last)) == ((2, 0, "allocated"), (2, 2, "partial"))


def test_goods_on_a_shelf_that_nobody_could_lock_are_found_after_all(shop, rare, run_debts, monkeypatch):
    """Where a product lies for the first time, its shelf is made while somebody orders: neither sees the other.

    Fails without `UnitsAwaited` in `settlement.tell`.
    """
    receive(shop, rare, 5)
    run_debts()
    monkeypatch.setattr(reservations, "lock_shelf", lambda **asked: [])
    order = wait_for(3)
    monkeypatch.undo()
    assert state(order) == (0, 3, "backordered")

    run_debts()

    assert state(order) == (3, 0, "allocated")


def test_units_that_left_meanwhile_are_nobodys_loss(shop):
    order = confirmed_order({"MUG-RED": 10})
    lose(shop.mug, shop.hamburg, 95)

    services.lose_allocations([[order.reservation_id, 1, 99]], warehouse_id=shop.hamburg.pk, reason="count")

    assert state(order) == (5, 5, "partial")


def test_only_what_was_really_lost_is_told(shop):
    order = confirmed_order({"MUG-RED": 2, "TEA-1": 3})
    lose(shop.mug, shop.hamburg, 100)
    lose(shop.tea, shop.hamburg, 98)
    services.lose_allocations([[order.reservation_id, 1, 2]], warehouse_id=shop.hamburg.pk, reason="count")
    drops = [[order.reservation_id, 1, 2], [order.reservation_id, 2, 1]]

    assert services.lose_allocations(drops, warehouse_id=shop.hamburg.pk, reason="count") == 1
    assert services.lose_allocations([drops[0]], warehouse_id=shop.hamburg.pk, reason="count") == 0

    missing = [parcel["lines"] for parcel in anew(order).sourcing["parcels"] if parcel["kind"] == "backorder"]
    assert missing == [{"1": 2}, {"2": 1}]


def test_work_that_was_given_up_is_put_before_a_person(shop, run_debts):
    order = confirmed_order()
    give_up(order.history_thread(), "fulfillment.handlers.plan_fulfillment")

    run_debts()

    exception = OrderException.objects.get(category="dead_debt")
    assert (exception.order, exception.title) == (order, "Given up after many tries: plan fulfillment")


def test_work_about_no_order_is_put_before_a_person_too(shop, run_debts):
    give_up("inventory.warehouse:1", "orders.handlers.fill_backorders")

    run_debts()

    assert OrderException.objects.get().order is None


@service
def give_up(thread: str, handler: str) -> None:
    emit(DeliveryDied(delivery_id=7, handler=handler, subject_thread=thread))


def test_a_loss_off_the_trolley_of_a_cancelled_order_is_nobodys(shop, rare, run_debts):
    receive(shop, rare, 4)
    order = wait_for(4)
    run_debts()
    [work] = FulfillmentOrder.objects.filter(order=order)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.pick(work.pk, actor=SYSTEM)
    services.cancel_order(order.pk, reason="changed", actor=SYSTEM)
    run_debts()
    assert (stock_of(rare).on_hand, stock_of(rare).reserved) == (4, 4)

    lose(rare, shop.hamburg, 3)
    run_debts()

    line = order.lines.get()
    assert (line.allocated, line.backordered, line.cancelled) == (0, 0, 4)
    assert (stock_of(rare).on_hand, stock_of(rare).reserved) == (1, 1)
    assert not OrderException.objects.filter(category="shortfall").exists()
    fulfillment.complete_put_back(work.pk, actor=SYSTEM)
    assert (stock_of(rare).on_hand, stock_of(rare).reserved) == (1, 0)
