"""Promises that move: with their cause in the log, for those who wait alone; what gets later is told."""

from datetime import UTC, date, datetime

import pytest

from core.actors import SYSTEM
from core.errors import Invalid
from core.models import EventRecord, OutgoingMail
from inventory import services as inventory
from inventory.errors import ReceiptClosed
from orders import outlook, services
from orders.models import Order
from orders.sentences import SUPPLY
from orders.services import redating
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, placed_order

pytestmark = pytest.mark.django_db
# A Monday to come, so that debts are due. From both warehouses a parcel takes two days, after one of handling.
NOW = datetime(2037, 11, 23, 9, tzinfo=UTC)
FIRST, SECOND = date(2037, 12, 1), date(2037, 12, 8)
FROM_FIRST, FROM_SECOND, SOME_DAY = date(2037, 12, 4), date(2037, 12, 11), date(2037, 12, 17)


@pytest.fixture(autouse=True)
def _monday(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def rare(shop):
    return make_priced_product("RARE", "9.00", backorder=True)


def expect(shop, product, units, on):
    return inventory.expect_receipt(
        product_id=product.pk, warehouse_id=shop.hamburg.pk, quantity=units, expected_on=on, actor=SYSTEM
    )


def ordered(units, **given) -> Order:
    return confirmed_order({"RARE": units}, email=f"buyer{Order.objects.count()}@example.com", **given)


def moves(order) -> list[tuple[str, str, str]]:
    rows = EventRecord.objects.filter(name="orders.promise_changed", thread=order.history_thread()).order_by("pk")
    return [(row.payload["before"], row.payload["after"], row.payload["cause"]) for row in rows]


def told(template="promise_later") -> list[str]:
    return list(OutgoingMail.objects.filter(kind=template).order_by("pk").values_list("to", flat=True))


def days(order):
    order = anew(order)
    return order.first_promised_on, order.promised_on, order.lines.get().promised_on


def test_a_late_receipt_moves_those_who_wait_for_it_and_nobody_else(shop, rare, run_debts):
    receipt = expect(shop, rare, 5, FIRST)
    expect(shop, rare, 5, SECOND)
    first, second, other = ordered(5), ordered(5), confirmed_order({"MUG-RED": 1})
    run_debts()

    inventory.change_expected(receipt.pk, expected_on=date(2037, 12, 7), reason="storm", actor=SYSTEM)
    run_debts()

    assert days(first) == (FROM_FIRST, date(2037, 12, 10), date(2037, 12, 10))
    assert moves(first) == [("2037-12-04", "2037-12-10", "supply")]
    assert days(second) == (FROM_SECOND, FROM_SECOND, FROM_SECOND)
    assert (moves(second), moves(other), told()) == ([], [], [first.email])


def test_fewer_units_than_announced_move_the_last_in_line(shop, rare, run_debts):
    receipt = expect(shop, rare, 5, FIRST)
    expect(shop, rare, 5, SECOND)
    first, second = ordered(2), ordered(3)

    inventory.change_expected(receipt.pk, quantity=4, actor=SYSTEM)
    run_debts()

    assert (moves(first), moves(second)) == ([], [("2037-12-04", "2037-12-11", "supply")])
    parcels = anew(second).sourcing["parcels"]
    assert [(one["lines"], one["arrives_on"]) for one in parcels] == [
        ({"1": 2}, "2037-12-04"),
        ({"1": 1}, "2037-12-11"),
    ]


def test_a_receipt_that_is_not_coming_leaves_an_unknown_day_and_one_announced_a_known_one(shop, rare, run_debts):
    receipt = expect(shop, rare, 5, FIRST)
    order = ordered(5)
    inventory.cancel_expected(receipt.pk, reason="bankrupt", actor=SYSTEM)
    run_debts()
    assert days(order) == (FROM_FIRST, SOME_DAY, SOME_DAY)

    expect(shop, rare, 5, SECOND)
    run_debts()

    assert days(order) == (FROM_FIRST, FROM_SECOND, FROM_SECOND)
    assert [after for _before, after, _cause in moves(order)] == ["2037-12-17", "2037-12-11"]
    # Only what gets later is told.
    assert told() == [order.email]


def test_the_same_news_twice_moves_and_tells_nothing(shop, rare, run_debts):
    receipt = expect(shop, rare, 5, FIRST)
    order = ordered(5)
    inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)
    inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)
    run_debts()
    again = services.redate_waiting([rare.pk], cause=SUPPLY)

    assert (again, len(moves(order)), len(told())) == (0, 1, 1)


def test_of_two_changes_at_once_the_later_one_counts(shop, rare, monkeypatch):
    """Who reads first may write last. Fails where the line is read before the orders are locked."""
    receipt = expect(shop, rare, 5, FIRST)
    order = ordered(5)
    inventory.change_expected(receipt.pk, expected_on=date(2037, 12, 7), actor=SYSTEM)
    compare = redating._changed

    def meanwhile(waits):
        found = compare(waits)
        monkeypatch.setattr(redating, "_changed", compare)
        inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)
        services.redate_waiting([rare.pk], cause=SUPPLY)
        return found

    monkeypatch.setattr(redating, "_changed", meanwhile)
    services.redate_waiting([rare.pk], cause=SUPPLY)

    assert days(order) == (FROM_FIRST, FROM_SECOND, FROM_SECOND)
    assert moves(order) == [("2037-12-04", "2037-12-11", "supply")]


def test_who_orders_while_supply_changes_is_told_the_day_that_is_right(shop, rare, run_debts, monkeypatch):
    """The order is written by what it could see, and the change finds nobody who waits.

    Fails without `UnitsAwaited` in `settlement.tell`.
    """
    receipt = expect(shop, rare, 5, FIRST)
    seen = outlook.figures([rare.pk])
    inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)
    run_debts()
    monkeypatch.setattr(outlook, "figures", lambda products, demand=None, kits=None: seen)
    order = ordered(5)
    monkeypatch.undo()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    assert days(order)[1] == FROM_FIRST

    run_debts()

    assert (days(order), told()) == ((FROM_FIRST, FROM_SECOND, FROM_SECOND), [order.email])
    assert moves(order) == [("2037-12-04", "2037-12-11", "supply")]


def test_the_mail_names_both_days_in_the_language_of_the_customer(shop, rare, run_debts):
    receipt = expect(shop, rare, 5, FIRST)
    order = ordered(5)
    inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)
    run_debts()

    mail = OutgoingMail.objects.get(kind="promise_later")
    assert mail.subject == f"Your order {order} comes later"
    assert "by Friday, 11 December 2037, not by Friday, 4 December 2037" in mail.text
    assert "you can cancel it" in mail.text


def test_quiet_orders_move_and_tell_nobody(shop, rare, run_debts):
    receipt = expect(shop, rare, 5, FIRST)
    order = ordered(5, notify=False)

    inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)
    run_debts()

    assert (len(moves(order)), told()) == (1, [])


def test_units_that_come_bring_the_promise_forward(shop, rare, run_debts):
    order = ordered(5)
    assert days(order)[1] == SOME_DAY

    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 5}, actor=SYSTEM)
    run_debts()

    assert days(order) == (SOME_DAY, date(2037, 11, 26), date(2037, 11, 26))
    assert (moves(order), told()) == ([("2037-12-17", "2037-11-26", "filled")], [])


def test_units_that_are_not_there_move_the_promise_to_the_next_that_come(shop, rare, run_debts):
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 10}, actor=SYSTEM)
    expect(shop, rare, 5, FIRST)
    order = ordered(10)

    inventory.adjust_stock(product_id=rare.pk, warehouse_id=shop.hamburg.pk, change=-3, reason="count", actor=SYSTEM)
    run_debts()

    assert moves(order) == [("2037-11-26", "2037-12-04", "shortfall")]
    assert days(order) == (date(2037, 11, 26), FROM_FIRST, FROM_FIRST)
    # What is tied still keeps its day.
    parcels = [(one["kind"], one["lines"], one["arrives_on"]) for one in anew(order).sourcing["parcels"]]
    assert parcels == [("goods", {"1": 7}, "2037-11-26"), ("backorder", {"1": 3}, "2037-12-04")]
    assert told() == [order.email]


def test_what_the_customer_wishes_is_in_the_log(shop, run_debts):
    order = confirmed_order({"MUG-RED": 1})

    services.update_preferences(order.pk, {"requested_delivery_on": date(2037, 12, 9)}, actor=SYSTEM)

    assert moves(order) == [("2037-11-26", "2037-12-09", "wish")]
    assert days(order) == (date(2037, 11, 26), date(2037, 12, 9), date(2037, 12, 9))


def test_before_a_day_is_promised_nothing_is_broken(shop, rare, run_debts):
    receipt = expect(shop, rare, 5, FIRST)
    order = placed_order({"RARE": 5})
    assert anew(order).promised_on is None

    inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)
    run_debts()

    assert (anew(order).estimated_delivery_on, moves(order), told()) == (FROM_SECOND, [], [])


def test_another_release_date_moves_the_preorders(shop, run_debts):
    novel = make_priced_product("NOVEL", "20.00", backorder=True, release_on=FIRST)
    order = confirmed_order({"NOVEL": 1})
    assert anew(order).promised_on == FROM_FIRST

    inventory.update_product(novel.pk, {"release_on": SECOND}, actor=SYSTEM)
    run_debts()

    assert moves(order) == [("2037-12-04", "2037-12-11", "release")]


def test_hundreds_who_wait_take_no_more_statements_than_a_few(shop, rare, django_assert_max_num_queries):
    receipt = expect(shop, rare, 100, FIRST)
    orders = [ordered(1) for _number in range(6)]
    inventory.change_expected(receipt.pk, expected_on=SECOND, actor=SYSTEM)

    # Asked before anybody is locked, and again under the locks.
    with django_assert_max_num_queries(15):
        assert services.redate_waiting([rare.pk], cause=SUPPLY) == 6

    assert [len(moves(order)) for order in orders] == [1] * 6


def test_a_receipt_is_not_changed_to_what_can_not_be(shop, rare):
    receipt = expect(shop, rare, 5, FIRST)
    inventory.receive_expected(receipt.pk, quantity=2, actor=SYSTEM)
    with pytest.raises(Invalid, match="2 have come already"):
        inventory.change_expected(receipt.pk, quantity=2, actor=SYSTEM)
    inventory.cancel_expected(receipt.pk, reason="no", actor=SYSTEM)
    with pytest.raises(ReceiptClosed):
        inventory.change_expected(receipt.pk, quantity=9, actor=SYSTEM)
