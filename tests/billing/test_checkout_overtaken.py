"""A page on which a customer pays, when the order or its money goes another way; and money that goes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.models import Refund
from core.models import Delivery
from core.outbox import retry_dead
from orders import services as orders
from orders.models import OrderException
from tests.billing.checkouts import ALL, MAYA, NOTHING, begin, come_back, stand
from tests.factories.billing import again, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def order(provider):
    """An order that waits for 22.06 EUR."""
    return place(terms="prepaid")


def test_what_came_another_way_meanwhile_closes_the_page(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("22.06"), actor=MAYA)
    run_debts()
    assert provider.accounts[payment.code].state == "closed"
    assert stand(payment) == ("voided", *NOTHING)
    assert (again(order).status, again(order).payment_status) == ("confirmed", "paid")


def test_where_the_amount_changed_the_old_page_is_closed_and_a_new_one_opened(order, provider, run_debts):
    first = begin(order)
    run_debts()
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("10.00"), actor=MAYA)
    second = begin(order)
    run_debts()

    assert (provider.accounts[first.code].state, stand(first)[0]) == ("closed", "voided")
    assert provider.accounts[second.code].amount == Decimal("12.06")
    provider.pay(second.code)
    come_back(order, run_debts)
    assert (again(order).status, again(order).balance_due) == ("confirmed", Decimal(0))


def test_who_paid_on_the_old_page_in_the_same_moment_has_paid_too_much_and_it_is_seen(order, provider, run_debts):
    first = begin(order)
    run_debts()
    provider.pay(first.code)
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("22.06"), actor=MAYA)
    run_debts()

    assert stand(first) == ALL
    assert (again(order).payment_status, again(order).balance_due) == ("overpaid", Decimal("-22.06"))


def test_a_cancelled_order_closes_its_page(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    orders.cancel_order(order.pk, reason="No", actor=MAYA)
    run_debts()
    assert (provider.accounts[payment.code].state, stand()) == ("closed", ("voided", *NOTHING))


def test_who_paid_while_the_order_was_cancelled_gets_the_money_back(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    orders.cancel_order(order.pk, reason="No", actor=MAYA)
    provider.pay(payment.code)
    run_debts()

    assert stand() == ("captured", "22.060", "22.060", "22.060")
    assert Refund.objects.get().status == "succeeded"
    assert provider.total() == 0
    assert not OrderException.objects.exclude(status="resolved").exists()


def test_a_page_that_could_not_be_closed_is_tried_again_and_then_left_to_a_person(order, provider, run_debts):
    begin(order)
    run_debts()
    orders.cancel_order(order.pk, reason="No", actor=MAYA)
    provider.away = True
    for _ in range(9):
        Delivery.objects.filter(status="pending").update(due_at=timezone.now())
        run_debts()
    assert OrderException.objects.get(category="dead_debt").title == "Given up after many tries: close checkout"

    provider.away = False
    retry_dead(Delivery.objects.filter(status="dead").values_list("pk", flat=True))
    run_debts()
    assert stand()[0] == "voided"


def test_a_refund_whose_answer_was_lost_is_sent_once(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    provider.pay(payment.code)
    come_back(order, run_debts)
    provider.losing = 1
    billing.refund_payment(payment.pk, reason="Kind", actor=MAYA)
    run_debts()
    assert (Refund.objects.get().status, provider.total()) == ("processing", Decimal(0))

    assert billing.reconcile_refunds() == 0
    assert billing.reconcile_refunds(timezone.now() + timedelta(seconds=16)) == 1
    assert Refund.objects.get().status == "succeeded"
    assert stand() == ("captured", "22.060", "22.060", "22.060")
    assert (provider.total(), provider.asked.count("refund")) == (Decimal(0), 2)


def test_a_refund_the_provider_refuses_has_failed(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    provider.pay(payment.code)
    come_back(order, run_debts)
    provider.accounts[payment.code].refunds["by hand"] = Decimal("20.00")
    billing.refund_payment(payment.pk, reason="Kind", actor=MAYA)
    run_debts()
    refund = Refund.objects.get()
    assert (refund.status, refund.failure) == ("failed", "More would go back than was paid")
    assert stand() == ALL
