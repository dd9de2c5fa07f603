"""A card hold that nobody needs any more is let go, and of one that ends no more is taken than is owed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.models import Payment
from core.actors import Actor
from orders import services as orders
from orders.errors import ExceptionNotOpen
from orders.models import OrderException
from orders.wishes import LineWish, Wish
from tests.factories.billing import again, line_of, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
MAYA = Actor("staff", "maya")


def hold(order, amount, reference="ch_1"):
    return billing.authorize_payment(order.pk, method="card", amount=Decimal(amount), reference=reference, actor=MAYA)


def test_a_hold_is_let_go_when_all_of_it_came_another_way():
    order = place(terms="prepaid")
    payment = hold(order, "22.06")
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("22.06"), actor=MAYA)

    order = again(order)
    assert Payment.objects.get(pk=payment.pk).status == "voided"
    assert (order.status, order.authorized_total, order.paid_total) == ("confirmed", 0, Decimal("22.06"))


def test_a_hold_stays_while_some_of_it_is_owed():
    order = place(terms="prepaid")
    payment = hold(order, "22.06")
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("22.05"), actor=MAYA)

    assert Payment.objects.get(pk=payment.pk).status == "authorized"


def test_of_two_holds_the_younger_one_is_let_go_when_an_edit_leaves_it_without_use(run_debts):
    order = place(terms="prepaid")
    first, second = hold(order, "20.00"), hold(order, "4.50", reference="ch_2")
    tea = line_of(order, "TEA-1")
    wish = Wish(lines=(LineWish(position=tea.position, quantity=0),))
    orders.amend_order(order.pk, wish, expected_version=again(order).version, reason="Not wanted", actor=MAYA)
    run_debts()

    order = again(order)
    assert (order.balance_due, order.authorized_total) == (Decimal("17.73"), Decimal("20.00"))
    assert [Payment.objects.get(pk=one.pk).status for one in (first, second)] == ["authorized", "voided"]


def test_what_is_still_held_when_nothing_is_owed_any_more_is_let_go(run_debts):
    order = place(terms="prepaid")
    payment = hold(order, "30.00")
    ship_all(order)
    run_debts()

    found = Payment.objects.get(pk=payment.pk)
    assert (again(order).status, found.status, found.captured) == ("completed", "captured", Decimal("22.06"))
    assert (found.reserved, again(order).authorized_total) == (0, 0)


def test_no_more_of_a_hold_that_ends_is_taken_than_is_owed(run_debts):
    order = place(terms="prepaid")
    payment = hold(order, "22.06")
    Payment.objects.filter(pk=payment.pk).update(expires_at=timezone.now() + timedelta(hours=20))
    billing.record_payment(order.pk, method="cash", amount=Decimal("20.00"), actor=MAYA)
    assert billing.watch_holds() == 1
    found = OrderException.objects.get(category="hold_ending")
    billing.take_hold_for_exception(found.pk, actor=MAYA)

    order = again(order)
    assert (order.paid_total, order.balance_due, order.payment_status) == (Decimal("22.06"), 0, "paid")


def test_a_hold_that_ends_is_nobodys_business_when_nothing_is_owed(run_debts):
    order = place(terms="prepaid")
    payment = hold(order, "22.06")
    assert billing.watch_holds() == 0
    Payment.objects.filter(pk=payment.pk).update(expires_at=timezone.now() + timedelta(hours=20))
    assert billing.watch_holds() == 1
    found = OrderException.objects.get(category="hold_ending")
    # Held beside it, and taken: the money has come when somebody opens the exception.
    billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), actor=MAYA)

    with pytest.raises(ExceptionNotOpen):
        billing.take_hold_for_exception(found.pk, actor=MAYA)
    assert (billing.watch_holds(), again(order).paid_total) == (0, Decimal("22.06"))
