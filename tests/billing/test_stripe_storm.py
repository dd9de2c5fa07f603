"""R5 and R6: many customers pay while answers get lost, events come five times, late and shuffled; staff click twice.

`STORM_PAYMENTS=5000 .venv/bin/pytest -s tests/billing/test_stripe_storm.py` is the storm at full length.

Shown to find what it looks for: `test_without_a_guard_the_storm_is_not_to_the_cent` takes the guards away.
"""

import os
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client

from billing import services as billing
from billing.models import Dispute, LedgerEntry, Payment, Payout, Refund
from billing.proofs.payments import faults_of
from billing.proofs.storm import HOOK, LOST, Buyer, Seen, cents, let_the_clock_ask, many_hands
from core import invariants, outbox
from core.models import Delivery, EventRecord
from core.money import Money
from orders.models import Order
from tests.billing.checkouts import BACK, LENA, MAYA
from tests.factories.billing import make_seller, place, ship_all

pytestmark = pytest.mark.django_db(transaction=True)
BUYERS, HANDS = int(os.environ.get("STORM_PAYMENTS", "24")), 3


@pytest.fixture
def stormy(stripe: Any, shop: Any) -> Any:
    """A Stripe that does what it is asked and loses three of ten answers."""
    make_seller()
    stripe.losing = LOST
    return stripe


class Customer(Buyer):
    """One who orders goods that lie on a shelf, and may ask the bank for the money back."""

    does = ("ship", "ship", "dispute", "dispute", "refund", "refund", "cancel", "leave")

    def place(self, number: int) -> Order:
        return place(terms="prepaid", email=f"b{number}@example.com", customer_name=f"Buyer {number}")

    def ship(self, order: Order) -> None:
        ship_all(order)


def storm(stripe: Any, buyers: int) -> Seen:
    def buy(number: int) -> Seen:
        buyer = Customer(number, stripe, times=2)
        buyer.go()
        return buyer.seen

    seen = many_hands(buyers, HANDS, buy, lambda done: None)
    let_the_clock_ask(stripe)
    with stripe.lock:
        stripe.pay_out()
    browser = Client()
    for _again in range(5):
        assert browser.post(HOOK, **stripe.signed(stripe.events[-1])).status_code == 204
    let_the_clock_ask(stripe)
    return seen


def standing_on(kind: str, detail: str) -> int:
    """Return what the ledger keeps on an account, in cents."""
    rows = LedgerEntry.objects.filter(account__kind=kind, account__detail=detail)
    return cents(rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))


def test_what_stripe_took_is_what_the_books_say(stormy: Any) -> None:
    seen = storm(stormy, BUYERS)

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
    assert list(faults_of(stormy)) == []
    assert set(seen.said) == {("signed", 204), ("forged", 401), ("stale", 401)}
    assert not Delivery.objects.exclude(status="done").exists()
    assert [name for _code, name, check in invariants.questions() if check().breaches] == []


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
    billing.refund_payment(payment.pk, amount=Money(Decimal("10.00"), "EUR"), actor=MAYA)
    outbox.drain()
    let_the_clock_ask(stripe)
    assert cents(Payment.objects.get().refunded) == 1000
    assert stripe.sent_back(payment.code) == 2000
