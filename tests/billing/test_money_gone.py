"""An order that was let go on for money which is gone again: nothing of it leaves until the money is back."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import Invoice, Payment
from core.actors import Actor
from core.money import Money
from fulfillment import services as fulfillment
from fulfillment.errors import OrderBlocked
from orders.models import Hold
from pricing.models import Channel
from tests.billing.checkouts import begin, come_back
from tests.factories.billing import again, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
MAYA = Actor("staff", "maya")
WHOLE = Decimal("22.06")


def holds(order):
    return list(Hold.objects.filter(order=order, status=Hold.Status.ACTIVE).values_list("kind", "reason", "blocks"))


WAITS = [("payment", "Waiting for 22.06 EUR again: the money for it is gone", ["release", "ship"])]


def test_a_hold_that_is_let_go_keeps_the_goods_here_until_money_comes():
    order = place(terms="prepaid")
    held = billing.authorize_payment(order.pk, method="card", amount=WHOLE, reference="ch_1", actor=MAYA)
    billing.void_payment(held.pk, reason="By mistake", actor=MAYA)

    assert (again(order).status, holds(order)) == ("confirmed", WAITS)
    with pytest.raises(OrderBlocked):
        fulfillment.release_order(order.pk, actor=MAYA)

    billing.record_payment(order.pk, method="cash", amount=WHOLE, actor=MAYA)
    assert holds(order) == []
    ship_all(order)
    assert again(order).fulfillment_status == "delivered"


def test_money_that_goes_back_before_the_goods_leave_keeps_them_here(run_debts):
    order = place(terms="prepaid")
    paid = billing.record_payment(order.pk, method="cash", amount=WHOLE, actor=MAYA)
    billing.refund_payment(paid.pk, reason="The customer asked", actor=MAYA)
    run_debts()

    assert (again(order).status, again(order).balance_due, holds(order)) == ("confirmed", WHOLE, WAITS)


def test_what_is_credited_is_waited_for_no_more(run_debts):
    order = place(terms="prepaid")
    billing.record_payment(order.pk, method="cash", amount=WHOLE, actor=MAYA)
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    billing.request_refund(order.pk, amount=Money(Decimal("5.25"), "EUR"), reference="R-1", actor=MAYA)
    run_debts()
    waits = "Waiting for 5.25 EUR again: the money for it is gone"
    assert holds(order) == [("payment", waits, ["release", "ship"])]

    billing.credit_invoice(Invoice.objects.get().pk, amount=Decimal("5.25"), reference="scratched", actor=MAYA)
    run_debts()
    assert (again(order).status, holds(order)) == ("fulfilling", [])


def test_a_hold_that_ran_out_keeps_the_goods_here(stripe, run_debts):
    order = place(terms="prepaid")
    payment = paid_by_card(order, stripe, run_debts)
    stripe.run_out("pi_1")
    billing.ask_provider(payment.pk)

    assert (Payment.objects.get().status, again(order).status, holds(order)) == ("expired", "confirmed", WAITS)


@pytest.mark.parametrize("policy", ["saved_means", "pay_link"])
def test_what_the_house_lets_go_of_with_the_first_parcel_keeps_nothing_here(policy, stripe, run_debts):
    Channel.objects.filter(code="api").update(capture_policy=policy)
    order = place(terms="prepaid")
    paid_by_card(order, stripe, run_debts)
    ship(order, {"TEA-1": 1}, reference="SH-1")
    run_debts()

    order = again(order)
    assert (order.status, order.authorized_total, holds(order)) == ("fulfilling", 0, [])
    assert order.paid_total < WHOLE


def test_nobody_on_account_waits_for_money(run_debts):
    order = place(terms="net14")
    held = billing.authorize_payment(order.pk, method="card", amount=WHOLE, reference="ch_1", actor=MAYA)
    billing.void_payment(held.pk, actor=MAYA)

    assert holds(order) == []


def paid_by_card(order, stripe, run_debts):
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    return payment
