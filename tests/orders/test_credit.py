"""The credit limit: what counts against it, where it is looked at, and how orders that wait go on."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.errors import DomainError
from customers import services as customers
from customers.errors import NoCreditLimit
from customers.models import CreditOverride, Customer
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from orders import services
from orders.credit import exposure_of
from orders.inputs import LineInput
from orders.models import Hold, Order
from orders.wishes import LineWish, Wish
from tests.racing import in_processes
from tests.scenarios import anew, paid, placed_order, run_debts, shipped_order

pytestmark = pytest.mark.django_db
INES = Actor("staff", "ines", frozenset({"orders.waive_check", "orders.release_hold", "orders.lift_money_hold"}))


@pytest.fixture
def linde(shop):
    """Return a company that may owe 50 EUR; two mugs and a tea come to 22.06."""
    given = customers.CustomerInput(name="Linde", email="l@example.com", credit_limit=Decimal(50))
    return customers.create_customer(given, actor=SYSTEM)


def order(linde, **given):
    # With a number of its own it is not the same order sent twice.
    given = {"external_reference": f"PO-{Order.objects.count() + 1}", **given}
    return placed_order(customer_id=linde.pk, payment_terms="net14", **given)


def parts(linde):
    found = exposure_of(Customer.objects.get(pk=linde.pk))
    return tuple(str(one) for one in (found.unpaid, found.unbilled, found.open, found.waiting))


def limit(linde, amount):
    customers.update_customer(linde.pk, {"credit_limit": Decimal(amount)}, actor=SYSTEM)
    run_debts()


def states(*orders):
    return [(one.status, one.active_holds) for one in map(anew, orders)]


def test_each_amount_counts_in_one_part_and_the_parts_are_what_is_due(linde, django_assert_num_queries):
    first = shipped_order(customer_id=linde.pk)
    second = order(linde)
    assert parts(linde) == ("0.00", "16.40", "27.72", "0.00"), "shipping has not left"
    run_debts()
    assert parts(linde) == ("22.06", "0.00", "22.06", "0.00")
    third = order(linde)
    assert anew(third).hold_reason == "66.18 EUR on account would exceed the limit of 50.00 EUR"
    assert parts(linde) == ("22.06", "0.00", "22.06", "22.06"), "what waits takes no credit from others"

    paid(second, Decimal(5))
    paid(first, Decimal("2.06"))
    assert parts(linde) == ("20.00", "0.00", "17.06", "22.06")
    assert sum(map(Decimal, parts(linde))) == sum(one.balance_due for one in map(anew, (first, second, third)))
    with django_assert_num_queries(1):
        exposure_of(linde)


def test_without_a_limit_nothing_is_looked_at(shop):
    free = customers.create_customer(customers.CustomerInput(name="Free", email="f@example.com"), actor=SYSTEM)
    assert [order(free, lines={"MUG-RED": 50}).status for _ in range(2)] == ["confirmed", "confirmed"]


def test_what_waits_goes_on_when_another_order_is_paid_cancelled_or_credited(linde):
    first, second, third = order(linde), order(linde), order(linde, lines={"MUG-RED": 3})
    assert states(first, second, third) == [("confirmed", 0), ("confirmed", 0), ("placed", 1)]

    paid(first)
    run_debts()
    assert states(third) == [("confirmed", 0)]
    fourth = order(linde, lines={"MUG-RED": 3})
    assert states(fourth) == [("placed", 1)]
    services.cancel_order(second.pk, reason="Changed their mind", actor=SYSTEM)
    run_debts()
    assert states(fourth) == [("confirmed", 0)]


def test_a_lower_limit_stops_the_newest_and_a_higher_lets_go_the_oldest_first(linde):
    first, second = order(linde), order(linde)
    limit(linde, "30")
    assert states(first, second) == [("confirmed", 0), ("confirmed", 1)]
    assert anew(second).why_not("release") == "44.12 EUR on account would exceed the limit of 30.00 EUR"
    limit(linde, "10")
    assert states(first, second) == [("confirmed", 1), ("confirmed", 1)]
    limit(linde, "30")
    assert states(first, second) == [("confirmed", 0), ("confirmed", 1)]
    limit(linde, "45")
    assert states(first, second) == [("confirmed", 0), ("confirmed", 0)]


@pytest.mark.parametrize("step", ["confirm", "release", "ship"])
def test_each_step_is_looked_at_again(linde, step):
    first = order(linde) if step != "confirm" else _verified(linde)
    if step == "ship":
        fulfillment.release_order(first.pk, actor=SYSTEM)
        work = FulfillmentOrder.objects.get(order=first).pk
        for walk in (fulfillment.start_picking, fulfillment.pick, fulfillment.pack):
            walk(work, actor=SYSTEM)
    # Nobody told: what the handlers would do is not done yet.
    Customer.objects.filter(pk=linde.pk).update(credit_limit=Decimal(20))
    before = anew(first).status

    with pytest.raises(DomainError) as refused:
        _take(step, first)

    reason = "22.06 EUR on account would exceed the limit of 20.00 EUR"
    assert reason in str(refused.value.message)
    waits, hold = anew(first), Hold.objects.get(order=first)
    assert (waits.is_on_hold, waits.hold_reason, hold.kind, hold.status) == (True, reason, "credit", "active")
    assert waits.status == before, "nothing else happened"
    limit(linde, "22.06")
    if step != "confirm":  # which it does by itself
        _take(step, first)
    assert anew(first).status == {"confirm": "confirmed", "release": "fulfilling", "ship": "fulfilled"}[step]


def _take(step, order):
    if step == "confirm":
        services.confirm_order(order.pk, actor=SYSTEM)
    elif step == "release":
        fulfillment.release_order(order.pk, actor=SYSTEM)
    else:
        fulfillment.ship_fulfillment_order(FulfillmentOrder.objects.get(order=order).pk, actor=SYSTEM)


def _verified(linde):
    """Return an order on account that somebody has still to confirm."""
    found = order(linde)
    Order.objects.filter(pk=found.pk).update(status="verified", confirmed_at=None)
    return anew(found)


def test_credit_beyond_the_limit_is_granted_for_a_time_and_then_over(linde):
    first, second, third = order(linde), order(linde), order(linde)
    granted = customers.grant_credit(
        linde.pk, amount=Decimal(20), until=timezone.now() + timedelta(days=2), reason="Pays on Monday", actor=INES
    )
    run_debts()
    assert states(first, second, third) == [("confirmed", 0)] * 3

    CreditOverride.objects.filter(pk=granted.pk).update(until=timezone.now())
    assert customers.end_credits_over() == 1
    run_debts()
    assert states(first, second, third) == [("confirmed", 0), ("confirmed", 0), ("confirmed", 1)]
    assert (customers.end_credit(granted.pk, actor=INES).ended_by, customers.end_credits_over()) == ("system", 0)
    free = customers.create_customer(customers.CustomerInput(name="Free", email="f@example.com"), actor=SYSTEM)
    with pytest.raises(NoCreditLimit):
        customers.grant_credit(
            free.pk, amount=Decimal(1), until=timezone.now() + timedelta(days=1), reason="-", actor=INES
        )


def test_an_order_that_somebody_let_pass_counts_against_new_ones_and_takes_back_none(linde):
    first, second, third = order(linde), order(linde), order(linde)
    services.release_hold(Hold.objects.get(order=third).pk, note="Trusted", actor=INES)
    run_debts()
    assert states(first, second, third) == [("confirmed", 0)] * 3

    assert fulfillment.release_order(first.pk, actor=SYSTEM)
    assert fulfillment.release_order(third.pk, actor=SYSTEM), "the word of whoever let it pass still holds"
    assert states(order(linde, lines={"TEA-1": 1})) == [("placed", 1)]


def test_a_lifted_hold_lets_an_order_wait_for_credit_where_it_does_not_fit_any_more(linde):
    order(linde)
    twin = order(linde, external_reference="")
    assert Hold.objects.get(order=twin).kind == "duplicate"
    Customer.objects.filter(pk=linde.pk).update(credit_limit=Decimal(30))

    services.release_hold(Hold.objects.get(order=twin).pk, note="Both are meant", actor=INES)

    active = Hold.objects.get(order=twin, status="active")
    assert (active.kind, active.blocks, anew(twin).status) == ("credit", ["verify"], "placed")


def test_paid_in_advance_is_not_looked_at(linde):
    prepaid = placed_order(customer_id=linde.pk, lines={"MUG-RED": 50})
    assert (prepaid.status, prepaid.active_holds) == ("verified", 0)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_four_that_wait_for_credit_that_fits_one_one_goes_on(linde):
    """Four processes at once. Guard: the lock on the customer's row before the sum (`buyer.exposure_of`)."""
    Customer.objects.filter(pk=linde.pk).update(credit_limit=Decimal(1))
    waiting = [order(linde) for _ in range(4)]
    assert states(*waiting) == [("placed", 1)] * 4
    Customer.objects.filter(pk=linde.pk).update(credit_limit=Decimal(30))

    outcomes = in_processes("tests.orders.test_credit:look_again", [(one.pk,) for one in waiting])

    assert [one.error for one in outcomes if one.error] == []
    assert sorted(one.value for one in outcomes) == ["confirmed", "placed", "placed", "placed"]
    assert sorted(one.status for one in map(anew, waiting)) == ["confirmed", "placed", "placed", "placed"]


def look_again(order_id):
    """Look again at an order that waits, in a process of its own."""
    return services.recheck_order(order_id, actor=SYSTEM).status


def test_the_page_of_a_customer_shows_the_parts_and_grants_more(staff, linde):
    orders = [order(linde) for _ in range(3)]
    page = reverse("admin:customers_customer_change", args=[linde.pk])
    shown = staff.get(page).content.decode()
    for said in ("Open orders", "€44.12", "€50.00", "€5.88", "Waits for credit", "€22.06"):
        assert said in shown, said
    for link in re.findall(r'href="(/admin/orders/order/\?customer[^"]+)"', shown):
        assert staff.get(link.replace("&amp;", "&")).status_code == 200, link

    step = reverse("admin:customers_customer_do", args=[linde.pk, "credit"])
    day = timezone.localdate() + timedelta(days=3)
    assert "From today on" in staff.post(step, {"amount": "20", "until": "2020-01-01", "reason": "-"}).content.decode()
    assert staff.post(step, {"amount": "20.00", "until": day, "reason": "Pays on Monday"}).status_code == 302
    run_debts()
    assert states(*orders) == [("confirmed", 0)] * 3
    assert "Pays on Monday" in staff.get(page).content.decode()
    granted = CreditOverride.objects.get()
    assert staff.post(reverse("admin:customers_creditoverride_do", args=[granted.pk, "end"])).status_code == 302
    assert CreditOverride.objects.get().ended_at is not None


@pytest.mark.parametrize(
    ("currency", "why"),
    [
        ("EUR", "The customer's credit limit would be exceeded by 485.50 EUR"),
        ("USD", "The credit limit is in EUR, the order in USD"),
    ],
)
def test_an_edit_on_account_beyond_the_limit_waits_for_somebody_whatever_its_currency(linde, currency, why):
    five = LineInput(sku="MUG-RED", quantity=1, unit_price=Decimal("5.00"))
    bought = order(linde, lines=(five,), currency=currency, shipping_price=Decimal(0))
    for hold in Hold.objects.filter(order=bought, status="active"):
        services.release_hold(hold.pk, note="these only", actor=INES)
    before = anew(bought)
    assert (before.status, before.total) == ("confirmed", Decimal("5.95"))

    wish = Wish(lines=(LineWish(position=1, quantity=90),))
    change = services.request_change(
        bought.pk, wish, expected_version=before.version, reason="more", actor=Actor("staff", "tom")
    )
    assert (change.status, change.approval) == ("requested", [why])
    assert anew(bought).total == Decimal("5.95")
    run_debts()
    assert anew(bought).total == Decimal("5.95")


def test_an_edit_on_account_that_grows_nothing_waits_for_nobody_in_another_currency(linde):
    five = LineInput(sku="MUG-RED", quantity=2, unit_price=Decimal("5.00"))
    bought = order(linde, lines=(five,), currency="USD", shipping_price=Decimal(0))
    for hold in Hold.objects.filter(order=bought, status="active"):
        services.release_hold(hold.pk, note="these only", actor=INES)
    wish = Wish(lines=(LineWish(position=1, quantity=1),))
    change = services.request_change(
        bought.pk, wish, expected_version=anew(bought).version, reason="fewer", actor=Actor("staff", "tom")
    )
    assert change.status == "approved"
