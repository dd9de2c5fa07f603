"""Money that a customer's bank asks back: taken, given back or lost, and who bears it."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from billing import services as billing
from billing.errors import NothingToDecide, PaymentDisputed
from billing.ledgering import post_everything
from billing.models import Dispute, InvoicePayment, LedgerEntry, LedgerTransaction, Payment, Refund
from core.models import EventRecord, Notice, User
from core.money import Money
from customers import services as customers
from customers.models import Customer
from orders import services as orders
from orders.models import Hold, OrderException
from tests.billing.checkouts import MAYA, begin, come_back
from tests.billing.disputing import ALL, books, exceptions, lose, on, paid_by_card, write
from tests.factories.billing import again, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def paid(stripe, run_debts):
    """A payment of 22.06 EUR for an order that is completed."""
    return paid_by_card(stripe, run_debts)


def test_a_dispute_takes_the_money_and_is_put_before_finance_by_its_day(paid, stripe, run_debts):
    finance = User.objects.create_user("ada", is_staff=True)
    finance.user_permissions.add(*permission("operate_payment"))
    stripe.dispute("pi_1", reason="product_not_received")
    write(stripe, run_debts)

    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.reason, dispute.reference) == ("open", "product_not_received", "dp_1")
    assert (dispute.amount, dispute.taken, dispute.returned) == (ALL, ALL, 0)
    assert dispute.page_url == "https://dashboard.stripe.com/test/disputes/dp_1"
    assert books() == (0, ALL, 0, 0, 0)
    # What the customer owes is another matter, until it is lost.
    order = again(paid.order)
    assert (order.status, order.payment_status, order.balance_due) == ("completed", "paid", 0)
    found = OrderException.objects.get(category="dispute")
    assert found.title == f"The customer's bank asks 22.06 EUR for {order.number} back: send it evidence"
    assert (found.queue, found.due_at) == ("finance", dispute.evidence_due_at)
    assert timedelta(days=6) < dispute.evidence_due_at - timezone.now() < timedelta(days=8)
    told = Notice.objects.get(user=finance)
    assert (told.kind, told.text) == ("payment_disputed", "22.06 EUR")


def permission(code: str):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename=code)


def test_evidence_that_is_sent_leaves_nothing_to_do(paid, stripe, run_debts):
    stripe.dispute("pi_1")
    write(stripe, run_debts)
    stripe.take_evidence("dp_1")
    write(stripe, run_debts)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.evidence_sent) == ("open", True)
    assert [status for _title, status in exceptions()] == ["resolved"]


def test_a_dispute_that_is_won_gives_the_money_back(paid, stripe, run_debts):
    before = books()
    stripe.dispute("pi_1")
    write(stripe, run_debts)
    stripe.decide("dp_1", "won")
    write(stripe, run_debts)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.taken, dispute.returned, dispute.undecided) == ("won", ALL, ALL, 0)
    assert books() == before
    assert [status for _title, status in exceptions()] == ["resolved"]
    with pytest.raises(NothingToDecide):
        billing.decide_dispute(dispute.pk, customer_owes=True, actor=MAYA)
    # And may go back like any other money.
    billing.refund_payment(paid.pk, actor=MAYA)
    run_debts()
    assert Refund.objects.get().status == "succeeded"


def test_a_dispute_that_is_lost_waits_for_who_bears_it(paid, stripe, run_debts):
    dispute = lose(stripe, run_debts)
    assert (dispute.status, dispute.undecided) == ("lost", ALL)
    assert books() == (0, ALL, 0, 0, 0)
    assert exceptions()[-1] == (
        f"The dispute over 22.06 EUR for {paid.order.number} is lost: say who bears it",
        "open",
    )

    billing.decide_dispute(dispute.pk, customer_owes=False, actor=MAYA)
    dispute = Dispute.objects.get()
    assert (dispute.lost, dispute.owed, dispute.decided_by) == (ALL, 0, "staff:maya")
    assert books() == (0, 0, ALL, 0, 0)
    order = again(paid.order)
    assert (order.payment_status, order.balance_due, order.invoices.get().status) == ("paid", 0, "paid")
    assert {status for _title, status in exceptions()} == {"resolved"}
    with pytest.raises(NothingToDecide):
        billing.decide_dispute(dispute.pk, customer_owes=True, actor=MAYA)
    assert books() == (0, 0, ALL, 0, 0)


def test_a_lost_dispute_may_be_owed_again_and_is_paid_anew(paid, stripe, run_debts):
    dispute = lose(stripe, run_debts)
    billing.decide_dispute(dispute.pk, customer_owes=True, actor=MAYA)
    run_debts()

    order, invoice = again(paid.order), paid.order.invoices.get()
    assert (order.status, order.payment_status, order.balance_due) == ("completed", "unpaid", ALL)
    assert (invoice.status, invoice.paid_total, invoice.open_amount) == ("issued", 0, ALL)
    assert books() == (0, 0, 0, ALL, 0)
    assert LedgerEntry.objects.filter(invoice=invoice).aggregate(sum=Sum("amount"))["sum"] == ALL
    row = InvoicePayment.objects.get()
    assert (row.amount, row.taken_back) == (0, ALL)

    billing.record_payment(order.pk, method="bank_transfer", amount=ALL, reference="B-1", actor=MAYA)
    assert (again(order).balance_due, order.invoices.get().status) == (0, "paid")
    assert books() == (ALL, 0, 0, 0, 0)


def test_a_lost_dispute_after_a_part_went_back_is_owed_as_far_as_it_stayed_here(paid, stripe, run_debts):
    billing.refund_payment(paid.pk, amount=Money(Decimal("2.06"), "EUR"), actor=MAYA)
    run_debts()
    dispute = lose(stripe, run_debts)
    billing.decide_dispute(dispute.pk, customer_owes=True, actor=MAYA)
    dispute = Dispute.objects.get()
    assert (dispute.owed, dispute.lost) == (Decimal("20.00"), Decimal("2.06"))
    # All 22.06 are to be paid: what was paid has gone, by refund and by dispute.
    assert (again(paid.order).balance_due, paid.order.invoices.get().open_amount) == (ALL, ALL)
    assert books() == (Decimal("-2.06"), 0, Decimal("2.06"), ALL, 0)


@pytest.mark.parametrize("end", ["won", "lost", "open"])
def test_messages_in_any_order_and_five_times_over_say_it_once(paid, stripe, run_debts, end):
    stripe.dispute("pi_1")
    stripe.take_evidence("dp_1")
    if end != "open":
        stripe.decide("dp_1", end)
    letters = list(stripe.events) * 5
    random.Random(3).shuffle(letters)
    write(stripe, run_debts, *letters)

    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.taken, dispute.returned) == (end, ALL, ALL if end == "won" else 0)
    assert EventRecord.objects.filter(name="billing.dispute_opened").count() == 1
    assert EventRecord.objects.filter(name="billing.dispute_closed").count() == (0 if end == "open" else 1)
    assert LedgerTransaction.objects.filter(kind="dispute").count() == (2 if end == "won" else 1)


def test_a_dispute_is_told_before_we_know_that_the_money_came(stripe, run_debts):
    order = place(terms="prepaid")
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    # The browser never came back, and the goods are still here.
    intent = stripe.intents["pi_1"]
    stripe._capture(intent, intent["amount"])
    stripe.dispute("pi_1")
    Payment.objects.filter(pk=payment.pk).update(reference="pi_1")
    write(stripe, run_debts, *[one for one in stripe.events if one["type"].startswith("charge.dispute")])
    assert (Payment.objects.get().status, Dispute.objects.get().status) == ("captured", "open")
    assert Payment.objects.get().look_at > timezone.now() + timedelta(hours=5)


def test_a_stripe_that_is_away_when_it_writes_is_asked_later(paid, stripe, run_debts):
    stripe.dispute("pi_1")
    stripe.away = True
    write(stripe, run_debts)
    assert not Dispute.objects.exists()
    stripe.away = False
    assert billing.look_after_money(timezone.now() + timedelta(minutes=20)) == 1
    assert Dispute.objects.get().status == "open"
    # While it is open it is asked about, without any message.
    stripe.decide("dp_1", "won")
    assert billing.look_after_money(timezone.now() + timedelta(hours=1)) == 0
    assert billing.look_after_money(timezone.now() + timedelta(hours=7)) == 1
    assert Dispute.objects.get().status == "won"
    assert Payment.objects.get().look_at is None


def test_a_disputed_payment_is_not_sent_back_as_well(paid, stripe, run_debts):
    stripe.dispute("pi_1")
    write(stripe, run_debts)
    for ask in (
        lambda: billing.refund_payment(paid.pk, amount=Money(Decimal(1), "EUR"), actor=MAYA),
        lambda: billing.request_refund(paid.order_id, amount=Money(Decimal(1), "EUR"), reference="X", actor=MAYA),
    ):
        with pytest.raises(PaymentDisputed, match="would pay it twice"):
            ask()
    assert not Refund.objects.exists()
    stripe.decide("dp_1", "lost")
    write(stripe, run_debts)
    with pytest.raises(PaymentDisputed):
        billing.refund_payment(paid.pk, amount=Money(Decimal(1), "EUR"), actor=MAYA)


def test_goods_stay_and_new_orders_wait_while_a_payment_is_disputed(stripe, run_debts):
    customer = customers.create_customer(
        customers.CustomerInput(name="Ada Byron", email="ada@example.com"), actor=MAYA
    )
    order = place(terms="prepaid", customer_number=customer.number)
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    billing.capture_payment(payment.pk, actor=MAYA)
    run_debts()
    stripe.dispute("pi_1")
    write(stripe, run_debts)
    hold = Hold.objects.get(order=order)
    assert (hold.kind, hold.reason) == ("fraud", "The customer's bank asks 22.06 EUR back")
    assert "ship" in hold.blocks
    assert Customer.objects.get().arrears_why == "disputed"
    other = place({"MUG-RED": 1}, customer_number=customer.number)
    assert other.hold_reason == f"They had a payment taken back by their bank, on {timezone.localdate().isoformat()}"

    stripe.decide("dp_1", "won")
    write(stripe, run_debts)
    assert Customer.objects.get().arrears_since is None
    assert not Hold.objects.filter(status="active").exists()
    assert again(other).status == "confirmed"


def test_what_is_won_for_a_cancelled_order_goes_back(stripe, run_debts):
    order = place(terms="prepaid")
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    billing.capture_payment(payment.pk, actor=MAYA)
    run_debts()
    stripe.dispute("pi_1")
    write(stripe, run_debts)
    orders.cancel_order(order.pk, reason="No", actor=MAYA)
    run_debts()
    assert not Refund.objects.exists()
    stripe.decide("dp_1", "won")
    write(stripe, run_debts)
    assert (Refund.objects.get().status, stripe.sent_back(payment.code)) == ("succeeded", 2206)


def test_a_ledger_that_lacks_disputes_is_written_again(paid, stripe, run_debts):
    dispute = lose(stripe, run_debts)
    billing.decide_dispute(dispute.pk, customer_owes=True, actor=MAYA)
    before = books()
    assert post_everything() == 0
    assert books() == before


def test_a_refund_that_comes_home_is_owed_again_and_may_be_sent_once_more(paid, stripe, run_debts):
    before = books()
    billing.refund_payment(paid.pk, amount=Money(Decimal("2.06"), "EUR"), actor=MAYA)
    run_debts()
    assert again(paid.order).refunded_total == Decimal("2.06")
    stripe.send_home("re_1")
    write(stripe, run_debts, times=3)

    refund = Refund.objects.get()
    assert (refund.status, refund.failure, refund.returns) == ("failed", "lost_or_stolen_card", 1)
    assert (again(paid.order).refunded_total, Payment.objects.get().refunded) == (0, 0)
    assert books() == before
    said = OrderException.objects.get(category="refund_failed")
    assert said.title == "2.06 EUR could not be sent back: lost_or_stolen_card"

    stripe.refund_status = "succeeded"
    billing.refund_for_exception(said.pk, actor=MAYA)
    run_debts()
    assert (Refund.objects.get().status, stripe.sent_back(paid.code)) == ("succeeded", 206)
    assert again(paid.order).refunded_total == Decimal("2.06")
    # What is told of the first try says nothing about the second.
    write(stripe, run_debts)
    assert Refund.objects.get().status == "succeeded"
    assert post_everything() == 0


def test_a_refund_that_comes_home_takes_its_credit_note_up_again(paid, stripe, run_debts):
    invoice = paid.order.invoices.get()
    billing.credit_invoice(invoice.pk, reference="C-1", reason="Broken", actor=MAYA)
    run_debts()
    billing.request_refund(
        paid.order_id,
        amount=Money(ALL, "EUR"),
        reference="R-1",
        credit_note_id=paid.order.credit_notes.get().pk,
        actor=MAYA,
    )
    run_debts()
    assert paid.order.credit_notes.get().status == "refunded"
    stripe.send_home("re_1")
    write(stripe, run_debts)
    assert paid.order.credit_notes.get().status == "issued"
    assert (again(paid.order).balance_due, on("receivable")) == (-ALL, -ALL)
