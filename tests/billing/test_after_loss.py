"""A dispute that was lost: its money comes back after all, or the customer had store credit for it already."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.errors import CreditTooSmall
from billing.ledgering import post_everything
from billing.models import Dispute, InvoicePayment, LedgerTransaction, Payment, StoreCredit
from core.actors import SYSTEM
from core.models import EventRecord
from core.money import Money
from customers.models import Customer
from orders import services as orders
from orders.models import Hold, OrderException
from tests.billing.checkouts import MAYA, begin, come_back
from tests.billing.disputing import ALL, books, exceptions, lose, on, paid_by_card, write
from tests.factories.billing import again, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
# Before tax: 10.00 with it.
NET = D("8.65")


@pytest.fixture
def paid(stripe, run_debts):
    """A payment of 22.06 EUR for an order that is completed."""
    return paid_by_card(stripe, run_debts)


def win_after_all(stripe, run_debts, *, times: int = 1) -> Dispute:
    before = len(stripe.events)
    stripe.decide("dp_1", "won")
    write(stripe, run_debts, *stripe.events[before:], times=times)
    return Dispute.objects.get()


def owe(dispute, run_debts):
    billing.decide_dispute(dispute.pk, customer_owes=True, actor=MAYA)
    run_debts()


def credit_of(payment):
    one = StoreCredit.objects.get(customer=payment.order.customer_id)
    return one.balance, one.held


# The money comes back after all ---------------------------------------------------------------------


def test_a_debt_goes_by_itself_when_the_provider_gives_the_money_back_and_is_told_five_times(paid, stripe, run_debts):
    before = books()
    owe(lose(stripe, run_debts), run_debts)
    assert (again(paid.order).balance_due, paid.order.invoices.get().status) == (ALL, "issued")

    dispute = win_after_all(stripe, run_debts, times=5)

    assert (dispute.status, dispute.owed, dispute.owed_back, dispute.undecided) == ("won", 0, ALL, 0)
    order, invoice = again(paid.order), paid.order.invoices.get()
    assert (order.payment_status, order.paid_total, order.balance_due) == ("paid", ALL, 0)
    assert (invoice.status, invoice.paid_total, invoice.open_amount) == ("paid", ALL, 0)
    assert (books(), Payment.objects.get().charged_back) == (before, 0)
    row = InvoicePayment.objects.get()
    assert (row.amount, row.taken_back) == (ALL, ALL)
    assert {status for _title, status in exceptions()} == {"resolved"}
    assert not OrderException.objects.filter(category="paid_twice").exists()
    assert LedgerTransaction.objects.filter(kind="charge_back").count() == 2
    assert EventRecord.objects.filter(name="billing.dispute_closed").count() == 2
    assert post_everything() == 0


def test_what_was_paid_anew_and_comes_back_as_well_is_put_before_finance_until_it_is_sent_back(
    paid, stripe, run_debts
):
    owe(lose(stripe, run_debts), run_debts)
    billing.record_payment(paid.order_id, method="bank_transfer", amount=ALL, reference="B-1", actor=MAYA)

    win_after_all(stripe, run_debts)

    order = again(paid.order)
    assert (order.payment_status, order.balance_due) == ("overpaid", -ALL)
    assert books() == (2 * ALL, 0, 0, 0, -ALL)
    said = OrderException.objects.get(category="paid_twice")
    assert (said.status, said.queue) == ("open", "finance")
    assert (
        said.title == f"22.06 EUR for {order.number} was paid anew and came back from the bank as well: send it back"
    )
    billing.refund_payment(paid.pk, actor=MAYA)
    run_debts()
    orders.close_what_is_over(order.pk)
    assert OrderException.objects.get(category="paid_twice").status == "resolved"
    assert books() == (ALL, 0, 0, 0, 0)


def test_money_that_comes_back_before_anybody_decided_leaves_nothing_to_decide(paid, stripe, run_debts):
    before = books()
    lose(stripe, run_debts)
    dispute = win_after_all(stripe, run_debts)
    assert (dispute.status, dispute.owed_back, dispute.decided_at) == ("won", 0, None)
    assert books() == before
    assert {status for _title, status in exceptions()} == {"resolved"}


def test_our_loss_is_taken_back_too(paid, stripe, run_debts):
    before = books()
    billing.decide_dispute(lose(stripe, run_debts).pk, customer_owes=False, actor=MAYA)
    assert on("bad_debt") == ALL
    dispute = win_after_all(stripe, run_debts)
    assert (dispute.status, dispute.lost, dispute.owed_back) == ("won", 0, 0)
    assert books() == before


def test_what_comes_back_in_part_takes_the_debt_back_before_the_loss_and_the_rest_stays(paid, stripe, run_debts):
    billing.refund_payment(paid.pk, amount=Money(D("2.06"), "EUR"), actor=MAYA)
    run_debts()
    dispute = lose(stripe, run_debts)
    owe(dispute, run_debts)
    stripe._move(stripe.disputes["dp_1"], 500, fee=0)
    stripe.tell("charge.dispute.funds_reinstated", stripe.disputes["dp_1"])
    write(stripe, run_debts, times=2)
    dispute = Dispute.objects.get()
    # 20.00 were owed, 2.06 our loss.
    assert (dispute.status, dispute.owed, dispute.owed_back, dispute.lost) == ("lost", D("15.00"), D(5), D("2.06"))
    assert (again(paid.order).balance_due, paid.order.invoices.get().paid_total) == (D("17.06"), D(5))

    stripe._move(stripe.disputes["dp_1"], 1700, fee=0)
    billing.look_after_payment(paid.pk)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.owed, dispute.owed_back, dispute.lost) == ("lost", 0, D(20), D("0.06"))
    assert again(paid.order).balance_due == D("2.06")
    assert books() == (D("19.94"), 0, D("0.06"), D("2.06"), 0)
    assert post_everything() == 0


def test_a_debt_that_was_written_off_meanwhile_is_paid_after_all(paid, stripe, run_debts):
    owe(lose(stripe, run_debts), run_debts)
    invoice = paid.order.invoices.get()
    billing.write_off_invoice(invoice.pk, reason="They are gone", actor=MAYA)
    assert on("bad_debt") == ALL
    win_after_all(stripe, run_debts)
    invoice = paid.order.invoices.get()
    assert (invoice.status, invoice.written_off_total, again(paid.order).written_off_total) == ("paid", 0, 0)
    assert books() == (ALL, 0, 0, 0, 0)


def test_goods_that_waited_for_the_dispute_go_on_when_the_money_is_back(stripe, run_debts):
    order = place(terms="prepaid")
    payment = billing_checkout(order, stripe, run_debts)
    stripe.dispute("pi_1")
    stripe.decide("dp_1", "lost")
    write(stripe, run_debts)
    assert Hold.objects.get().status == "active"
    assert Customer.objects.get().arrears_why == "disputed"
    win_after_all(stripe, run_debts)
    assert (Hold.objects.get().status, Customer.objects.get().arrears_since) == ("released", None)
    assert (again(order).payment_status, payment.captured) == ("paid", ALL)


def billing_checkout(order, stripe, run_debts) -> Payment:
    """Return the payment of an order whose goods are still here."""
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    billing.capture_payment(payment.pk, actor=MAYA)
    run_debts()
    return Payment.objects.get(pk=payment.pk)


def test_won_is_believed_when_the_money_is_here_and_asked_about_until_then(paid, stripe, run_debts):
    lose(stripe, run_debts)
    stripe.disputes["dp_1"]["status"] = "won"
    stripe.tell("charge.dispute.closed", stripe.disputes["dp_1"])
    write(stripe, run_debts)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.undecided) == ("lost", ALL)
    assert Payment.objects.get().look_at is not None
    stripe._move(stripe.disputes["dp_1"], 2206, fee=0)
    billing.look_after_payment(paid.pk)
    assert (Dispute.objects.get().status, Payment.objects.get().look_at) == ("won", None)


# Store credit for it, and the money from the bank -----------------------------------------------------


def given_as_credit(paid, run_debts):
    """Take 10.00 off the price, and let that go back as store credit."""
    invoice = paid.order.invoices.get()
    note = billing.credit_invoice(invoice.pk, amount=NET, reference="R-1", reason="Broken", actor=MAYA)
    run_debts()
    assert again(paid.order).credited_total == D(10)
    money = Money(D(10), "EUR")
    billing.request_refund(
        paid.order_id, amount=money, reference="R-1", credit_note_id=note.pk, to_credit=True, actor=MAYA
    )
    run_debts()


def test_credit_for_a_payment_that_is_disputed_is_held_and_free_again_when_we_win(paid, stripe, run_debts):
    given_as_credit(paid, run_debts)
    assert credit_of(paid) == (D(10), 0)
    stripe.dispute("pi_1")
    write(stripe, run_debts, times=3)
    assert (credit_of(paid), Dispute.objects.get().credit_held) == ((D(10), D(10)), D(10))
    with pytest.raises(CreditTooSmall):
        billing.give_store_credit(
            paid.order.customer_id, amount=Money(D(1), "EUR"), reason="-", reference="T", take_back=True, actor=MAYA
        )
    stripe.decide("dp_1", "won")
    write(stripe, run_debts)
    assert (credit_of(paid), Dispute.objects.get().credit_held) == ((D(10), 0), 0)
    assert not EventRecord.objects.filter(name="billing.store_credit_changed").exists()


def test_unspent_credit_is_charged_back_when_the_customer_wins_and_only_the_rest_is_to_be_decided(
    paid, stripe, run_debts
):
    given_as_credit(paid, run_debts)
    dispute = lose(stripe, run_debts)
    assert (credit_of(paid), dispute.credit_back, dispute.undecided) == ((0, 0), D(10), D("12.06"))
    assert (on("store_credit"), on("dispute")) == (0, D("12.06"))
    told = EventRecord.objects.get(name="billing.store_credit_changed")
    assert (told.payload["amount"], told.payload["reason"]) == (
        "-10.00",
        f"Your bank gave you the money for {paid.order.number} as well",
    )
    assert exceptions()[-1] == (
        f"The dispute over 22.06 EUR for {paid.order.number} is lost: say who bears it",
        "open",
    )

    owe(dispute, run_debts)
    # They kept goods for 12.06 and owe just that.
    assert (again(paid.order).balance_due, paid.order.invoices.get().open_amount) == (D("12.06"), D("12.06"))
    assert (Dispute.objects.get().lost, on("bad_debt"), on("dispute")) == (0, 0, 0)
    assert post_everything() == 0


def test_spent_credit_is_named_before_finance_and_is_our_loss(paid, stripe, run_debts):
    given_as_credit(paid, run_debts)
    other = place(customer_id=paid.order.customer_id)
    billing.record_payment(other.pk, method="store_credit", amount=D(4), actor=SYSTEM)
    dispute = lose(stripe, run_debts)
    assert (credit_of(paid), dispute.credit_back, dispute.undecided) == ((0, 0), D(6), D("16.06"))
    said = OrderException.objects.get(category="dispute", status="open")
    assert (said.queue, said.title) == (
        "finance",
        f"The dispute over 22.06 EUR for {paid.order.number} is lost, and 4.00 EUR of the store credit given for it "
        "is spent: say who bears it",
    )
    owe(dispute, run_debts)
    dispute = Dispute.objects.get()
    assert (dispute.owed, dispute.lost, dispute.undecided) == (D("12.06"), D(4), 0)
    assert (on("bad_debt"), again(paid.order).balance_due) == (D(4), D("12.06"))
    # The order that was paid with it stays so.
    assert again(other).paid_total == D(4)


def test_money_that_was_here_goes_to_the_bank_first_so_that_credit_stays_where_nothing_is_paid_twice(
    paid, stripe, run_debts
):
    given_as_credit(paid, run_debts)
    stripe.dispute("pi_1", amount=1206)
    stripe.decide("dp_1", "lost")
    write(stripe, run_debts)
    assert (credit_of(paid), Dispute.objects.get().credit_back) == ((D(10), 0), 0)


def test_credit_promised_before_and_given_during_a_dispute_is_held_at_once(paid, stripe, run_debts):
    billing.request_refund(paid.order_id, amount=Money(D(10), "EUR"), reference="R-1", to_credit=True, actor=MAYA)
    stripe.dispute("pi_1")
    write(stripe, run_debts)
    assert (credit_of(paid), Dispute.objects.get().credit_held) == ((D(10), D(10)), D(10))


def test_credit_that_was_charged_back_is_given_anew_when_the_money_comes_back(paid, stripe, run_debts):
    before = books()
    given_as_credit(paid, run_debts)
    owe(lose(stripe, run_debts), run_debts)
    dispute = win_after_all(stripe, run_debts, times=2)
    assert (dispute.status, dispute.credit_back, dispute.owed, dispute.lost) == ("won", 0, 0, 0)
    assert credit_of(paid) == (D(10), 0)
    assert (again(paid.order).balance_due, on("store_credit")) == (0, D(-10))
    assert books() == before
