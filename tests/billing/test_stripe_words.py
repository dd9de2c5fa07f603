"""What Stripe says and hears: amounts in its units, events that it signed, keys that work."""

import json
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from billing import gateways
from billing import services as billing
from billing.admin import today
from billing.errors import OnlinePaymentUnavailable
from billing.gateways import NoticeRefused
from billing.models import Payment
from billing.readiness import check_stripe
from billing.retention import forget_means
from core.actors import SYSTEM
from core.models import EventRecord
from core.money import Money
from tests.billing.checkouts import NOTHING, begin, stand
from tests.factories.billing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
HELD = ("authorized", "22.060", "0.000", "0.000")


@pytest.fixture
def order(stripe):
    """An order that waits for 22.06 EUR."""
    return place(terms="prepaid")


def test_an_amount_that_stripe_cannot_say_is_not_led_there(order, stripe, monkeypatch):
    monkeypatch.setattr("billing.gateways.minor.THREE", frozenset({"EUR"}))
    monkeypatch.setattr("billing.selectors.payable", lambda order: Decimal("22.006"))
    assert not billing.is_payable_online(order)
    with pytest.raises(OnlinePaymentUnavailable):
        begin(order)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("22.06", "EUR", 2206),
        ("500", "JPY", 500),
        ("5.120", "KWD", 5120),
        ("5.124", "KWD", None),
        ("5", "UGX", 500),
        ("5", "ISK", 500),
        ("5", "CLP", 5),
        ("0", "EUR", None),
    ],
)
def test_amounts_are_said_in_the_units_of_their_currency(amount, currency, units):
    money = Money(Decimal(amount), currency)
    assert gateways.hosted("stripe").takes(money) == (units is not None)
    if units is not None:
        assert gateways.minor.units(money) == units
        assert gateways.minor.money(units, currency.lower()) == money


def test_an_event_makes_us_ask_once_and_proves_nothing_itself(order, stripe, run_debts, client):
    payment = begin(order)
    run_debts()
    lie = {"id": "evt_lie", "type": "payment_intent.succeeded", "data": {"object": {"object": "payment_intent",
           "id": "pi_9", "status": "succeeded", "metadata": {"key": payment.code}}}}  # fmt: skip
    for _ in range(5):
        assert client.post("/hooks/payments/stripe/", **stripe.signed(lie)).status_code == 204
    run_debts()
    assert stand() == ("requires_action", *NOTHING)
    assert EventRecord.objects.filter(name="billing.provider_notified").count() == 1

    stripe.pay(payment.code)
    client.post("/hooks/payments/stripe/", **stripe.signed(stripe.events[-1]))
    run_debts()
    assert stand() == HELD
    # A charge names the payment by Stripe's own reference only.
    charge = {"id": "evt_charge", "data": {"object": {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}}}
    client.post("/hooks/payments/stripe/", **stripe.signed(charge))
    assert EventRecord.objects.filter(name="billing.provider_notified").count() == 3


def test_ten_thousand_forged_or_old_events_are_none(stripe, settings):
    """R6: 0 forged accepted."""
    read = gateways.hosted("stripe").read_notice
    good = stripe.signed({"id": "evt_1", "data": {"object": {"object": "payment_intent", "id": "pi_1"}}})
    now, at = timezone.now(), int(time.time())
    assert read(headers=good["headers"], body=good["data"], now=now).reference == "pi_1"
    dice, accepted = stripe.dice, 0
    value = good["headers"]["Stripe-Signature"]
    for number in range(10_000):
        header, body = value, good["data"]
        match number % 5:
            case 0:
                header = stripe.signed(json_of(good), at=at - 301 - number)["headers"]["Stripe-Signature"]
            case 1:
                header = stripe.signed(json_of(good), secret=f"whsec_{number}")["headers"]["Stripe-Signature"]
            case 2:
                place = dice.randrange(len(body))
                body = body[:place] + bytes([body[place] ^ (1 << dice.randrange(8))]) + body[place + 1 :]
            case 3:
                header = f"t={at},v0={value.partition('v1=')[2][:64]}"
            case 4:
                header = value[: dice.randrange(len("t=1234567890,v1=") + 63)]
        try:
            read(headers={"Stripe-Signature": header}, body=body, now=now)
            accepted += 1
        except NoticeRefused:
            pass
    assert accepted == 0
    settings.STRIPE_WEBHOOK_SECRET = ""
    with pytest.raises(NoticeRefused):
        read(headers=stripe.signed(json_of(good), secret="")["headers"], body=good["data"], now=now)


def json_of(message: dict) -> dict:
    return json.loads(message["data"])


def test_keys_that_cannot_work_are_explained(settings):
    settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = ""
    assert check_stripe(None) == []
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    assert [one.id for one in check_stripe(None)] == ["billing.W001"]
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "pk_live_1", "sk_1"
    settings.STRIPE_API_URL = "http://api.stripe.com"
    assert [one.id for one in check_stripe(None)] == ["billing.E001", "billing.E002", "billing.E003"]


def test_the_first_screen_says_what_is_wrong_with_stripe(settings, db):
    assert today.stripe() == []
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", ""
    [todo] = today.stripe()
    assert todo.text.startswith("STRIPE_WEBHOOK_SECRET is not set. Add an endpoint at https://dashboard.stripe.com")
    settings.STRIPE_WEBHOOK_SECRET = "whsec_1"
    assert today.stripe() == []


def test_a_stripe_that_writes_nothing_is_noticed(settings, seller, stripe, run_debts):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_ours", "whsec_between_us"
    order = place(terms="prepaid")
    payment = billing.begin_checkout(order.pk, return_url="http://127.0.0.1/", actor=SYSTEM)
    run_debts()
    stripe.pay(payment.code)
    billing.note_return(order.pk, actor=SYSTEM)
    run_debts()
    billing.capture_payment(payment.pk, actor=SYSTEM)
    run_debts()
    [todo] = today.stripe()
    assert todo.text.startswith("Customers pay through Stripe, and none of its messages came for two days.")
    Client().post("/hooks/payments/stripe/", **stripe.signed(stripe.events[-1]))
    assert today.stripe() == []
    # What it was paid with goes when its people are forgotten.
    assert Payment.objects.get().means["last4"] == "4242"
    forget_means([order.pk])
    assert Payment.objects.get().means == {}


@pytest.mark.parametrize(("hold", "amount"), [(True, "amount_capturable"), (False, "amount_received")])
def test_money_there_that_does_not_say_how_much_it_is_counts_as_unknown(order, stripe, run_debts, hold, amount):
    payment = begin(order)
    Payment.objects.update(hold_first=hold)
    run_debts()
    stripe.pay(payment.code)
    kept = stripe.intents["pi_1"].pop(amount)
    assert billing.reconcile_checkouts(timezone.now() + timedelta(minutes=2)) == 0
    assert stand() == ("requires_action", *NOTHING)
    stripe.intents["pi_1"][amount] = kept
    billing.reconcile_checkouts(timezone.now() + timedelta(hours=2))
    run_debts()
    assert stand()[0] == ("authorized" if hold else "captured")
