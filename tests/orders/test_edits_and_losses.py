"""Units are lost while the order is edited that had them: told once, whoever hears of it first.

Found by tests/machine: an edit wrote down what was tied, and the loss that was heard of afterwards was counted again.
"""

from collections import Counter
from datetime import date

import pytest

from core import invariants
from core.actors import SYSTEM
from core.models import EventRecord
from fulfillment import services as fulfillment
from inventory import services as inventory
from orders import services as orders
from orders.models import Order, OrderException
from orders.wishes import LineWish, NewLine, Wish
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, order_input, run_debts

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop) -> Order:
    """Return an order for four rare things, of which one was lost just now; nobody has told it yet."""
    rare = make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 4})
    order = confirmed_order({"RARE": 4})
    run_debts()
    inventory.adjust_stock(stock_item_id=stock_of(rare).pk, change=-1, reason="broken", actor=SYSTEM)
    return order


def edit(order: Order, wish: Wish) -> None:
    orders.amend_order(order.pk, wish, expected_version=anew(order).version, actor=SYSTEM)


def state(order: Order, position: int = 1) -> tuple[int, int]:
    line = order.lines.get(position=position)
    return line.allocated, line.backordered


def planned(order: Order, position: int = 1) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for parcel in anew(order).sourcing["parcels"]:
        found[parcel["kind"], parcel["warehouse"]] += parcel["lines"].get(str(position), 0)
    return dict(+found)


def settled() -> list[str]:
    run_debts()
    return [name for _code, name, check in invariants.questions() if check().breaches]


@pytest.mark.parametrize(
    ("wanted", "outcome", "told"),
    [(3, (3, 0), 0), (2, (2, 0), 0), (6, (3, 3), 1)],
)
def test_a_loss_is_counted_once_however_many_are_wanted_now(order, wanted, outcome, told):
    edit(order, Wish(lines=(LineWish(position=1, quantity=wanted, may_wait=True),)))

    assert settled() == []
    assert state(order) == outcome
    assert OrderException.objects.filter(category="shortfall").count() == told


def test_what_is_lost_is_not_taken_from_who_waits_by_an_edit_of_something_else(order, shop):
    waiting = orders.place_order(
        order_input({"RARE": 1}, email="first@example.com", shipping_method="express", payment_terms="net14"),
        actor=SYSTEM,
    )
    assert anew(waiting).rank < anew(order).rank
    inventory.receive_stock(warehouse_id=shop.munich.pk, units={order.lines.get().product_id: 1}, actor=SYSTEM)

    edit(order, Wish(add=(NewLine(sku="TEA-1", quantity=1),)))

    assert settled() == []
    assert (state(waiting), state(order), state(order, 2)) == ((1, 0), (3, 1), (1, 0))
    assert EventRecord.objects.filter(name="orders.allocation_lost").count() == 1


def test_a_loss_heard_of_late_takes_no_unit_out_of_the_plan_that_an_edit_tied(order, shop):
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={order.lines.get().product_id: 2}, actor=SYSTEM)
    edit(order, Wish(lines=(LineWish(position=1, quantity=6, may_wait=True),)))

    assert settled() == []
    assert state(order) == (5, 1)
    assert planned(order) == {("goods", "HAM"): 5, ("backorder", ""): 1}


def test_a_loss_heard_of_late_takes_nothing_from_another_warehouse(order, shop):
    rare = order.lines.get().product
    inventory.receive_stock(warehouse_id=shop.munich.pk, units={rare.pk: 2}, actor=SYSTEM)
    edit(order, Wish(lines=(LineWish(position=1, quantity=6, may_wait=True),)))
    assert planned(order) == {("goods", "HAM"): 4, ("goods", "MUC"): 2}
    munich = stock_of(rare, "MUC").pk
    inventory.adjust_stock(stock_item_id=munich, change=-2, reason="broken, too", actor=SYSTEM)

    edit(order, Wish(lines=(LineWish(position=1, quantity=5),)))
    assert state(order) == (5, 0)

    assert settled() == []
    assert state(order) == (3, 2)
    assert planned(order) == {("goods", "HAM"): 3, ("backorder", ""): 2}


def test_an_edit_keeps_what_has_left_in_the_plan(order):
    run_debts()
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert planned(order) == {("goods", "HAM"): 3, ("backorder", ""): 1}
    left_on = date.fromisoformat(anew(order).sourcing["parcels"][0]["arrives_on"])

    edit(order, Wish(lines=(LineWish(position=1, quantity=3),)))

    assert settled() == []
    assert planned(order) == {("goods", "HAM"): 3}
    assert order.lines.get().promised_on == anew(order).estimated_delivery_on == left_on
