"""Promises that will be missed: told once each, before they are; what has no cause any more closes itself."""

from datetime import UTC, date, datetime, time

import pytest

from core.actors import SYSTEM
from core.models import EventRecord
from fulfillment import services as fulfillment
from inventory import services as inventory
from orders import services
from orders.models import Order, OrderException
from orders_project.celery import app
from pricing import services as pricing
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db
# A Monday. What is here leaves on Tuesday and is there on Thursday.
MONDAY = datetime(2037, 11, 23, 9, tzinfo=UTC)
THURSDAY = date(2037, 11, 26)


@pytest.fixture
def clock(monkeypatch):
    def set_to(day: int, hour: int = 9, month: int = 11) -> datetime:
        now = datetime(2037, month, day, hour, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
        return now

    set_to(23)
    return set_to


def told(order: Order) -> list[tuple[str, str]]:
    rows = EventRecord.objects.filter(name="orders.promise_at_risk", thread=order.history_thread()).order_by("pk")
    return [(row.payload["promised_on"], row.payload["expected_on"]) for row in rows]


def state(order: Order) -> list[str]:
    return list(OrderException.objects.filter(order=order, category="promise").values_list("status", flat=True))


def test_what_has_not_left_on_its_day_is_told_once_before_it_is_late(shop, clock):
    order = confirmed_order({"MUG-RED": 1})
    assert anew(order).promised_on == THURSDAY
    clock(24, 23)
    assert (services.watch_promises(), told(order)) == (0, [])

    clock(25)
    assert services.watch_promises() == 1
    assert services.watch_promises() == 0

    assert (told(order), state(order)) == ([("2037-11-26", "2037-11-27")], ["open"])
    exception = OrderException.objects.get()
    assert exception.title == f"{order} was promised for 2037-11-26 and will miss it: it has not left on its day"
    assert anew(order).open_exceptions == 1


def test_what_leaves_after_all_closes_its_warning(shop, clock):
    order = confirmed_order({"MUG-RED": 1})
    clock(25)
    services.watch_promises()

    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    services.watch_promises()

    assert (state(order), anew(order).open_exceptions) == (["resolved"], 0)


def test_a_receipt_that_is_overdue_puts_those_who_wait_for_it_at_risk(shop, clock, run_debts):
    rare = make_priced_product("RARE", "9.00", backorder=True)
    receipt = inventory.expect_receipt(
        product_id=rare.pk, warehouse_id=shop.hamburg.pk, quantity=5, expected_on=date(2037, 12, 1), actor=SYSTEM
    )
    order = confirmed_order({"RARE": 5})
    clock(1, month=12)
    assert services.watch_promises() == 0

    clock(2, month=12)
    assert services.watch_promises() == 1
    assert told(order) == [("2037-12-04", "2037-12-07")]
    assert "what is missing comes too late" in OrderException.objects.get().title

    inventory.change_expected(receipt.pk, expected_on=date(2037, 12, 8), actor=SYSTEM)
    run_debts()
    services.watch_promises()
    assert (state(order), anew(order).promised_on) == (["resolved"], date(2037, 12, 11))

    # Another promise is told of anew.
    clock(9, month=12)
    assert services.watch_promises() == 1
    assert told(order)[1:] == [("2037-12-11", "2037-12-14")]


def test_what_nobody_has_announced_is_told_while_there_is_time_to_find_it(shop, clock):
    make_priced_product("RARE", "9.00", backorder=True)
    order = confirmed_order({"RARE": 1})
    assert anew(order).promised_on == date(2037, 12, 17)
    clock(9, month=12)
    assert services.watch_promises() == 0

    clock(10, month=12)

    assert services.watch_promises() == 1
    assert told(order) == [("2037-12-17", "2037-12-18")]


def test_a_closed_warehouse_is_known_in_time(shop, clock):
    order = confirmed_order({"MUG-RED": 1})
    closed = [{"from": "2037-11-24", "until": "2037-11-25", "name": "Flood"}]
    inventory.update_warehouse(shop.hamburg.pk, {"closures": closed, "cut_off": time(12)}, actor=SYSTEM)
    pricing.forget()

    clock(24)

    assert services.watch_promises() == 1
    assert told(order) == [("2037-11-26", "2037-11-30")]


def test_cancelled_and_shipped_orders_are_left_alone(shop, clock):
    gone, left = confirmed_order({"MUG-RED": 1}), confirmed_order({"TEA-1": 1}, email="grace@example.com")
    services.cancel_order(gone.pk, reason="typo", actor=SYSTEM)
    fulfillment.fulfil_through(left.pk, through="shipped", actor=SYSTEM)
    clock(26)

    assert (services.watch_promises(), OrderException.objects.count()) == (0, 0)


def test_looking_takes_a_few_statements_for_many_orders(shop, clock, django_assert_num_queries):
    for number in range(5):
        confirmed_order({"MUG-RED": 1}, email=f"buyer{number}@example.com")

    # What was warned of; orders and their open lines; nothing after the last of them.
    with django_assert_num_queries(4):
        assert services.watch_promises() == 0


def test_somebody_looks_every_half_hour():
    assert app.conf.beat_schedule["watch-promises"]["schedule"] == 1800
