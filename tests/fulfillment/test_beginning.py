"""Orders that are wanted later, or hold what is not released yet: out of the queues until their day."""

from datetime import UTC, date, datetime

import pytest

from core.actors import SYSTEM
from fulfillment import services as fulfillment
from fulfillment.errors import OrderBlocked
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from orders import services
from orders.selectors import display_status
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db
# It is there on Wednesday 9 December when it leaves on Monday the 7th; work begins on Friday the 4th.
WANTED, BEGINS = date(2037, 12, 9), date(2037, 12, 4)
RELEASED = date(2037, 12, 1)


@pytest.fixture
def clock(monkeypatch):
    def set_to(month: int, day: int) -> None:
        now = datetime(2037, month, day, 9, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    set_to(11, 23)
    return set_to


def queue(order) -> list[tuple[str, list[str]]]:
    works = FulfillmentOrder.objects.filter(order=order).order_by("pk")
    return [(work.status, [line.order_line.sku for line in work.lines.all()]) for work in works]


def test_what_is_wanted_later_stays_out_of_the_queues_until_its_day(shop, clock, run_debts):
    order = confirmed_order({"MUG-RED": 1}, requested_delivery_on=WANTED)
    run_debts()
    assert (order.starts_on, order.all_later, queue(order)) == (BEGINS, True, [])
    assert display_status(order) == "Begins later"
    with pytest.raises(OrderBlocked, match="work begins on 4 December 2037"):
        fulfillment.release_order(order.pk, actor=SYSTEM)

    clock(12, 3)
    assert services.begin_orders() == 0
    clock(12, 4)
    assert (services.begin_orders(), services.begin_orders()) == (1, 0)
    run_debts()

    assert (anew(order).starts_on, queue(order)) == (None, [("planned", ["MUG-RED"])])
    fulfillment.release_order(order.pk, actor=SYSTEM)
    assert anew(order).status == "fulfilling"


def test_a_wish_that_moves_takes_planned_work_out_and_puts_it_back(shop, clock, run_debts):
    order = confirmed_order({"MUG-RED": 1})
    run_debts()
    assert queue(order) == [("planned", ["MUG-RED"])]

    services.update_preferences(order.pk, {"requested_delivery_on": WANTED}, actor=SYSTEM)
    run_debts()
    assert queue(order) == [("cancelled", ["MUG-RED"])]

    services.update_preferences(order.pk, {"requested_delivery_on": None}, actor=SYSTEM)
    run_debts()

    assert queue(order) == [("cancelled", ["MUG-RED"]), ("planned", ["MUG-RED"])]
    assert (anew(order).starts_on, anew(order).all_later) == (None, False)


def test_a_preorder_waits_for_its_release_and_the_rest_does_not(shop, clock, run_debts):
    make_priced_product("NOVEL", "20.00", release_on=RELEASED, stock={"HAM": 5})
    order = confirmed_order({"NOVEL": 1, "MUG-RED": 1})
    run_debts()
    assert (order.starts_on, order.all_later, queue(order)) == (RELEASED, False, [("planned", ["MUG-RED"])])
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    assert (queue(order), anew(order).fulfillment_status) == ([("shipped", ["MUG-RED"])], "partially_shipped")

    clock(12, 1)
    services.begin_orders()
    run_debts()

    assert queue(order)[1:] == [("planned", ["NOVEL"])]


def test_a_preorder_that_ships_complete_holds_back_all_of_it(shop, clock, run_debts):
    make_priced_product("NOVEL", "20.00", release_on=RELEASED, stock={"HAM": 5})

    order = confirmed_order({"NOVEL": 1, "MUG-RED": 1}, ship_complete=True)
    run_debts()

    assert (order.starts_on, order.all_later, queue(order)) == (RELEASED, True, [])


def test_another_release_date_moves_what_is_tied_already(shop, clock, run_debts):
    novel = make_priced_product("NOVEL", "20.00", stock={"HAM": 5})
    order = confirmed_order({"NOVEL": 1})
    run_debts()
    assert queue(order) == [("planned", ["NOVEL"])]

    inventory.update_product(novel.pk, {"release_on": RELEASED}, actor=SYSTEM)
    run_debts()
    assert (queue(order), anew(order).promised_on) == ([("cancelled", ["NOVEL"])], date(2037, 12, 4))

    inventory.update_product(novel.pk, {"release_on": date(2037, 11, 20)}, actor=SYSTEM)
    run_debts()

    assert (queue(order)[1:], anew(order).promised_on) == ([("planned", ["NOVEL"])], date(2037, 11, 26))


def test_a_service_is_rendered_when_it_is_wanted(shop, clock, run_debts):
    make_priced_product("TASTING", "20.00", kind="service")

    order = confirmed_order({"TASTING": 1}, requested_delivery_on=WANTED)
    run_debts()

    assert (queue(order), order.all_later) == ([], True)


def test_hundreds_begin_in_a_few_statements(shop, clock, django_assert_max_num_queries):
    for number in range(5):
        confirmed_order({"MUG-RED": 1}, requested_delivery_on=WANTED, email=f"buyer{number}@example.com")
    clock(12, 4)

    with django_assert_max_num_queries(8):
        assert services.begin_orders() == 5
