"""Bugs of others that begin with a lock left out, or taken in another order.

Django-oscar #4594 (7cbc4a57b), Saleor 74887e787f, 9698135fe4, 626f651dcb and PR #17123: two who lock the same rows in
another order wait for each other. Saleor #14649 (d9c6325792): a webhook locked the payment first, the checkout the
order. Eventyay #1359: to be quick, the lock was left out where "nothing special" was bought.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing import services as billing
from core.actors import SYSTEM
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from orders import services as orders
from returns import services as returns
from tests.factories.billing import make_seller
from tests.factories.catalog import stock_of
from tests.factories.returns import inspected
from tests.factories.shop import Shop, make_priced_product
from tests.scenarios import confirmed_order, delivered_order, order_input, placed_order, run_debts

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
LOCK = re.compile(r'FROM "(\w+)".*FOR (?:NO KEY )?UPDATE', re.DOTALL)
WRITE = re.compile(r'UPDATE "inventory_(?:stockitem|allocation)" AS t SET')
STOCK = "inventory_stockitem"
# Products come after their stock, where units may wait; documents and numbers have transactions of their own.
AFTER_STOCK = {STOCK, "inventory_product"}
BOTH = {"MUG-RED": 2, "TEA-1": 1}
Way = Callable[[Shop], Callable[[], Any]]


def place(shop: Shop) -> Callable[[], Any]:
    return partial(orders.place_order, order_input(BOTH), actor=SYSTEM)


def place_what_may_wait(shop: Shop) -> Callable[[], Any]:
    make_priced_product("RARE", "9.00", backorder=True, backorder_limit=9, stock={"HAM": 1})
    return partial(orders.place_order, order_input({"RARE": 3}), actor=SYSTEM)


def sell_over_the_counter(shop: Shop) -> Callable[[], Any]:
    wish = order_input(
        BOTH, channel="walk_in", handed_over_at="HAM", shipping_method="pickup", payment_terms="in_store"
    )
    return partial(orders.place_order, wish, actor=SYSTEM)


def pay(shop: Shop) -> Callable[[], Any]:
    order = placed_order(BOTH)
    return partial(billing.record_payment, order.pk, method="cash", amount=order.total, actor=SYSTEM)


def cancel(shop: Shop) -> Callable[[], Any]:
    return partial(orders.cancel_order, confirmed_order(BOTH).pk, reason="typo", actor=SYSTEM)


def fill(shop: Shop) -> Callable[[], Any]:
    rare = make_priced_product("RARE", "9.00", backorder=True)
    confirmed_order({"RARE": 3})
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 2}, actor=SYSTEM)
    return partial(orders.fill_backorders, [rare.pk])


def take(shop: Shop) -> Callable[[], Any]:
    make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 3})
    giver = confirmed_order({"RARE": 3}, email="giver@example.com")
    taker = confirmed_order({"RARE": 3}, shipping_method="express")
    return partial(orders.take_units, taker.pk, agreed={giver.pk: None}, reason="asked", actor=SYSTEM)


def planned(shop: Shop) -> FulfillmentOrder:
    order = confirmed_order(BOTH)
    run_debts()
    return FulfillmentOrder.objects.get(order=order)


def reroute(shop: Shop) -> Callable[[], Any]:
    work = planned(shop)
    return partial(
        fulfillment.reroute_fulfillment, work.pk, warehouse_id=shop.munich.pk, reason="nearer", actor=SYSTEM
    )


def ship(shop: Shop) -> Callable[[], Any]:
    work = planned(shop)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.pick(work.pk, actor=SYSTEM)
    fulfillment.pack(work.pk, actor=SYSTEM)
    return partial(fulfillment.ship_fulfillment_order, work.pk, actor=SYSTEM)


def ship_all(shop: Shop) -> Callable[[], Any]:
    return partial(fulfillment.fulfil_through, planned(shop).order_id, actor=SYSTEM)


def lose(shop: Shop) -> Callable[[], Any]:
    confirmed_order({"MUG-RED": 100})
    return partial(
        inventory.adjust_stock, stock_item_id=stock_of(shop.mug).pk, change=-3, reason="count", actor=SYSTEM
    )


def count_shelves(shop: Shop) -> Callable[[], Any]:
    products = frozenset({shop.tea.pk, shop.mug.pk})
    count = inventory.start_count(
        warehouse_id=shop.hamburg.pk, shelves=inventory.Shelves(product_ids=products), actor=SYSTEM
    )
    found = dict.fromkeys(count.lines.values_list("pk", flat=True), 99)
    inventory.enter_counts(count.pk, found, actor=SYSTEM)
    return partial(inventory.finish_count, count.pk, actor=SYSTEM)


def send_elsewhere(shop: Shop) -> Callable[[], Any]:
    wanted = inventory.TransferInput(
        source_id=shop.munich.pk,
        destination_id=shop.hamburg.pk,
        units={shop.tea.pk: 1, shop.mug.pk: 1},
        expected_on=timezone.localdate() + timedelta(days=1),
    )
    return partial(inventory.send_transfer, inventory.create_transfer(wanted, actor=SYSTEM).pk, actor=SYSTEM)


def take_back(shop: Shop) -> Callable[[], Any]:
    order = delivered_order(BOTH)
    run_debts()
    found = inspected(order, BOTH)
    return partial(returns.resolve_return, found.pk, actor=SYSTEM)


WAYS = (
    *(place, place_what_may_wait, sell_over_the_counter, pay, cancel, fill, take, reroute),
    *(ship, ship_all, lose, count_shelves, send_elsewhere, take_back),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_way_leads_around_the_lock_and_all_lock_in_one_order(shop: Shop, way: Way) -> None:
    """Orders before stock; stock in the order of its keys, before it is written, and nothing after it.

    Fails without `.locked()` in `_SHELF` and `lock_tied_shelf` (nine ways), and with `order_by("?")` for
    `order_by("pk")` in `LockingQuerySet.locked` (thirteen).
    """
    make_seller()
    deed = way(shop)

    # Not from Django's log of queries: it does not know what a statement said that the database has prepared.
    asked: list[str] = []

    def note(execute: Any, sql: str, *given: Any) -> Any:
        asked.append(sql)
        return execute(sql, *given)

    with connection.execute_wrapper(note):
        deed()

    locks = [(index, found[1], sql) for index, sql in enumerate(asked) if (found := LOCK.search(sql))]
    shelves = [index for index, table, _sql in locks if table == STOCK]
    written = [index for index, sql in enumerate(asked) if WRITE.search(sql)]
    many = [(table, sql) for _index, table, sql in locks if "LIMIT 21" not in sql]
    assert [sql for table, sql in many if not re.search(rf'ORDER BY (?:1|"{table}"."id") ASC', sql)] == []
    if way is not pay:
        assert written, asked
        assert shelves
        assert shelves[0] < written[0]
        after = {table for index, table, _sql in locks if index > shelves[0]}
        assert after <= AFTER_STOCK, f"{after} locked after the shelves"
        return
    tables = [table for _index, table, _sql in locks]
    assert tables[0] == "orders_order"
