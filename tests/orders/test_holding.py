"""Stock kept for who has not paid: for a time, let go afterwards, and kept for good once the money is there.

The race is shown to fail on PostgreSQL without the lock on the order (`book.take_order`).
"""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from core import invariants
from core.actors import SYSTEM
from core.models import EventRecord, OutgoingMail
from inventory.models import Reservation
from orders import outlook, services
from orders.invariants import TRUTHS
from orders.models import Order, OrderException
from orders.tasks import lapse_unpaid_stock
from pricing.models import Channel
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, paid, placed_order, run_debts

pytestmark = pytest.mark.django_db


@pytest.fixture
def thirty_minutes(shop):
    Channel.objects.filter(code="api").update(hold_minutes=30)
    return shop


def gold(units: int = 2, **given):
    return make_priced_product("GOLD-POT", "900.00", stock={"HAM": units}, **given)


def over(order: Order) -> None:
    """Let the time of an order be over."""
    assert services.lapse_stock(order.pk, at=order.stock_held_until) is not None


def figures(order: Order) -> tuple[int, int]:
    line = order.lines.get()
    return line.allocated, line.backordered


def test_without_a_setting_stock_is_kept_until_the_payment_is_due(shop):
    order = placed_order()

    assert (order.stock_held_until, order.reservation.expires_at) == (None, None)
    assert lapse_unpaid_stock() == 0


def test_stock_is_kept_for_the_minutes_of_the_channel(thirty_minutes):
    order = placed_order()

    assert order.stock_held_until - order.placed_at == timedelta(minutes=30)
    assert order.reservation.expires_at == order.stock_held_until
    assert lapse_unpaid_stock() == 0
    assert stock_of(thirty_minutes.mug).reserved == 2


def test_what_is_bought_on_account_is_kept_for_good(thirty_minutes):
    order = confirmed_order()

    assert (order.stock_held_until, order.reservation.expires_at) == (None, None)


def test_a_time_beyond_the_day_of_payment_says_nothing(shop):
    Channel.objects.filter(code="api").update(hold_minutes=8 * 24 * 60)

    assert placed_order().stock_held_until is None


def test_stock_is_let_go_when_its_time_is_over(thirty_minutes):
    product = gold()
    order = placed_order({"GOLD-POT": 2})
    Reservation.objects.update(expires_at=timezone.now())
    Order.objects.update(stock_held_until=timezone.now())

    assert lapse_unpaid_stock() == 1
    assert lapse_unpaid_stock() == 0

    order = anew(order)
    assert (order.status, order.stock_lapsed, order.allocation_status) == ("verified", True, "backordered")
    assert figures(order) == (0, 2)
    assert (stock_of(product).reserved, order.reservation.expires_at) == (0, None)
    assert EventRecord.objects.filter(name="orders.stock_lapsed", thread=order.history_thread()).count() == 1


def test_what_was_let_go_is_for_who_waits_and_not_for_who_did_not_pay(thirty_minutes):
    product = gold(backorder=True)
    unpaid = placed_order({"GOLD-POT": 2})
    first, second = (confirmed_order({"GOLD-POT": 1}, email=f"{n}@example.com") for n in range(2))
    assert (figures(first), figures(second)) == ((0, 1), (0, 1))

    over(unpaid)
    run_debts()

    assert (figures(first), figures(second), figures(unpaid)) == ((1, 0), (1, 0), (0, 2))
    # It asks for nothing until it is paid: the next may count on what comes.
    assert outlook.figures([product.pk])[product.pk].waiting == 0


def test_paid_in_time_it_is_kept_for_good(thirty_minutes):
    gold()
    order = paid(placed_order({"GOLD-POT": 2}))

    assert (order.status, order.stock_held_until, order.stock_lapsed) == ("confirmed", None, False)
    assert Reservation.objects.get(pk=order.reservation_id).expires_at is None
    assert services.lapse_stock(order.pk, at=timezone.now() + timedelta(hours=1)) is None
    assert figures(order) == (2, 0)


def test_who_paid_a_part_keeps_it(thirty_minutes):
    order = placed_order()
    until = order.stock_held_until
    paid(order, order.total / 2)

    assert services.lapse_stock(order.pk, at=until) is None
    assert stock_of(thirty_minutes.mug).reserved == 2
    assert anew(order).stock_held_until is None


def test_paid_afterwards_it_gets_what_is_still_there(thirty_minutes):
    product = gold()
    order = placed_order({"GOLD-POT": 2})
    expected = order.estimated_delivery_on
    over(order)

    order = paid(order)
    run_debts()

    assert (order.status, order.stock_lapsed, order.promised_on) == ("confirmed", False, expected)
    assert (figures(order), stock_of(product).reserved) == ((2, 0), 2)
    assert [parcel["kind"] for parcel in order.sourcing["parcels"]] == ["goods"]
    assert not OrderException.objects.exists()


def test_paid_afterwards_it_is_short_and_never_oversold(thirty_minutes):
    product = gold(3)
    late = placed_order({"GOLD-POT": 2})
    over(late)
    confirmed_order({"GOLD-POT": 2}, email="quick@example.com")

    late = paid(late)
    run_debts()

    assert (late.status, figures(late), stock_of(product).reserved) == ("confirmed", (1, 1), 3)
    trouble = OrderException.objects.get()
    assert (trouble.order_id, trouble.category) == (late.pk, "shortfall")
    assert trouble.title == f"{late} was paid after its stock was let go, and 1 × GOLD-POT are missing"


def test_paid_afterwards_it_leaves_to_others_what_they_are_about_to_get(thirty_minutes):
    gold(backorder=True)
    late = placed_order({"GOLD-POT": 2})
    waiting = confirmed_order({"GOLD-POT": 1}, email="patient@example.com")
    Order.objects.filter(pk=waiting.pk).update(rank=late.rank - 1)
    over(late)

    late = paid(late)
    run_debts()

    assert (figures(waiting), figures(late)) == ((1, 0), (1, 1))


def test_an_order_that_ends_forgets_its_time(thirty_minutes):
    order = placed_order()
    services.cancel_order(order.pk, reason="Changed my mind", actor=SYSTEM)

    assert anew(order).stock_held_until is None
    Reservation.objects.update(expires_at=timezone.now())
    assert lapse_unpaid_stock() == 0
    assert not Reservation.objects.filter(expires_at__isnull=False).exists()


def test_the_customer_reads_until_when(thirty_minutes):
    placed_order()
    run_debts()

    mail = OutgoingMail.objects.get(kind="order_received")
    assert "We keep them until" in mail.text


def test_the_page_of_the_order_says_until_when(thirty_minutes, admin_client):
    order = placed_order()
    Order.objects.update(stock_held_until=datetime(2037, 11, 23, 14, 30, tzinfo=UTC))
    address = reverse("admin:orders_order_change", args=[order.pk])

    page = " ".join(admin_client.get(address).content.decode().split())
    found = re.search("kept until (23 November 2037|November 23, 2037), [0-9:]+30", page)
    assert found is not None

    Order.objects.update(stock_lapsed=True)
    page = " ".join(admin_client.get(address).content.decode().split())
    assert found.group().replace("kept until", "let go, not paid until") in page


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_payment_and_the_end_of_the_time_at_once(thirty_minutes, concurrently):
    product = gold(4)
    orders = [placed_order({"GOLD-POT": 1}, email=f"buyer{n}@example.com") for n in range(4)]
    jobs = [
        job
        for order in orders
        for job in (partial(paid, order), partial(services.lapse_stock, order.pk, at=order.stock_held_until))
    ]

    outcomes = concurrently(*jobs, raising=False)

    assert [one.error for one in outcomes if one.error is not None] == []
    assert [anew(order).status for order in orders] == ["confirmed"] * 4
    assert [figures(order) for order in orders] == [(1, 0)] * 4
    assert stock_of(product).reserved == 4
    assert [one.name for one in TRUTHS if invariants.ask(one).breaches] == []
