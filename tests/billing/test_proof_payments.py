"""`./run manage prove payments` and `prove webhooks` (R5, R6): small here, and what is wrong is said."""

import pytest

from billing import services
from billing.models import Payment, Refund
from billing.proofs import payments, storm, webhooks
from billing.proofs.asking import Asked
from core.models import EventRecord
from core.money import Money

pytestmark = pytest.mark.django_db(transaction=True)


def test_stripe_took_once_and_to_the_cent_what_the_books_say():
    found = payments.prove(Asked(12, seed=7, processes=3))

    assert found["told"] == []
    assert found["met"] is True
    assert found["provider_cents"] == found["ledger_cents"] == found["taken_cents"] - found["sent_back_cents"] > 0
    assert (found["captures_above_authorized"], found["refunds_above_captured"], found["unknown_left"]) == (0, 0, 0)
    assert sum(found["did"].values()) == found["customers"] == 12
    assert found["answers_lost"] > 10
    assert found["questions_late"] > 0


@pytest.fixture
def wavering():
    """A Stripe that calls half of the refunds failed, and lets those of some buyers go all the same."""
    storm.open_till()
    with storm.weather(losing=0) as there:
        there.wavering = 0.5
        for number in range(6):
            storm.Buyer(number, there, seed=3, times=1).go("part")
        # Which of them that were, hangs on whose click came first; these two are there whatever the others did.
        refused(storm.Buyer(6, there, seed=3, times=1), there)
        again = storm.Buyer(7, there, seed=3, times=1)
        refund, name = refused(again, there)
        there.wavering = 0
        services.retry_refund(refund.pk, actor=storm.STAFF)
        again.settle()
        assert there.carry_out(name), "both tries went"
        yield there


def refused(buyer, there):
    """Send a third of what a buyer paid back, and hear a no. Returns the refund, and what Stripe calls it."""
    there.pay(buyer.reach_the_page().code)
    services.look_after_return(buyer.order.pk, actor=buyer.customer)
    buyer.settle()
    buyer.staff("ship")
    buyer.settle()
    payment = Payment.objects.get(order=buyer.order, captured__gt=0)
    there.wavering = 1
    third = Money(payment.captured / 3, payment.currency).rounded()
    services.refund_payment(payment.pk, amount=third, reference=f"THIRD-{payment.pk}", actor=storm.STAFF)
    buyer.settle()
    refund = Refund.objects.get(payment=payment)
    assert refund.status == Refund.Status.FAILED
    (name,) = (one["id"] for one in there.refunds.values() if refund.code in one["metadata"]["key"])
    return refund, name


def test_what_was_called_failed_and_went_all_the_same_is_in_the_books(wavering):
    storm.let_the_clock_ask(wavering)

    assert list(payments.faults_of(wavering)) == []
    assert Refund.objects.filter(again_of__isnull=False).count() > 0
    back = sum(one["amount"] for one in wavering.refunds.values() if one["status"] == "succeeded")
    taken = sum(one["amount_received"] for one in wavering.intents.values())
    assert payments.ledger_cents() == taken - back
    ended = {one["status"] for name, one in wavering.refunds.items() if name in wavering.wavered}
    assert ended == {"succeeded", "failed"}


def test_books_that_do_not_hear_a_late_yes_are_found_out(monkeypatch, wavering):
    for module in ("looking", "refunds"):
        monkeypatch.setattr(f"billing.services.{module}.other_keys", lambda refund: [])
    buyer = storm.Buyer(99, wavering, times=1)
    wavering.wavering = 1
    buyer.go("refund")
    storm.let_the_clock_ask(wavering)
    for name in wavering.wavered:
        wavering.carry_out(name)
    storm.let_the_clock_ask(wavering)

    assert any("is in no book here" in one for one in payments.faults_of(wavering))
    assert any(" back: " in one for one in payments.faults_of(wavering))


def test_events_count_once_and_what_is_not_true_never(monkeypatch):
    # Nothing that a test sees depends on how busy the machine is.
    monkeypatch.setattr(webhooks, "ACK_MS", 60_000)
    found = webhooks.prove(Asked(150, seed=7, processes=3))

    assert found["told"] == []
    assert found["met"] is True
    assert found["events"] == found["not_true"] >= 150
    assert set(found["answers"]) == {"forged 401", "signed 204", "stale 401"}
    assert (found["state_regressions"], found["duplicate_orders"], found["captured_twice"]) == (0, 0, 0)
    assert (found["not_true_accepted"], found["true_refused"]) == (0, 0)
    assert EventRecord.objects.filter(name="billing.payment_captured").count() > 1
    assert 0 < found["told_apart"] <= found["events"] / webhooks.TIMES


def test_a_door_that_believes_everybody_is_found_out(monkeypatch):
    monkeypatch.setattr("billing.gateways.stripe_said.check_signature", lambda header, body, now: None)
    found = webhooks.prove(Asked(5, seed=7))

    assert (found["met"], found["not_true_accepted"]) == (False, found["events"])


def test_what_is_not_as_stripe_says_is_named():
    storm.open_till()
    with storm.weather(losing=0) as there:
        buyer = storm.Buyer(0, there, times=1)
        buyer.go("ship")
        payment = Payment.objects.get()
        assert list(payments.faults_of(there)) == []
        taken, code = payment.captured, payment.code

        intent = there.intents["pi_1"]
        intent["amount_received"] += 1
        assert list(payments.faults_of(there)) == [
            f"pi_1: {storm.cents(taken) + 1} were taken, {storm.cents(taken)} was held",
            f"{code} taken: {storm.cents(taken)} here, {storm.cents(taken) + 1} there",
        ]
        intent["amount_received"] -= 1
        there.refunds["re_1"] = {"payment_intent": "pi_1", "amount": storm.cents(taken) + 1, "status": "failed"}
        assert list(payments.faults_of(there)) == [
            f"pi_1: {storm.cents(taken) + 1} was sent back, {storm.cents(taken)} were taken"
        ]
        there.refunds.clear()
        Payment.objects.update(giving_up=True)
        assert f"{code} is unknown: it waits for an answer" in list(payments.faults_of(there))
        Payment.objects.update(giving_up=False)
        step = EventRecord.objects.filter(subject_type="billing.payment", target="captured").get()
        EventRecord.objects.filter(pk=step.pk).update(source="captured", target="requires_action")
        assert list(payments.regressions()) == [
            f"payment {step.subject_id} went back from captured to requires_action"
        ]
