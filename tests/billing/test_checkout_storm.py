"""Many customers pay at once while answers get lost and messages come late, twice and shuffled: to the cent, once."""

import random
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from billing import services as billing
from billing.models import Payment, Refund
from core import invariants, outbox
from core.models import Delivery, EventRecord
from orders import services as orders
from orders.models import Order, OrderException
from tests.billing.checkouts import BACK, LENA, MAYA
from tests.factories.billing import make_seller, place

pytestmark = pytest.mark.django_db(transaction=True)
BUYERS, HANDS = 24, 3
LOST = 0.3


@pytest.fixture
def stormy(provider: Any, shop: Any) -> Any:
    """A provider that does what he is asked and loses three of ten answers."""
    make_seller()
    work = provider.answer
    dice = random.Random(5)

    def answer(*asked: Any) -> tuple[int, dict[str, Any]]:
        found = work(*asked)
        with provider.lock:
            provider.losing = 1 if dice.random() < LOST else 0
        return found

    provider.answer = answer
    return provider


def buy(number: int, provider: Any, dice: random.Random) -> None:
    """Let a customer pay, decline, walk away or cancel, click twice, and come back or not."""
    order = place(terms="prepaid", email=f"buyer{number}@example.com", customer_name=f"Buyer {number}")
    for _ in range(dice.choice((1, 1, 2))):
        billing.start_paying(order.pk, return_url=BACK, actor=LENA)
    payment = Payment.objects.get(order=order)
    if payment.code not in provider.accounts:
        return
    does = dice.choice(("pay", "pay", "pay", "decline", "leave", "cancel"))
    if does == "cancel":
        orders.cancel_order(order.pk, reason="Too slow", actor=MAYA)
    if does in ("pay", "cancel") and provider.accounts[payment.code].state == "open":
        provider.pay(payment.code)
    elif does == "decline":
        provider.decline(payment.code)
    letters = [dice.choice((1, 2)) for _ in range(dice.randrange(5))]
    for letter in letters:
        Client().post("/hooks/payments/demo/", **provider.signed(payment.code, number=letter))
    if dice.random() < 0.5:
        billing.look_after_return(order.pk, actor=LENA)
    outbox.drain(threads=[order.history_thread()])


def test_what_the_provider_took_is_what_the_books_say(stormy: Any) -> None:
    def hand(first: int) -> None:
        dice = random.Random(first)
        try:
            for number in range(first, BUYERS, HANDS):
                buy(number, stormy, dice)
        finally:
            connection.close()

    hands = [threading.Thread(target=hand, args=(first,)) for first in range(HANDS)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()

    for later in range(12):
        when = timezone.now() + timedelta(hours=later + 1)
        billing.reconcile_checkouts(when)
        billing.reconcile_refunds(when)
        Delivery.objects.filter(status="pending").update(due_at=timezone.now())
        outbox.drain()

    payments = Payment.objects.all()
    assert payments.count() == BUYERS
    open_there = {key for key, one in stormy.accounts.items() if one.state == "open"}
    undecided = {one.code for one in payments if one.is_undecided}
    assert undecided <= open_there
    for payment in payments:
        there = stormy.accounts[payment.code]
        assert payment.captured == (there.paid or 0), payment.code
        assert payment.refunded == sum(there.refunds.values(), start=Decimal(0)), payment.code
    sums = payments.aggregate(taken=Sum("captured"), sent=Sum("refunded"))
    assert sums["taken"] - sums["sent"] == stormy.total()
    assert Refund.objects.exclude(status="succeeded").count() == 0
    cancelled = Order.objects.filter(status="cancelled")
    assert all(order.paid_total == order.refunded_total for order in cancelled)
    captures = EventRecord.objects.filter(name="billing.payment_captured")
    assert captures.count() == payments.filter(captured__gt=0).count() > BUYERS // 4
    assert not OrderException.objects.filter(status="open", category="payment").exists()
    assert not Delivery.objects.exclude(status="done").exists()
    assert [name for _code, name, check in invariants.questions() if check().breaches] == []
