"""Units that somebody wants later, lent to who needs them now: never without a date on which they come back.

The race is shown to fail on PostgreSQL when the figures are read before the shelves are locked.
"""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from core import invariants
from core.actors import SYSTEM
from core.models import EventRecord
from inventory import services as inventory
from inventory.errors import InsufficientStock
from orders import services
from orders.invariants import TRUTHS
from orders.models import Order, OrderException
from orders.sentences import SUPPLY
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, order_input, run_debts

pytestmark = pytest.mark.django_db
# A Monday to come, so that debts are due. From both warehouses a parcel takes two days, after one of handling.
NOW = datetime(2037, 11, 23, 9, tzinfo=UTC)
SOON = date(2037, 11, 26)
# What is wanted on that Friday leaves on Wednesday, and work on it begins on Tuesday at the latest.
WISH, SAFE = date(2037, 12, 18), date(2037, 12, 15)
IN_TIME, TOO_LATE = date(2037, 12, 1), date(2037, 12, 15)


@pytest.fixture(autouse=True)
def _monday(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def rare(shop):
    return make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 4})


def expect(warehouse, product, units, on=IN_TIME):
    return inventory.expect_receipt(
        product_id=product.pk, warehouse_id=warehouse.pk, quantity=units, expected_on=on, actor=SYSTEM
    )


def ordered(units, **given) -> Order:
    return confirmed_order({"RARE": units}, email=f"buyer{Order.objects.count()}@example.com", **given)


def state(order) -> tuple[int, int, int]:
    line = order.lines.get()
    return line.allocated, line.backordered, line.lent


def told(order, name) -> list[dict]:
    rows = EventRecord.objects.filter(name=f"orders.{name}", thread=order.history_thread()).order_by("pk")
    return [row.payload for row in rows]


def availability(units):
    return services.availability(
        sku="RARE", quantity=units, country="DE", postal_code="10115", method="standard", channel="api"
    )


def breaches() -> list[str]:
    return [one.name for one in TRUTHS if invariants.ask(one).breaches]


def test_what_is_wanted_later_is_lent_to_who_needs_it_now(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, rare, 3)

    preview, found = services.preview_order(order_input({"RARE": 3})), availability(3)
    borrower = ordered(3)
    run_debts()

    assert (borrower.promised_on, state(borrower)) == (SOON, (3, 0, 0))
    assert (preview.order.estimated_delivery_on, preview.short, preview.free) == (SOON, {}, {rare.pk: 3})
    assert (found.available, found.short, found.arrives_on, found.by_day) == (3, 0, SOON, [(None, 3)])
    assert (state(lender), lender.lines.get().lent_until) == ((1, 3, 3), SAFE)
    assert (anew(lender).promised_on, lender.lines.get().promised_on) == (WISH, WISH)
    assert [(one["kind"], one["lines"], one["from"]) for one in anew(lender).sourcing["parcels"][1:]] == [
        ("backorder", {"1": 3}, "2037-12-01")
    ]
    assert told(lender, "stock_lent") == [
        {"order_id": lender.pk, "quiet": False, "to": borrower.number, "units": "3 × RARE", "until": "2037-12-15"}
    ]
    assert [(one["lender"], one["units"]) for one in told(borrower, "stock_borrowed")] == [(lender.number, "3 × RARE")]
    assert (stock_of(rare).reserved, told(lender, "promise_changed"), breaches()) == (4, [], [])


def test_nothing_is_lent_that_nothing_brings_back_in_time(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)

    def lends() -> bool:
        return bool(availability(1).available) or state(ordered(1))[0] == 1

    assert not lends()
    expect(shop.hamburg, rare, 9, TOO_LATE)
    assert not lends()
    expect(shop.hamburg, rare, 9, NOW.date() - timedelta(days=1))
    assert not lends()
    expect(shop.munich, rare, 9)
    assert not lends()
    assert state(lender) == (4, 0, 0)


def test_what_may_not_wait_is_sold_from_what_is_lent(shop):
    cup = make_priced_product("RARE", "9.00", stock={"HAM": 4})
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, cup, 3)

    with pytest.raises(InsufficientStock):
        services.place_order(order_input({"RARE": 4}), actor=SYSTEM)
    assert (state(lender), availability(4).can_be_ordered) == ((4, 0, 0), False)

    assert state(ordered(3)) == (3, 0, 0)
    assert state(lender) == (1, 3, 3)
    with pytest.raises(InsufficientStock):
        ordered(1)


def test_no_more_is_lent_than_comes_back(shop, rare):
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 4}, actor=SYSTEM)
    lenders = [ordered(4, requested_delivery_on=WISH + timedelta(days=7 * n)) for n in range(2)]
    expect(shop.hamburg, rare, 5)

    borrowers = [ordered(units) for units in (3, 3)]

    assert [state(one) for one in borrowers] == [(3, 0, 0), (2, 1, 0)]
    # Who has the most time lends first.
    assert [state(one) for one in lenders] == [(3, 1, 1), (0, 4, 4)]
    # Nobody knows when the rest comes: what comes is for who lent.
    assert borrowers[1].sourcing["parcels"][-1]["from"] is None
    assert breaches() == []


def test_who_lent_gets_it_back_before_everybody(shop, rare, run_debts):
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, rare, 4)
    ordered(4)
    urgent = ordered(2, shipping_method="express")
    run_debts()
    assert (state(lender), state(urgent)) == ((0, 4, 4), (0, 2, 0))

    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 5}, actor=SYSTEM)
    services.fill_backorders([rare.pk])

    assert (state(lender), state(urgent)) == ((4, 0, 0), (1, 1, 0))
    assert (lender.lines.get().lent_until, anew(lender).promised_on, anew(lender).starts_on) == (None, WISH, SAFE)


def test_while_somebody_waits_in_front_nothing_is_lent(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    waiting = ordered(3)
    expect(shop.hamburg, rare, 4)

    assert state(ordered(1)) == (0, 1, 0)

    run_debts()
    # They who wait borrow as they stand in line, once what comes is known.
    assert (state(waiting), state(lender)) == ((3, 0, 0), (0, 4, 4))
    assert anew(waiting).promised_on == SOON
    assert breaches() == []


def test_who_wants_it_later_borrows_nothing(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, rare, 4)

    later = ordered(2, requested_delivery_on=WISH)

    assert (state(later), state(lender), later.promised_on) == ((0, 2, 0), (4, 0, 0), WISH)


def test_what_does_not_come_in_time_is_taken_back_or_told(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    receipt = expect(shop.hamburg, rare, 4)
    borrower = ordered(3)
    run_debts()
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 1}, actor=SYSTEM)

    inventory.change_expected(receipt.pk, expected_on=date(2037, 12, 22), actor=SYSTEM)
    run_debts()

    assert (state(lender), state(borrower)) == ((2, 2, 2), (3, 0, 0))
    trouble = OrderException.objects.get()
    assert trouble.title == f"{lender} lent 2 × RARE, and they are not back"
    moved = [(one["after"], one["cause"]) for one in told(lender, "promise_changed")]
    assert moved == [("2037-12-25", SUPPLY.code)]
    assert services.recall_endangered([rare.pk]) == 1
    assert OrderException.objects.count() == 1


def test_nobody_is_called_any_more_for_what_is_back(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    receipt = expect(shop.hamburg, rare, 4)
    ordered(3)
    inventory.change_expected(receipt.pk, expected_on=date(2037, 12, 22), actor=SYSTEM)
    run_debts()
    trouble = OrderException.objects.get()

    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 2}, actor=SYSTEM)
    run_debts()
    assert (state(lender), OrderException.objects.get().status) == ((3, 1, 1), "open")
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 1}, actor=SYSTEM)
    run_debts()

    trouble.refresh_from_db()
    assert (state(lender), trouble.status, trouble.resolution) == ((4, 0, 0), "resolved", "Its units are back")
    assert (anew(lender).open_exceptions, len(told(lender, "lent_is_back"))) == (0, 1)


def test_who_takes_back_what_it_lent_is_told_of_no_more(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    receipt = expect(shop.hamburg, rare, 4)
    borrower = ordered(3)
    inventory.change_expected(receipt.pk, expected_on=date(2037, 12, 22), actor=SYSTEM)
    run_debts()
    assert OrderException.objects.get().status == "open"
    services.set_priority(lender.pk, 99, reason="Asked", actor=SYSTEM)

    taking = services.preview_taking(lender.pk, actor=SYSTEM)
    agreed = {loss.order.pk: loss.after for loss in taking.losses}
    services.take_units(lender.pk, agreed=agreed, reason="Promised", actor=SYSTEM)
    run_debts()

    assert (state(lender), state(borrower)) == ((4, 0, 0), (0, 3, 0))
    assert OrderException.objects.get().status == "resolved"


def test_who_wants_it_earlier_gets_back_what_it_lent_or_somebody_is_told(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, rare, 4)
    ordered(3)
    run_debts()

    services.update_preferences(lender.pk, {"requested_delivery_on": date(2037, 12, 11)}, actor=SYSTEM)
    run_debts()
    # What comes on the first is there before work on it begins.
    assert (state(lender), lender.lines.get().lent_until) == ((1, 3, 3), date(2037, 12, 8))
    assert not OrderException.objects.exists()
    services.update_preferences(lender.pk, {"requested_delivery_on": date(2037, 12, 18)}, actor=SYSTEM)
    assert lender.lines.get().lent_until == date(2037, 12, 8)

    services.update_preferences(lender.pk, {"requested_delivery_on": None}, actor=SYSTEM)
    run_debts()

    assert (state(lender), lender.lines.get().lent_until) == ((1, 3, 3), NOW.date())
    assert OrderException.objects.get().title == f"{lender} lent 3 × RARE, and they are not back"
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 3}, actor=SYSTEM)
    run_debts()
    assert (state(lender), OrderException.objects.get().status) == ((4, 0, 0), "resolved")


def test_on_the_last_safe_day_it_is_taken_from_who_keeps_its_promise(shop, rare, monkeypatch):
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, rare, 4)
    ordered(4)
    assert services.recall_lent() == 0

    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW.replace(month=12, day=15))

    assert services.recall_lent() == 1
    assert OrderException.objects.get().order_id == lender.pk


def test_a_lender_that_is_cancelled_lends_nothing_any_more(shop, rare):
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, rare, 4)
    ordered(3)

    services.recall_lent(NOW.replace(month=12, day=15))
    assert OrderException.objects.get().status == "open"

    services.cancel_order(lender.pk, reason="Changed my mind", actor=SYSTEM)

    assert (state(lender), lender.lines.get().lent_until) == ((0, 0, 0), None)
    assert (OrderException.objects.get().status, anew(lender).open_exceptions) == ("resolved", 0)
    assert availability(1).available == 1


def test_without_a_lender_nothing_is_asked_more_often(shop, rare, django_assert_num_queries):
    make_priced_product("OTHER", "9.00", backorder=True)
    services.place_order(order_input({"OTHER": 1}, email="first@example.com"), actor=SYSTEM)

    with django_assert_num_queries(1):
        assert services.lend_to_waiting([rare.pk]) == 0
    with django_assert_num_queries(1):
        assert services.recall_endangered([rare.pk]) == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_borrow_at_once_and_no_more_than_comes_back(shop, rare, concurrently):
    lender = ordered(4, requested_delivery_on=WISH)
    expect(shop.hamburg, rare, 3)
    jobs = [partial(confirmed_order, {"RARE": 1}, email=f"racer{n}@example.com") for n in range(6)]

    outcomes = concurrently(*jobs, raising=False)
    run_debts()

    assert [one.error for one in outcomes if one.error is not None] == []
    got = sum(state(order)[0] for order in Order.objects.filter(email__startswith="racer"))
    assert (got, state(lender)) == (3, (1, 3, 3))
    assert (stock_of(rare).reserved, breaches()) == (4, [])
