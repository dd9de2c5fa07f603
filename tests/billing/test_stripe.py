"""Money through Stripe, over real HTTP: held when an order is placed, taken when goods leave, once and to the cent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.models import Payment, Refund
from core.errors import TransitionRefused
from core.models import EventRecord, OutgoingMail
from core.money import Money
from orders import services as orders
from orders.models import Order, OrderException
from pricing.models import Channel
from tests.billing.checkouts import BACK, MAYA, NOTHING, begin, come_back, stand
from tests.factories.billing import again, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
HELD = ("authorized", "22.060", "0.000", "0.000")
ALL = ("captured", "22.060", "22.060", "0.000")


@pytest.fixture
def order(stripe):
    """An order that waits for 22.06 EUR."""
    return place(terms="prepaid")


def later(**by: int) -> int:
    when = timezone.now() + timedelta(**by)
    return billing.reconcile_checkouts(when) + billing.reconcile_refunds(when)


def pay(order, stripe, run_debts) -> Payment:
    """Let the customer pay what is due, and come back."""
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    return Payment.objects.get(pk=payment.pk)


def test_money_is_held_at_placement_and_taken_when_goods_leave(order, stripe, run_debts):
    payment = begin(order)
    run_debts()
    session = stripe.session_of(payment.code)
    asked = session["asked"]
    assert (session["amount_total"], session["currency"], asked["mode"]) == (2206, "eur", "payment")
    assert asked["payment_intent_data"]["capture_method"] == "manual"
    assert (asked["success_url"], asked["locale"], asked["metadata"]) == (BACK, "en", {"key": payment.code})
    assert Payment.objects.get().page_url == session["url"]
    assert stand() == ("requires_action", *NOTHING)

    stripe.pay(payment.code)
    come_back(order, run_debts)
    assert stand() == HELD
    found = Payment.objects.get()
    assert (found.reference, found.means["last4"], found.means["brand"]) == ("pi_1", "4242", "visa")
    assert timedelta(days=6) < found.expires_at - timezone.now() < timedelta(days=8)
    assert (again(order).status, again(order).payment_status) == ("confirmed", "authorized")

    ship_all(order)
    run_debts()
    assert stand() == ALL
    assert (stripe.taken(payment.code), again(order).status) == (2206, "completed")
    assert order.invoices.get().status == "paid"


@pytest.mark.parametrize("first", ["decline", "challenge"])
def test_a_card_that_is_declined_or_asked_about_is_not_the_end(order, stripe, run_debts, first):
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code, first=first)
    come_back(order, run_debts)
    assert stand() == ("requires_action", *NOTHING)
    assert Payment.objects.get().failure == ("Your card was declined." if first == "decline" else "")
    stripe.pay(payment.code)
    come_back(order, run_debts)
    assert stand() == HELD
    assert Payment.objects.get().failure == ""


def test_an_order_that_is_cancelled_lets_go_of_what_is_held(order, stripe, run_debts):
    pay(order, stripe, run_debts)
    orders.cancel_order(order.pk, reason="No", actor=MAYA)
    run_debts()
    assert stand() == ("voided", "22.060", "0.000", "0.000")
    assert (stripe.intents["pi_1"]["status"], again(order).authorized_total) == ("canceled", 0)
    assert not OrderException.objects.exists()


def test_a_page_that_nobody_should_pay_on_any_more_is_closed_and_late_money_is_let_go(order, stripe, run_debts):
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    # Cancelled before anybody heard of it.
    orders.cancel_order(order.pk, reason="No", actor=MAYA)
    run_debts()
    assert stand() == ("voided", "22.060", "0.000", "0.000")
    assert stripe.intents["pi_1"]["status"] == "canceled"

    other = place(terms="prepaid", email="b@example.com")
    payment = begin(other)
    run_debts()
    orders.cancel_order(other.pk, reason="No", actor=MAYA)
    run_debts()
    assert stand(payment) == ("voided", *NOTHING)
    assert stripe.session_of(payment.code)["status"] == "expired"


def test_a_refund_goes_back_to_the_card(order, stripe, run_debts):
    payment = pay(order, stripe, run_debts)
    ship_all(order)
    run_debts()
    billing.refund_payment(payment.pk, amount=Money(Decimal("2.06"), "EUR"), actor=MAYA)
    run_debts()
    assert Refund.objects.get().status == "succeeded"
    assert stripe.sent_back(payment.code) == 206
    assert again(order).refunded_total == Decimal("2.06")


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_a_refund_that_stripe_ends_later_is_asked_about(order, stripe, run_debts, end):
    payment = pay(order, stripe, run_debts)
    ship_all(order)
    run_debts()
    stripe.refund_status = "pending"
    billing.refund_payment(payment.pk, actor=MAYA)
    run_debts()
    assert (Refund.objects.get().status, later(seconds=20), Refund.objects.get().status) == (
        "processing",
        1,
        "processing",
    )
    stripe.refunds["re_1"]["status"] = end
    later(days=1)
    assert Refund.objects.get().status == end
    assert OrderException.objects.filter(category="refund_failed").exists() == (end == "failed")


@pytest.mark.parametrize("what", ["capture", "void", "refund"])
def test_an_answer_that_never_came_is_asked_for_and_nothing_happens_twice(order, stripe, run_debts, what):
    payment = pay(order, stripe, run_debts)
    if what == "refund":
        ship_all(order)
        run_debts()
    stripe.losing = 1
    if what == "capture":
        ship_all(order)
    elif what == "void":
        orders.cancel_order(order.pk, reason="No", actor=MAYA)
    else:
        billing.refund_payment(payment.pk, actor=MAYA)
    run_debts()
    assert stripe.losing == 0
    before = stand()
    assert later(seconds=30) == 1
    run_debts()
    ends = {"capture": ALL, "void": ("voided", "22.060", "0.000", "0.000"), "refund": (*ALL[:3], "22.060")}
    assert before != stand() == ends[what]
    assert stripe.taken(payment.code) == (0 if what == "void" else 2206)
    assert stripe.sent_back(payment.code) == (2206 if what == "refund" else 0)
    assert later(days=1) == 0
    assert not OrderException.objects.exists()


def test_a_stripe_that_is_away_is_told_later(order, stripe, run_debts):
    payment = pay(order, stripe, run_debts)
    stripe.away = True
    ship_all(order)
    run_debts()
    assert (stand()[0], Payment.objects.get().capturing, again(order).payment_status) == (
        "authorized",
        Decimal("22.060"),
        "authorized",
    )
    assert later(minutes=1) == 0
    # Nobody takes or lets go of it a second time meanwhile.
    with pytest.raises(TransitionRefused):
        billing.capture_payment(payment.pk, actor=MAYA)
    with pytest.raises(TransitionRefused):
        billing.void_payment(payment.pk, actor=MAYA)
    stripe.away = False
    assert later(minutes=5) == 1
    assert (stand(), stripe.taken(payment.code)) == (ALL, 2206)


def test_a_hold_that_stripe_let_go_of_is_no_money_and_a_person_hears_of_it(order, stripe, run_debts):
    pay(order, stripe, run_debts)
    stripe.run_out("pi_1")
    ship_all(order)
    run_debts()
    assert stand() == ("expired", "22.060", "0.000", "0.000")
    assert Payment.objects.get().capturing == 0
    assert again(order).payment_status == "unpaid"
    said = OrderException.objects.get()
    assert said.title == f"22.06 EUR that was held for {order.number} was let go by the provider"
    # And may be paid anew: what left is paid at once.
    payment = begin(order)
    run_debts()
    assert stripe.session_of(payment.code)["asked"]["payment_intent_data"]["capture_method"] == "automatic"
    stripe.pay(payment.code)
    come_back(order, run_debts)
    assert stand(payment) == ALL


def test_what_came_another_way_has_stripe_let_go_of_what_it_holds(order, stripe, run_debts):
    payment = pay(order, stripe, run_debts)
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("22.06"), actor=MAYA)
    assert Payment.objects.get(pk=payment.pk).giving_up
    run_debts()

    assert stand(payment) == ("voided", "22.060", "0.000", "0.000")
    assert (stripe.taken(payment.code), again(order).authorized_total, again(order).paid_total) == (
        0,
        0,
        Decimal("22.06"),
    )
    assert not OrderException.objects.exists()


def test_a_hold_without_use_that_runs_out_is_missed_by_nobody(order, stripe, run_debts, monkeypatch):
    payment = pay(order, stripe, run_debts)
    monkeypatch.setattr("billing.services.payments.let_go_of_spare", lambda *_args, **_more: None)
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("22.06"), actor=MAYA)
    stripe.run_out("pi_1")
    billing.ask_provider(payment.pk)

    assert stand(payment)[0] == "expired"
    assert not OrderException.objects.exists()


def two_parcels(order, run_debts):
    """Send the tea first (4.49), then the mugs."""
    ship(order, {"TEA-1": 1}, reference="SH-1")
    run_debts()
    first = order.invoices.get()
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()
    return first, order.invoices.exclude(pk=first.pk).get()


def by_policy(order, policy: str):
    Channel.objects.filter(pk=order.channel_id).update(capture_policy=policy)


def test_what_can_be_taken_once_is_taken_with_the_first_parcel(order, stripe, run_debts):
    payment = pay(order, stripe, run_debts)
    first, second = two_parcels(order, run_debts)
    assert (stand(payment), stripe.asked.count("POST payment_intents/pi_1/capture")) == (ALL, 1)
    assert {first.status, second.status} == {"paid"}
    assert first.total + second.total == Decimal("22.06")


def test_later_parcels_are_charged_to_the_saved_card(order, stripe, run_debts):
    by_policy(order, "saved_means")
    payment = pay(order, stripe, run_debts)
    assert stripe.session_of(payment.code)["asked"]["payment_intent_data"]["setup_future_usage"] == "off_session"
    # Each answer is lost once on its way.
    stripe.losing = 1
    ship(order, {"TEA-1": 1}, reference="SH-1")
    run_debts()
    later(minutes=1)
    run_debts()
    first = order.invoices.get()
    assert (stand(payment)[0], stripe.taken(payment.code)) == ("captured", int(first.total * 100))
    assert not billing.is_payable_online(again(order))

    stripe.losing = 1
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()
    assert not billing.is_payable_online(again(order))
    later(minutes=1)
    run_debts()
    charge = Payment.objects.exclude(pk=payment.pk).get()
    assert (charge.status, charge.unattended, charge.captured) == ("captured", True, Decimal("22.06") - first.total)
    assert stripe.taken(charge.code) == 2206 - int(first.total * 100)
    assert {one.status for one in order.invoices.all()} == {"paid"}
    assert again(order).balance_due == 0


@pytest.mark.parametrize("policy", ["saved_means", "pay_link"])
def test_where_nothing_can_be_charged_the_customer_gets_a_link_to_pay_by(order, stripe, run_debts, policy):
    by_policy(order, policy)
    payment = pay(order, stripe, run_debts)
    stripe.strict_cards = {"pm_1"}
    first, second = two_parcels(order, run_debts)
    assert (first.status, second.status) == ("paid", "issued")
    assert stripe.taken(payment.code) == int(first.total * 100)
    kinds = set(OutgoingMail.objects.values_list("kind", flat=True))
    assert ("charge_failed" in kinds) == (policy == "saved_means")
    if policy == "saved_means":
        mail = OutgoingMail.objects.get(kind="charge_failed")
        assert "your card Visa •••• 4242 could not be charged for it" in mail.text
    other = begin(order)
    run_debts()
    assert other.amount == second.total
    stripe.pay(other.code)
    come_back(order, run_debts)
    assert again(order).balance_due == 0


def test_a_saved_card_that_says_no_to_who_has_no_mail_is_put_before_a_person(stripe, run_debts):
    order = place(terms="prepaid")
    by_policy(order, "saved_means")
    pay(order, stripe, run_debts)
    Order.objects.update(email="")
    stripe.strict_cards = {"pm_1"}
    two_parcels(order, run_debts)
    found = OrderException.objects.get(category="payment")
    assert "requires authentication" in found.title
    assert not OutgoingMail.objects.filter(kind="charge_failed").exists()


def test_a_capture_that_is_refused_is_put_before_a_person_and_may_be_tried_again(
    order, stripe, run_debts, monkeypatch
):
    pay(order, stripe, run_debts)
    work = stripe._capture
    monkeypatch.setattr(stripe, "_capture", lambda *_: (_ for _ in ()).throw(no("Try again later")))
    ship_all(order)
    run_debts()
    assert (stand(), Payment.objects.get().failure) == (HELD, "Try again later")
    said = OrderException.objects.get()
    assert said.title == f"The provider did not pay 22.06 EUR out for {order.number}: Try again later"
    monkeypatch.setattr(stripe, "_capture", work)
    billing.capture_payment(Payment.objects.get().pk, actor=MAYA)
    run_debts()
    assert stand() == ALL


def test_a_capture_that_went_after_all_is_counted_and_no_longer_before_a_person(
    order, stripe, run_debts, monkeypatch, nothing_broken
):
    payment = pay(order, stripe, run_debts)
    work = stripe._capture
    monkeypatch.setattr(stripe, "_capture", lambda *_: (_ for _ in ()).throw(no("Try again later")))
    ship_all(order)
    run_debts()
    assert (stand(), again(order).paid_total) == (HELD, 0)

    work(stripe.intents["pi_1"], 2206)
    for _twice in range(2):
        billing.ask_provider(payment.pk)

    assert (stand(), Payment.objects.get().failure, again(order).balance_due) == (ALL, "", 0)
    assert OrderException.objects.get().resolution == "The provider paid out what he had refused"
    assert EventRecord.objects.filter(name="billing.payment_captured").count() == 1


def no(message: str) -> Exception:
    from billing.proofs.stripe_bank import No

    return No(402, message)


def test_money_that_is_held_too_shortly_is_put_before_a_person_two_days_ahead(order, stripe, run_debts):
    payment = pay(order, stripe, run_debts)
    assert again(order).ship_by_on is not None
    day = timezone.now() + timedelta(days=5, minutes=1)
    # It should have left long before: nobody knows when it will.
    assert (billing.watch_holds(day - timedelta(days=1)), billing.watch_holds(day), billing.watch_holds(day)) == (
        0,
        1,
        1,
    )
    found = OrderException.objects.get(category="hold_ending")
    assert found.title.startswith(f"22.06 EUR is held for {order.number} until 20")
    billing.take_hold_for_exception(found.pk, actor=MAYA)
    run_debts()
    assert (stand(payment), OrderException.objects.get(pk=found.pk).status) == (ALL, "resolved")
