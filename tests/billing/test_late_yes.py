"""A provider who called a refund failed and carried it out all the same is believed, once; nothing of it is hidden."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import services as billing
from billing.ledgering import post_everything
from billing.models import LedgerTransaction, Payment, Refund
from core.errors import TransitionRefused
from core.models import EventRecord
from core.money import Money
from customers import services as customers
from orders import services as orders
from orders.models import OrderException
from tests.billing.checkouts import MAYA
from tests.billing.disputing import ALL, books, lose, paid_by_card, write
from tests.factories.billing import again

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
PART = Decimal("2.06")


@pytest.fixture
def paid(stripe, run_debts):
    """A payment of 22.06 EUR for an order that is completed."""
    linde = customers.create_customer(customers.CustomerInput(name="Linde", email="linde@example.com"), actor=MAYA)
    return paid_by_card(stripe, run_debts, customer_id=linde.pk)


def refuse(payment, stripe, run_debts, amount=PART, **how):
    """Ask for a refund that Stripe calls failed, and hear so."""
    stripe.refund_status = "failed"
    asked = Money(amount, "EUR")
    [refund] = billing.refund_payment(payment.pk, amount=asked, reference="RMA-1", actor=MAYA, **how)
    run_debts()
    stripe.refund_status = "succeeded"
    assert Refund.objects.get(pk=refund.pk).status == "failed"
    return refund


def told(category):
    """Return the exceptions of a category, with how they stand."""
    return list(OrderException.objects.filter(category=category).order_by("pk").values_list("title", "status"))


def refunds():
    """Return all refunds, the oldest first: by which cause, how they stand and over how much."""
    return list(Refund.objects.order_by("pk").values_list("reference", "status", "amount"))


def stands(order):
    """Return what was paid for an order, went back, went back twice and is owed."""
    found = again(order)
    return found.paid_total, found.refunded_total, found.overdrawn_total, found.balance_due


def steps():
    """Return the steps of refunds, in their order."""
    found = EventRecord.objects.filter(subject_type="billing.refund").exclude(transition="").order_by("pk")
    return list(found.values_list("transition", flat=True))


def test_a_refund_that_went_after_all_is_counted_once_however_often_it_is_told(paid, stripe, run_debts):
    before = books()
    refund = refuse(paid, stripe, run_debts)
    assert books() == before

    stripe.carry_out("re_1")
    write(stripe, run_debts, times=3)

    assert refunds() == [("RMA-1", "succeeded", PART)]
    assert steps() == ["approve", "process", "fail", "go_after_all"]
    assert (Refund.objects.get().failure, Payment.objects.get().refunded) == ("", PART)
    assert stands(paid.order) == (ALL, PART, 0, PART)
    assert books() == (before[0] - PART, 0, 0, PART, 0)
    assert EventRecord.objects.filter(name="billing.refund_settled").count() == 1
    orders.close_what_is_over(paid.order_id)
    assert {status for _title, status in told("refund_failed")} == {"resolved"}
    assert told("sent_twice") == []
    assert post_everything() == 0
    with pytest.raises(TransitionRefused):
        billing.retry_refund(refund.pk, actor=MAYA)


def test_a_message_that_never_came_is_made_up_for_by_the_clock(paid, stripe, run_debts):
    refuse(paid, stripe, run_debts)
    stripe.carry_out("re_1")

    assert billing.look_after_money(timezone.now() + timedelta(minutes=14)) == 0
    assert billing.look_after_money(timezone.now() + timedelta(minutes=16)) == 1

    assert refunds() == [("RMA-1", "succeeded", PART)]


def test_a_no_that_stays_is_asked_about_for_three_days_and_then_no_more(paid, stripe, run_debts):
    refuse(paid, stripe, run_debts)
    assert billing.look_after_money(timezone.now() + timedelta(hours=1)) == 1
    assert Payment.objects.get().look_at is not None

    Refund.objects.update(failed_at=timezone.now() - timedelta(days=3, minutes=1))
    assert billing.look_after_money(timezone.now() + timedelta(hours=8)) == 1
    assert Payment.objects.get().look_at is None
    assert refunds() == [("RMA-1", "failed", PART)]


def test_what_went_meanwhile_is_not_sent_again(paid, stripe, run_debts):
    refund = refuse(paid, stripe, run_debts)
    stripe.carry_out("re_1")

    billing.retry_refund(refund.pk, actor=MAYA)
    run_debts()

    assert refunds() == [("RMA-1", "succeeded", PART)]
    assert list(stripe.refunds) == ["re_1"]
    assert stands(paid.order) == (ALL, PART, 0, PART)


def twice(paid, stripe, run_debts):
    """Send a part again after a no, and have Stripe carry out both."""
    refund = refuse(paid, stripe, run_debts)
    billing.retry_refund(refund.pk, actor=MAYA)
    run_debts()
    assert refunds() == [("RMA-1", "succeeded", PART)]
    stripe.carry_out("re_1")
    write(stripe, run_debts, times=3)
    return refund


def test_both_tries_of_a_refund_that_went_are_two_refunds_and_the_customer_owes_the_second(paid, stripe, run_debts):
    before = books()
    refund = twice(paid, stripe, run_debts)

    assert refunds() == [("RMA-1", "succeeded", PART), ("RMA-1-again-1", "succeeded", PART)]
    second = Refund.objects.get(again_of=refund)
    assert (second.reason, second.credit_note) == ("The provider carried out this refund twice", None)
    assert stripe.sent_back(paid.code) == 412
    assert stands(paid.order) == (ALL, 2 * PART, 0, 2 * PART)
    assert books() == (before[0] - 2 * PART, 0, 0, 2 * PART, 0)
    said = (
        f"2.06 EUR for {paid.order.number} went back twice: the provider carried out a refund that he had called "
        "failed. Ask the customer for it"
    )
    assert told("sent_twice") == [(said, "open")]
    assert OrderException.objects.get(category="sent_twice").queue == "finance"
    assert EventRecord.objects.filter(name="billing.refund_settled").count() == 1, "the customer hears of one"
    assert post_everything() == 0

    # A goodwill of 2.06 was meant: it is credited, and the customer returns what came a second time.
    billing.credit_invoice(paid.order.invoices.get().pk, amount=PART, reference="C", reason="Sorry", actor=MAYA)
    run_debts()
    orders.close_what_is_over(paid.order_id)
    assert told("sent_twice") == [(said, "open")]
    left = again(paid.order).balance_due
    billing.record_payment(paid.order_id, method="bank_transfer", amount=left, reference="back", actor=MAYA)
    orders.close_what_is_over(paid.order_id)
    assert told("sent_twice") == [(said, "resolved")]
    assert (0 < left < 2 * PART, again(paid.order).balance_due) == (True, 0)


def test_the_second_one_that_comes_home_is_nobodys_and_cannot_be_sent_again(paid, stripe, run_debts):
    refund = twice(paid, stripe, run_debts)
    stripe.send_home("re_1")
    write(stripe, run_debts, times=2)

    assert refunds() == [("RMA-1", "succeeded", PART), ("RMA-1-again-1", "failed", PART)]
    assert stands(paid.order) == (ALL, PART, 0, PART)
    assert {status for _title, status in told("refund_failed")} != {"open", "acknowledged"}
    with pytest.raises(TransitionRefused, match="came back once"):
        billing.retry_refund(refund.again.get().pk, actor=MAYA)

    stripe.carry_out("re_1")
    write(stripe, run_debts)
    assert refunds()[1] == ("RMA-1-again-1", "succeeded", PART)
    assert stands(paid.order) == (ALL, 2 * PART, 0, 2 * PART)
    assert post_everything() == 0


def test_the_answer_to_a_second_try_counts_beside_the_first_that_went_meanwhile(paid, stripe, run_debts):
    refund = refuse(paid, stripe, run_debts)
    billing.retry_refund(refund.pk, actor=MAYA)
    second = billing.begin_refund(refund.pk)
    key = f"RMA-1-{refund.code}"
    billing.settle_refund(refund.pk, sent_as=key)

    billing.settle_refund(second.pk, sent_as=f"{key}-1")
    billing.settle_refund(second.pk, sent_as=f"{key}-1")
    billing.settle_refund(second.pk, sent_as=key)
    billing.fail_refund(second.pk, reason="stale", asked_as=f"{key}-1")

    assert refunds() == [("RMA-1", "succeeded", PART), ("RMA-1-again-1", "succeeded", PART)]
    assert stands(paid.order) == (ALL, 2 * PART, 0, 2 * PART)
    assert len(told("sent_twice")) == 1


def test_a_refund_under_another_cause_that_was_made_instead_is_said_to_have_gone_twice(paid, stripe, run_debts):
    refuse(paid, stripe, run_debts)
    billing.refund_payment(paid.pk, amount=Money(PART, "EUR"), reference="RMA-1 again", actor=MAYA)
    run_debts()
    assert told("sent_twice") == []

    stripe.carry_out("re_1")
    write(stripe, run_debts)

    assert refunds() == [("RMA-1", "succeeded", PART), ("RMA-1 again", "succeeded", PART)]
    assert [title.split(" went ")[0] for title, _ in told("sent_twice")] == [f"2.06 EUR for {paid.order.number}"]


def test_a_refund_for_something_else_was_not_made_instead(paid, stripe, run_debts):
    invoice = paid.order.invoices.get()
    first, other = (
        billing.credit_invoice(invoice.pk, amount=amount, reference=reference, reason="Broken", actor=MAYA).total
        for amount, reference in ((Decimal("2.00"), "C-1"), (Decimal("1.00"), "C-2"))
    )
    refuse(paid, stripe, run_debts, amount=first)
    billing.refund_payment(paid.pk, amount=Money(other, "EUR"), reference="RMA-2", actor=MAYA)
    run_debts()

    stripe.carry_out("re_1")
    write(stripe, run_debts)

    assert stands(paid.order) == (ALL, first + other, 0, 0)
    assert told("sent_twice") == []


def test_money_that_became_store_credit_meanwhile_is_gone_beyond_what_came_in(paid, stripe, run_debts):
    refuse(paid, stripe, run_debts, amount=ALL)
    billing.refund_payment(paid.pk, amount=Money(ALL, "EUR"), reference="RMA-2", to_credit=True, actor=MAYA)
    run_debts()
    before = books()

    stripe.carry_out("re_1")
    write(stripe, run_debts, times=2)

    payment = Payment.objects.get()
    assert (payment.captured, payment.refunded, payment.overdrawn, payment.beyond) == (ALL, 2 * ALL, ALL, ALL)
    assert stands(paid.order) == (ALL, 2 * ALL, ALL, 2 * ALL)
    assert books() == (before[0] - ALL, 0, 0, before[3] + ALL, 0)
    assert len(told("sent_twice")) == 1
    assert post_everything() == 0

    stripe.send_home("re_1")
    write(stripe, run_debts)
    payment = Payment.objects.get()
    assert (payment.refunded, payment.overdrawn) == (ALL, 0)
    assert (stands(paid.order), books()) == ((ALL, ALL, 0, ALL), before)


def test_what_the_bank_took_already_is_gone_beyond_what_came_in(paid, stripe, run_debts):
    refuse(paid, stripe, run_debts)
    billing.decide_dispute(lose(stripe, run_debts).pk, customer_owes=True, actor=MAYA)
    stripe.carry_out("re_1")
    write(stripe, run_debts)

    payment = Payment.objects.get()
    assert (payment.charged_back, payment.refunded, payment.overdrawn) == (ALL, PART, PART)
    assert stands(paid.order) == (0, PART, PART, ALL + PART)
    assert len(told("sent_twice")) == 1

    stripe.decide("dp_1", "won")
    write(stripe, run_debts)
    payment = Payment.objects.get()
    assert (payment.charged_back, payment.refunded, payment.overdrawn) == (0, PART, 0)


def test_no_try_is_counted_twice_by_whoever_writes(paid, stripe, run_debts):
    twice(paid, stripe, run_debts)
    kept = Refund.objects.exclude(sent_key="").get()
    kept.pk, kept.code, kept.reference = None, "re_another", "another"

    with pytest.raises(IntegrityError, match="each_try_counts_once|sent_key"), transaction.atomic():
        Refund.objects.bulk_create([kept])
    with pytest.raises(IntegrityError, match="_at_most_what_"), transaction.atomic():
        Payment.objects.update(refunded=ALL + 1)
    assert LedgerTransaction.objects.filter(kind="refund").count() == 2
