"""R5 and R6: many customers pay while answers get lost, events come five times, late and shuffled; staff click twice.

`STORM_PAYMENTS=5000 .venv/bin/pytest -s tests/billing/test_stripe_storm.py` is the storm at full length.

Shown to find what it looks for: `test_without_a_guard_the_storm_is_not_to_the_cent` takes the guards away.
"""

import os
import random
import threading
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from billing import services as billing
from billing.models import Dispute, LedgerEntry, Payment, Payout, Refund
from core import invariants, outbox
from core.errors import DomainError
from core.models import Delivery, EventRecord
from orders import services as orders
from orders.models import Order
from tests.billing.checkouts import BACK, LENA, MAYA
from tests.factories.billing import make_seller, place, ship_all

pytestmark = pytest.mark.django_db(transaction=True)
BUYERS, HANDS, LOST = int(os.environ.get("STORM_PAYMENTS", "24")), 3, 0.3
DONE = {"captured": 2, "voided": 2, "failed": 2, "expired": 2, "authorized": 1, "requires_action": 0, "pending": -1}
HOOK = "/hooks/payments/stripe/"


@pytest.fixture
def stormy(stripe: Any, shop: Any) -> Any:
    """A Stripe that does what it is asked and loses three of ten answers."""
    make_seller()
    stripe.losing = LOST
    return stripe


def cents(amount: Decimal) -> int:
    return int(amount * 100)


class Buyer:
    """A customer with an order, whose events arrive in any order, before and after the browser's return."""

    def __init__(self, number: int, stripe: Any) -> None:
        self.stripe, self.dice = stripe, random.Random(number)
        self.order = place(terms="prepaid", email=f"b{number}@example.com", customer_name=f"Buyer {number}")
        self.sent = 0
        self.acks: list[float] = []

    def settle(self) -> None:
        outbox.drain(threads=[self.order.history_thread()])

    def write(self) -> None:
        """Send every event about this order so far, each five times, shuffled."""
        with self.stripe.lock:
            keys = set(Payment.objects.filter(order=self.order).values_list("code", flat=True))
            intents = {one["id"] for one in self.stripe.intents.values() if one["metadata"].get("key") in keys}
            mine = [one for one in self.stripe.events if self.is_about(one["data"]["object"], keys, intents)]
        letters = mine * 5
        self.dice.shuffle(letters)
        browser = Client()
        for letter in letters[: len(mine) + 6]:
            began = time.monotonic()
            assert browser.post(HOOK, **self.stripe.signed(letter)).status_code == 204
            self.acks.append(time.monotonic() - began)
            forged = self.stripe.signed(letter, secret="whsec_another")
            assert browser.post(HOOK, **forged).status_code == 401

    @staticmethod
    def is_about(thing: Any, keys: set[str], intents: set[str]) -> bool:
        return thing.get("metadata", {}).get("key") in keys or thing.get("payment_intent") in intents

    def go(self) -> None:
        """Pay or not, come back or not; let staff ship, cancel or refund, with two clicks at once."""
        for tries in range(6):
            billing.start_paying(self.order.pk, return_url=BACK, actor=LENA)
            payment = Payment.objects.filter(order=self.order).latest("pk")
            if payment.page_url and tries:
                break
        does = self.dice.choice(("ship", "ship", "dispute", "dispute", "refund", "refund", "cancel", "leave"))
        if does != "leave":
            if self.dice.random() < 0.3:
                self.stripe.pay(payment.code, first=self.dice.choice(("decline", "challenge")))
            self.stripe.pay(payment.code)
        if self.dice.random() < 0.5:
            self.write()
        if self.dice.random() < 0.5:
            billing.look_after_return(self.order.pk, actor=LENA)
        self.settle()
        self.staff(does)
        self.write()
        self.settle()

    def staff(self, does: str) -> None:
        order = Order.objects.get(pk=self.order.pk)
        if does == "cancel":
            orders.cancel_order(order.pk, reason="Too slow", actor=MAYA)
        if does in ("ship", "dispute", "refund") and order.status == "confirmed":
            ship_all(order)
            self.settle()
        if does == "dispute":
            self.dispute()
        if does != "refund":
            return
        for payment in Payment.objects.filter(order=order, captured__gt=0):
            twice(lambda pk=payment.pk: billing.refund_payment(pk, reference="RF-CLICK", actor=MAYA))

    def dispute(self) -> None:
        """Let the bank ask for what was taken, and mostly decide; its messages come as they like."""
        keys = set(Payment.objects.filter(order=self.order).values_list("code", flat=True))
        with self.stripe.lock:
            for intent in list(self.stripe.intents.values()):
                if intent["metadata"].get("key") in keys and intent["amount_received"]:
                    name = self.stripe.dispute(intent["id"])["id"]
                    if (end := self.dice.choice(("won", "lost", ""))) != "":
                        self.stripe.decide(name, end)


def twice(click: Any) -> None:
    """Click in two windows at the same moment."""

    def window() -> None:
        try:
            click()
        except DomainError:
            pass
        finally:
            connection.close()

    windows = [threading.Thread(target=window) for _ in range(2)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()


def let_the_clock_ask() -> None:
    """Let hours pass: what is not known yet is asked for."""
    for later in range(14):
        when = timezone.now() + timedelta(hours=later + 1)
        billing.reconcile_checkouts(when)
        billing.reconcile_refunds(when)
        billing.look_after_money(when)
        billing.read_payouts(when)
        Delivery.objects.filter(status="pending").update(due_at=timezone.now())
        outbox.drain()


def storm(stripe: Any, buyers: int) -> list[float]:
    acks: list[float] = []

    def hand(first: int) -> None:
        try:
            for number in range(first, buyers, HANDS):
                buyer = Buyer(number, stripe)
                buyer.go()
                acks.extend(buyer.acks)
        finally:
            connection.close()

    hands = [threading.Thread(target=hand, args=(first,)) for first in range(HANDS)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    let_the_clock_ask()
    with stripe.lock:
        stripe.pay_out()
    browser = Client()
    for _again in range(5):
        assert browser.post(HOOK, **stripe.signed(stripe.events[-1])).status_code == 204
    let_the_clock_ask()
    return acks


def standing_on(kind: str, detail: str) -> int:
    """Return what the ledger keeps on an account, in cents."""
    rows = LedgerEntry.objects.filter(account__kind=kind, account__detail=detail)
    return cents(rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))


def test_what_stripe_took_is_what_the_books_say(stormy: Any) -> None:
    acks = storm(stormy, BUYERS)

    payments = Payment.objects.all()
    assert payments.count() >= BUYERS
    for payment in payments:
        assert cents(payment.captured) == stormy.taken(payment.code), payment.code
        assert cents(payment.refunded) == stormy.sent_back(payment.code), payment.code
        held = sum(
            one["amount_capturable"] for one in stormy.intents.values() if one["metadata"]["key"] == payment.code
        )
        assert cents(payment.reserved) == held, payment.code
    # Nothing is unknown: what is undecided is a page that is still open there, and nothing waits for an answer.
    undecided = [one for one in payments if one.is_undecided]
    assert all(stormy.session_of(one.code)["status"] == "open" for one in undecided)
    for dispute in Dispute.objects.all():
        asked = stormy.disputes[dispute.reference]
        ends = {"won": "won", "lost": "lost", "needs_response": "open"}
        assert dispute.status == ends[asked["status"]]
        assert cents(dispute.taken) == asked["amount"]
        assert cents(dispute.returned) == (asked["amount"] if asked["status"] == "won" else 0)
    assert Dispute.objects.count() == len(stormy.disputes) > 0
    # What Stripe paid out is on its way to the bank, and nothing of the books is left there.
    payout, sent = Payout.objects.get(), stormy.payouts["po_1"]
    fees = sum(row["fee"] for row in stormy.rows_of["po_1"])
    assert (cents(payout.amount), cents(payout.fees), payout.open_rows) == (sent["amount"], fees, 0)
    assert (standing_on("money", "stripe"), standing_on("money", "on_its_way")) == (0, sent["amount"])
    assert standing_on("fee", "stripe") == fees
    assert not payments.exclude(capturing=0).exists()
    assert not payments.filter(giving_up=True).exists()
    assert set(Refund.objects.values_list("status", flat=True)) <= {"succeeded"}
    # Nobody refunds more than came in, and no two clicks refund twice.
    sums = payments.aggregate(taken=Sum("captured"), sent=Sum("refunded"))
    assert sums["taken"] >= sums["sent"]
    assert all(one.refunds.count() <= 1 for one in payments)
    captures = EventRecord.objects.filter(name="billing.payment_captured").count()
    assert captures == payments.filter(captured__gt=0).count() > BUYERS // 5
    # What was decided never became undecided again.
    for record in EventRecord.objects.filter(subject_type="billing.payment").exclude(transition=""):
        assert DONE[record.source] <= DONE.get(record.target, 2), record.name
    assert not Delivery.objects.exclude(status="done").exists()
    assert [name for _code, name, check in invariants.questions() if check().breaches] == []
    acks.sort()
    print(f"\n{BUYERS} payments, {len(acks)} events taken, p95 {acks[int(len(acks) * 0.95)] * 1000:.0f} ms")  # noqa: T201


@pytest.fixture
def careless(monkeypatch: Any) -> None:
    """Ask for everything under a new key each time, and count a capture whenever an answer says so."""
    from billing.gateways.stripe import StripeGateway

    ask = StripeGateway._do
    numbers = iter(range(10**6))
    monkeypatch.setattr(
        StripeGateway, "_do", lambda self, path, asked, *, key: ask(self, path, asked, key=f"{key}-{next(numbers)}")
    )
    monkeypatch.setattr(StripeGateway, "find_refund", lambda self, **_: None)


def test_without_a_guard_the_storm_is_not_to_the_cent(stripe: Any, shop: Any, careless: None) -> None:
    """The storm sees a double refund once neither key nor question protects from it."""
    make_seller()
    order = place(terms="prepaid")
    billing.start_paying(order.pk, return_url=BACK, actor=LENA)
    payment = Payment.objects.get()
    stripe.pay(payment.code)
    billing.look_after_return(order.pk, actor=LENA)
    outbox.drain()
    ship_all(order)
    outbox.drain()
    stripe.losing = 1
    from core.money import Money

    billing.refund_payment(payment.pk, amount=Money(Decimal("10.00"), "EUR"), actor=MAYA)
    outbox.drain()
    let_the_clock_ask()
    assert cents(Payment.objects.get().refunded) == 1000
    assert stripe.sent_back(payment.code) == 2000
