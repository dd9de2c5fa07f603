"""Paying on a provider's page, over real HTTP: what he says when he is asked is written down, and nothing else."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import gateways
from billing import services as billing
from billing.errors import NothingToPay, OnlinePaymentUnavailable
from billing.gateways import ProviderSilent
from billing.models import Payment
from core.actors import SYSTEM
from core.models import Delivery, EventRecord
from orders import services as orders
from orders.models import OrderException
from tests.billing.checkouts import ALL, BACK, MAYA, NOTHING, begin, come_back, later, stand
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def order(provider):
    """An order that waits for 22.06 EUR."""
    return place(terms="prepaid")


def test_the_provider_makes_a_page_for_what_is_due_and_nothing_moved_yet(order, provider, run_debts):
    payment = begin(order)
    assert (stand(), provider.accounts) == (("pending", *NOTHING), {})
    run_debts()

    assert stand() == ("requires_action", *NOTHING)
    payment = Payment.objects.get()
    assert (payment.page_url, payment.reference) == (f"{provider.url}/pay/1", "ck_1")
    account = provider.accounts[payment.code]
    assert (account.amount, account.currency) == (Decimal("22.06"), "EUR")
    assert account.told["subject"] == f"Order {order.number}"
    assert account.told["payee"] == "Kettle & Co. GmbH"
    assert account.told["return_url"] == BACK
    assert account.told["notice_url"] == "http://127.0.0.1:8000/hooks/payments/demo/"
    assert (again(order).status, again(order).payment_status) == ("verified", "unpaid")


def test_what_was_paid_is_taken_once_and_confirms_the_order(order, provider, run_debts):
    begin(order)
    run_debts()
    provider.pay(Payment.objects.get().code)
    come_back(order, run_debts)
    come_back(order, run_debts)
    later(minutes=1)

    assert stand() == ALL
    order = again(order)
    assert (order.status, order.payment_status, order.paid_total) == ("confirmed", "paid", Decimal("22.06"))
    assert EventRecord.objects.filter(name="billing.payment_captured").count() == 1
    assert Payment.objects.get().ask_at is None
    assert provider.total() == Decimal("22.06")


def test_a_browser_that_comes_back_proves_nothing(order, provider, run_debts):
    begin(order)
    run_debts()
    come_back(order, run_debts)

    assert stand() == ("requires_action", *NOTHING)
    assert again(order).status == "verified"


def test_whoever_clicks_twice_pays_one_payment(order, provider, run_debts):
    first = begin(order)
    second = begin(order)
    run_debts()
    third = begin(order)
    run_debts()

    assert first.pk == second.pk == third.pk
    assert list(provider.accounts) == [first.code]


def test_a_declined_payment_says_why_and_another_one_may_follow(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    provider.decline(payment.code)
    come_back(order, run_debts)

    assert stand(payment) == ("failed", *NOTHING)
    assert Payment.objects.get().failure == "The bank declined the payment."
    assert EventRecord.objects.filter(name="billing.payment_failed").count() == 1
    assert again(order).status == "verified"

    other = begin(order)
    run_debts()
    assert other.pk != payment.pk
    provider.pay(other.code)
    come_back(order, run_debts)
    assert (stand(payment)[0], stand(other)) == ("failed", ALL)
    assert again(order).status == "confirmed"


def test_an_answer_that_never_came_is_asked_for(order, provider, run_debts):
    """The money was taken, the browser did not come back and no message came."""
    begin(order)
    run_debts()
    provider.pay(Payment.objects.get().code)
    assert later(seconds=10) == 0
    assert stand()[0] == "requires_action"

    assert later(seconds=16) == 1
    assert stand() == ALL
    assert later(hours=1) == 0


def test_a_beginning_whose_answer_was_lost_is_neither_lost_nor_made_twice(order, provider, run_debts):
    provider.losing = 1
    payment = begin(order)
    run_debts()
    assert (stand(), list(provider.accounts)) == (("pending", *NOTHING), [payment.code])

    begin(order)
    run_debts()
    assert list(provider.accounts) == [payment.code]
    assert Payment.objects.get().page_url == f"{provider.url}/pay/1"


@pytest.mark.parametrize("trouble", ["away", "lost", "nonsense"])
def test_a_provider_that_does_not_answer_changes_nothing(order, provider, run_debts, monkeypatch, trouble):
    begin(order)
    run_debts()
    provider.pay(Payment.objects.get().code)
    if trouble == "away":
        provider.away = True
    elif trouble == "lost":
        provider.losing = None
    else:
        monkeypatch.setattr(provider, "answer", lambda *_: (200, {"state": "perhaps"}))
    come_back(order, run_debts)
    assert later(minutes=1) == 0
    assert stand() == ("requires_action", *NOTHING)

    provider.away, provider.losing = False, 0
    monkeypatch.undo()
    assert later(minutes=5) == 1
    assert stand() == ALL
    assert not Delivery.objects.filter(status="dead").exists()


def test_one_silent_provider_is_asked_once_in_a_round(order, provider, run_debts):
    for n in range(3):
        begin(order if n == 0 else place(terms="prepaid", email=f"b{n}@example.com"))
    run_debts()
    provider.losing, provider.asked = None, []
    assert later(minutes=1) == 0
    assert provider.asked == ["ask"]


def test_a_provider_that_is_gone_keeps_nobody_waiting(order, provider, run_debts):
    begin(order)
    gone = begin(place(terms="prepaid", email="b@example.com"))
    run_debts()
    Payment.objects.filter(pk=gone.pk).update(gateway="unplugged", ask_at=timezone.now() - timedelta(days=1))
    for payment in Payment.objects.exclude(pk=gone.pk):
        provider.pay(payment.code)

    assert later(minutes=5) == 1
    assert Payment.objects.exclude(pk=gone.pk).get().status == "captured"
    assert Payment.objects.get(pk=gone.pk).status == "requires_action"


def test_a_slow_provider_does_not_keep_the_worker(order, provider, run_debts, monkeypatch):
    for n in range(3):
        begin(order if n == 0 else place(terms="prepaid", email=f"b{n}@example.com"))
    run_debts()
    provider.delay, provider.asked = 0.3, []
    monkeypatch.setattr("billing.services.rounds.ROUND", 0.2)
    assert later(minutes=1) == 1
    monkeypatch.setattr("billing.services.rounds.ROUND", 10.0)
    assert later(minutes=1) == 2
    assert provider.asked == ["ask"] * 3


def test_the_clock_asks_ever_more_seldom(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    waits = []
    for _ in range(40):
        now = Payment.objects.get().ask_at
        billing.reconcile_checkouts(now)
        waits.append((Payment.objects.get().ask_at - now).total_seconds())
    assert waits[:3] == [15, 15, 15]
    assert waits == sorted(waits)
    assert waits[-1] == 1800
    assert stand(payment)[0] == "requires_action"


def test_a_payment_the_provider_never_heard_of_ends_after_a_while(order, provider, run_debts):
    begin(order)
    provider.away = True
    run_debts()
    provider.away = False
    later(minutes=1)
    assert stand()[0] == "pending"

    Payment.objects.update(created_at=timezone.now() - timedelta(minutes=21))
    later(minutes=30)
    assert stand() == ("failed", *NOTHING)
    assert Payment.objects.get().failure == "The payment provider was never reached"


def test_a_page_that_the_provider_closed_is_expired(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    provider.accounts[payment.code].state = "closed"
    later(minutes=1)
    assert stand() == ("expired", *NOTHING)
    assert begin(order).pk != payment.pk


@pytest.mark.parametrize("paid", ["22.07", "30.00", "10.00"])
def test_another_amount_than_was_asked_for_is_left_to_a_person(order, provider, run_debts, paid):
    payment = begin(order)
    run_debts()
    provider.pay(payment.code, Decimal(paid))
    come_back(order, run_debts)
    come_back(order, run_debts)

    assert stand() == ("requires_action", *NOTHING)
    found = OrderException.objects.get()
    said = f"The provider took {paid} EUR for {payment.code} instead of 22.06 EUR"
    assert (found.category, found.title) == ("payment", said)
    assert again(order).status == "verified"


def test_an_invoice_on_account_can_be_paid_and_is_settled(provider, run_debts):
    order = place(terms="net14")
    run_debts()
    with pytest.raises(NothingToPay):
        begin(order)
    ship_all(order)
    run_debts()
    payment = begin(order)
    run_debts()
    assert provider.accounts[payment.code].amount == Decimal("22.06")
    provider.pay(payment.code)
    come_back(order, run_debts)
    assert order.invoices.get().status == "paid"
    assert again(order).status == "completed"


def test_what_is_over_or_paid_takes_no_payment(order, provider, run_debts):
    billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), actor=MAYA)
    with pytest.raises(NothingToPay):
        begin(order)
    other = place(terms="prepaid", email="eve@example.com")
    orders.cancel_order(other.pk, reason="No", actor=MAYA)
    with pytest.raises(NothingToPay):
        begin(other)
    run_debts()
    assert not Payment.objects.filter(gateway="demo").exists()


def test_without_a_provider_nothing_is_offered(seller, run_debts):
    order = place(terms="prepaid")
    assert gateways.offered() is None
    assert not billing.is_payable_online(order)
    with pytest.raises(OnlinePaymentUnavailable):
        begin(order)
    assert not Payment.objects.exists()


def test_nobody_is_led_to_a_page_that_is_not_the_providers(order, provider, run_debts, monkeypatch):
    started = provider.answer
    elsewhere = {"page": "https://evil.example/pay"}
    monkeypatch.setattr(provider, "answer", lambda *asked: (200, {**started(*asked)[1], **elsewhere}))
    begin(order)
    run_debts()
    assert (stand()[0], Payment.objects.get().page_url) == ("requires_action", "")


def test_the_provider_is_given_no_more_time_than_agreed(provider, order, monkeypatch):
    payment = begin(order)
    provider.delay = 1.0
    monkeypatch.setattr("billing.gateways.wire.call.__kwdefaults__", {"body": None, "timeout": 0.2})
    with pytest.raises(ProviderSilent):
        billing.open_checkout(payment.pk, return_url=BACK)
    assert stand()[0] == "pending"


def test_staff_who_let_go_close_the_page(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    billing.void_payment(payment.pk, reason="On the phone", actor=MAYA)
    run_debts()
    assert (provider.accounts[payment.code].state, stand()[0]) == ("closed", "voided")
    assert EventRecord.objects.get(name="billing.payment.void").note == "On the phone"
    assert again(order).status == "verified"


def test_money_that_comes_after_the_end_is_not_lost_from_sight(order, provider, run_debts):
    payment = begin(order)
    run_debts()
    billing.fail_payment(payment.pk, reason="Somebody said so", actor=SYSTEM)
    provider.pay(payment.code)
    billing.ask_provider(payment.pk)
    assert stand() == ("failed", *NOTHING)
    said = f"{payment.code} was paid at the provider after it had ended here"
    assert OrderException.objects.get().title == said
