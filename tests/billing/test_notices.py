"""Messages of a payment provider: proven, fresh, taken once, and right in any order."""

import random
import time
from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import Payment
from core.actors import Actor
from core.models import EventRecord, IdempotencyKey
from tests.factories.billing import again, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
HOOK = "/hooks/payments/demo/"
BACK = "http://127.0.0.1:8000/orders/SO-1/paid/"


@pytest.fixture
def key(provider, run_debts):
    """The key of a payment whose page is open."""
    payment = billing.begin_checkout(place(terms="prepaid").pk, return_url=BACK, actor=Actor("customer", "C-1"))
    run_debts()
    return payment.code


def said():
    return EventRecord.objects.filter(name="billing.provider_notified").count()


def test_a_message_makes_us_ask_and_what_is_true_is_written_down(client, provider, key, run_debts):
    provider.pay(key)
    assert client.post(HOOK, **provider.signed(key)).status_code == 204
    assert Payment.objects.get().status == "requires_action"
    run_debts()
    assert Payment.objects.get().status == "captured"
    assert again(Payment.objects.get().order).status == "confirmed"


def test_a_message_that_says_nothing_true_changes_nothing(client, provider, key, run_debts):
    """It came before the money, or somebody paid nothing at all: the provider says that it is open."""
    assert client.post(HOOK, **provider.signed(key)).status_code == 204
    run_debts()
    assert Payment.objects.get().status == "requires_action"


def test_the_same_message_five_times_is_taken_once(client, provider, key, run_debts):
    provider.pay(key)
    provider.asked = []
    assert [client.post(HOOK, **provider.signed(key)).status_code for _ in range(5)] == [204] * 5
    run_debts()
    assert (said(), provider.asked) == (1, ["ask"])
    assert Payment.objects.get().captured == Decimal("22.06")


def test_messages_in_any_order_and_before_and_after_the_browser_end_the_same(client, provider, key, run_debts):
    dice = random.Random(11)
    before, after = [0, 1] * 5, [0, 1, 2, 3] * 5
    dice.shuffle(before)
    dice.shuffle(after)
    for at, number in enumerate([*before, *after]):
        if at == len(before):
            provider.pay(key)
            billing.note_return(Payment.objects.get().order_id, actor=Actor("customer", "C-1"))
        assert client.post(HOOK, **provider.signed(key, number=number)).status_code == 204
        if dice.random() < 0.3:
            run_debts()
    run_debts()
    payment = Payment.objects.get()
    assert (payment.status, payment.captured, said()) == ("captured", Decimal("22.06"), 4)
    assert again(payment.order).paid_total == Decimal("22.06")
    assert EventRecord.objects.filter(name="billing.payment_captured").count() == 1


@pytest.mark.parametrize(
    "spoil",
    [
        {"secret": "another secret"},
        {"at": 0},
        {"at": -301},
        {"at": 301},
    ],
)
def test_forged_and_old_messages_are_refused_and_leave_no_trace(client, provider, key, spoil, run_debts):
    if spoil.get("at"):
        spoil = {"at": int(time.time()) + spoil["at"]}
    answer = client.post(HOOK, **provider.signed(key, **spoil))
    assert answer.status_code == 401
    assert (said(), IdempotencyKey.objects.count()) == (0, 0)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "x", "v1,", "\u0661\u0662", "9" * 300])
def test_a_message_without_its_proof_is_refused(client, provider, key, header, value):
    message = provider.signed(key)
    if value is None:
        del message["headers"][header]
    else:
        message["headers"][header] = value
    assert client.post(HOOK, **message).status_code == 401
    assert said() == 0


def test_a_body_that_was_changed_is_refused(client, provider, key):
    message = provider.signed(key)
    message["data"] = message["data"].replace(b'"key"', b'"KEY"')
    assert client.post(HOOK, **message).status_code == 401


def test_an_old_message_is_still_good_at_the_edge_of_its_time(client, provider, key):
    assert client.post(HOOK, **provider.signed(key, at=int(time.time()) - 295)).status_code == 204


def test_a_message_about_a_payment_of_others_is_taken_and_forgotten(client, provider, key):
    provider.accounts["pay_of_others"] = provider.accounts[key]
    assert client.post(HOOK, **provider.signed("pay_of_others")).status_code == 204
    assert (said(), IdempotencyKey.objects.count()) == (0, 0)


def test_nobody_else_has_a_door_here(client, provider, key):
    message = provider.signed(key)
    assert client.post("/hooks/payments/manual/", **message).status_code == 404
    assert client.post("/hooks/payments/nobody/", **message).status_code == 404
    assert client.get(HOOK).status_code == 405
    big = {**message, "data": b"x" * (64 * 1024 + 1)}
    assert client.post(HOOK, **big).status_code == 413


def test_without_a_provider_no_message_is_his(client, provider, key, settings):
    message = provider.signed(key, secret="")
    settings.DEMO_PROVIDER_URL = settings.DEMO_PROVIDER_SECRET = ""
    assert client.post(HOOK, **message).status_code == 401
