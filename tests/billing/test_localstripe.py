"""What our gateway says is understood by a Stripe that is not ours, and the other way round: `./run wire`.

localstripe checks the wire, not what must never be: that is tried against our own Stripe (`billing/proofs/stripe.py`).
It answers an intent with manual capture, its confirmation, capture in part and whole, cancelling, refunds, declines,
three-D Secure and lists of refunds, and it signs its events. What it does not know (1.15.10):

* Checkout, disputes and search: what needs them gets no answer, and our gateway concludes nothing from that;
* `amount_capturable` and `amount_received`: how much an intent holds or took, so that it cannot be asked for here;
* `description` on an intent, which is left out on the way (`wordless`);
* `Idempotency-Key`: a refund that is asked for twice is made twice; that we say one key both times is looked at here;
* that no more may go back than came in, and that the cards …0002 and …9995 are declined (…0341 is);
* which entries of its books one payout is made of, and events of refunds and disputes.
"""

import json
import os
import queue
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.request import urlopen

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from billing.gateways import About, Outcome, ProviderSilent, Stand, wire
from billing.gateways.base import Charge, Checkout
from billing.gateways.stripe import StripeGateway
from billing.proofs.answering import Asked, answering
from core.models import EventRecord, IdempotencyKey
from core.money import Money
from tests.billing.checkouts import begin
from tests.factories.billing import make_seller, place

URL = os.environ.get("LOCALSTRIPE_URL", "")
pytestmark = [
    pytest.mark.localstripe,
    pytest.mark.skipif(not URL, reason="needs localstripe, in an environment of its own: ./run wire"),
]
FINE, DECLINED, ASKED = "4242424242424242", "4000000000000341", "4000000000003220"
SECRET = "whsec_between_us_and_localstripe"
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _localstripe(settings: Any) -> None:
    settings.STRIPE_API_URL, settings.STRIPE_SECRET_KEY = URL, "sk_test_ours"
    settings.STRIPE_WEBHOOK_SECRET = SECRET


@pytest.fixture
def gateway() -> StripeGateway:
    return StripeGateway()


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def say(path: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Do what is not ours to do there: the customer's part."""
    flat = {name.replace("__", "[") + ("]" if "__" in name else ""): str(one) for name, one in fields.items()}
    secret = django_settings.STRIPE_SECRET_KEY
    return wire.call_with_form("POST", f"{URL}/v1/{path}", secret=secret, fields=flat, headers={})


def card(number: str) -> str:
    status, said = say(
        "payment_methods", type="card", card__number=number, card__exp_month=12, card__exp_year=2031, card__cvc="123"
    )
    assert status == 200, said
    return str(said["id"])


def pay(number: str = FINE, *, capture: str = "manual", key: str = "PAY-1") -> str:
    """Let a customer pay 22.06 EUR with a card; return the intent, however it went."""
    asked = {"amount": 2206, "currency": "eur", "capture_method": capture, "payment_method": card(number)}
    status, said = say("payment_intents", **asked, metadata__key=key)
    assert (status, said["status"]) == (200, "requires_confirmation")
    say(f"payment_intents/{said['id']}/confirm")
    return str(said["id"])


def stands(reference: str) -> str:
    """Return how the intent stands, as localstripe has it."""
    said = StripeGateway()._read(f"payment_intents/{reference}")
    return str(said["status"])


def sent_back(reference: str) -> list[int]:
    rows = StripeGateway()._rows("refunds", payment_intent=reference)
    return sorted(one["amount"] for one in rows if one["metadata"])


@pytest.mark.parametrize("amount", ["22.06", "10.00"])
def test_what_is_held_is_taken_whole_or_in_part_and_once(gateway: StripeGateway, amount: str) -> None:
    held = pay()
    assert stands(held) == "requires_capture"

    taken = gateway.capture(reference=held, amount=eur(amount), key="PAY-1-capture")
    again = gateway.capture(reference=held, amount=eur(amount), key="PAY-1-capture-again")

    assert (taken.outcome, taken.reference, stands(held)) == (Outcome.DONE, held, "succeeded")
    assert (again.outcome, again.reason) == (Outcome.REFUSED, "Bad request")
    # What was not taken goes back by itself, which is nobody's refund.
    assert gateway.refunds_of(reference=held) == {}


def test_more_than_is_held_is_not_taken(gateway: StripeGateway) -> None:
    held = pay()

    refused = gateway.capture(reference=held, amount=eur("22.07"), key="PAY-1-capture")

    assert (refused.outcome, stands(held)) == (Outcome.REFUSED, "requires_capture")


def test_what_is_held_is_let_go(gateway: StripeGateway) -> None:
    held = pay()

    gone = gateway.void(reference=held, key="PAY-1-void")

    assert (gone.outcome, stands(held)) == (Outcome.DONE, "canceled")
    assert gateway.ask(key="PAY-1", reference=held).stand is Stand.CLOSED
    assert gateway.void(reference=held, key="PAY-1-void-again").outcome is Outcome.REFUSED
    assert gateway.close_checkout(key="PAY-1", reference=held).stand is Stand.CLOSED


def test_money_goes_back_in_parts_and_is_found_by_our_keys(gateway: StripeGateway) -> None:
    paid = pay(capture="automatic")
    assert stands(paid) == "succeeded"

    first = gateway.refund(reference=paid, amount=eur("2.06"), key="RF-1")
    second = gateway.refund(reference=paid, amount=eur("5.00"), key="RF-2")

    assert (first.outcome, second.outcome, sent_back(paid)) == (Outcome.DONE, Outcome.DONE, [206, 500])
    assert first.reference != second.reference
    assert gateway.refunds_of(reference=paid) == {"RF-1": first, "RF-2": second}
    assert gateway.find_refund(reference=paid, key="RF-2") == second
    assert gateway.find_refund(reference=paid, key="RF-3") is None


def test_a_refund_asked_for_twice_says_the_same_key_both_times(
    gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid, said = pay(capture="automatic"), []
    send = wire.call_with_form

    def listen(method: str, url: str, **asked: Any) -> Any:
        said.append((asked["headers"].get("Idempotency-Key"), asked["fields"].get("metadata[key]")))
        return send(method, url, **asked)

    monkeypatch.setattr(wire, "call_with_form", listen)
    for _again in range(2):
        gateway.refund(reference=paid, amount=eur("2.06"), key="RF-1")

    assert said == [("RF-1", "RF-1")] * 2
    # localstripe heeds no keys; that one who does makes one refund of it is tried against our own.
    assert sent_back(paid) == [206, 206]
    assert set(gateway.refunds_of(reference=paid)) == {"RF-1"}


def test_a_long_list_is_read_to_its_end(gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    paid = pay(capture="automatic")
    keys = [f"RF-{number}" for number in range(7)]
    for key in keys:
        gateway.refund(reference=paid, amount=eur("0.01"), key=key)
    read = gateway._read
    monkeypatch.setattr(gateway, "_read", lambda path, **asked: read(path, **{**asked, "limit": "3"}))

    assert sorted(gateway.refunds_of(reference=paid)) == keys


def test_a_declined_card_is_a_refusal_with_its_reason(gateway: StripeGateway) -> None:
    declined = pay(DECLINED)

    standing = gateway.ask(key="PAY-1", reference=declined)

    assert (standing.stand, standing.reason) == (Stand.REFUSED, "Your card was declined.")
    assert gateway.refund(reference=declined, amount=eur("1.00"), key="RF-1").outcome is Outcome.REFUSED


def test_a_bank_that_asks_leaves_it_open(gateway: StripeGateway) -> None:
    asked = pay(ASKED)

    assert (stands(asked), gateway.ask(key="PAY-1", reference=asked).stand) == ("requires_action", Stand.OPEN)


@pytest.mark.parametrize("capture", ["manual", "automatic"])
def test_money_whose_amount_is_not_said_is_no_answer(gateway: StripeGateway, capture: str) -> None:
    with pytest.raises(ProviderSilent, match="how much"):
        gateway.ask(key="PAY-1", reference=pay(capture=capture))


@pytest.fixture
def wordless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what localstripe does not know of an intent."""
    send = wire.call_with_form

    def without(method: str, url: str, *, fields: dict[str, str], **asked: Any) -> Any:
        known = {name: one for name, one in fields.items() if name != "description"}
        return send(method, url, fields=known, **asked)

    monkeypatch.setattr(wire, "call_with_form", without)


@pytest.mark.usefixtures("wordless")
def test_a_saved_card_is_charged_while_its_owner_is_away(gateway: StripeGateway) -> None:
    def charge(number: str, key: str) -> Any:
        status, customer = say("customers", email="lena@example.com")
        method = card(number)
        assert status == 200
        assert say(f"payment_methods/{method}/attach", customer=customer["id"])[0] == 200
        means = {"customer": customer["id"], "method": method}
        return gateway.charge(Charge(key=key, amount=eur("12.30"), subject="Order SO-1", means=means))

    declined = charge(DECLINED, "PAY-2")
    # It took the money, and does not say how much.
    with pytest.raises(ProviderSilent, match="how much"):
        charge(FINE, "PAY-3")

    assert (declined.stand, declined.reason) == (Stand.REFUSED, "Your card was declined.")


def test_what_it_does_not_know_is_no_answer_from_which_something_is_concluded(gateway: StripeGateway) -> None:
    paid = pay(capture="automatic")
    page = Checkout(
        key="PAY-1",
        amount=eur("22.06"),
        subject="Order SO-1",
        payee="Kettle & Co.",
        language="en",
        return_url="http://127.0.0.1:8000/back/",
        notice_url="http://127.0.0.1:8000/hooks/",
    )

    with pytest.raises(ProviderSilent):
        gateway.start_checkout(page)
    with pytest.raises(ProviderSilent):
        gateway.ask(key="PAY-1")
    with pytest.raises(ProviderSilent):
        gateway.disputes_of(reference=paid)
    with pytest.raises(ProviderSilent):
        gateway.payout(reference="po_1")


@pytest.fixture
def letters() -> Iterator["queue.Queue[Asked]"]:
    """Have localstripe write to a door of ours, and keep what comes as it comes."""
    came: queue.Queue[Asked] = queue.Queue()

    def take(asked: Asked) -> tuple[int, dict[str, Any]]:
        came.put(asked)
        return 200, {}

    with answering(take) as door:
        asked = json.dumps({"url": door, "secret": SECRET}).encode()
        with urlopen(f"{URL}/_config/webhooks/ours", asked, timeout=PATIENCE) as said:  # noqa: S310 - our own address
            assert said.status == 200
        yield came


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
def test_its_events_are_proven_at_our_door_and_count_once(
    gateway: StripeGateway, letters: "queue.Queue[Asked]", settings: Any
) -> None:
    make_seller()
    payment = begin(place(terms="prepaid"))
    held = pay(key=payment.code)
    gateway.capture(reference=held, amount=eur("22.06"), key=f"{payment.code}-capture")
    letter = letters.get(timeout=PATIENCE)

    def post(body: str) -> int:
        headers = {"Stripe-Signature": letter.headers["Stripe-Signature"]}
        found = Client().post("/hooks/payments/stripe/", body, content_type="application/json", headers=headers)
        return int(found.status_code)

    assert [post(letter.body), post(letter.body)] == [204, 204]
    assert EventRecord.objects.filter(name="billing.provider_notified").count() == 1
    assert IdempotencyKey.objects.filter(client="provider:stripe").count() == 1
    notice = gateway.read_notice(
        headers={"Stripe-Signature": letter.headers["Stripe-Signature"]},
        body=letter.body.encode(),
        now=timezone.now(),
    )
    assert (notice.key, notice.reference, notice.about) == (payment.code, held, About.PAYMENT)

    assert post(letter.body.replace("2206", "2207")) == 401
    settings.STRIPE_WEBHOOK_SECRET = "whsec_another"
    assert post(letter.body) == 401
    assert IdempotencyKey.objects.filter(client="provider:stripe").count() == 1
