"""Where what is owed meets something else: a write-off, a return, a second dispute, a paper that is too short."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing import selectors, statements
from billing import services as billing
from billing.errors import PaymentDisputed, RefundExceedsCaptured, StatementTooLong
from billing.models import BankLine, Dispute, Invoice, LegalEntity, Refund, StoreCredit
from core.actors import SYSTEM, Actor
from core.models import OutgoingMail
from core.money import Money
from customers.models import Customer
from orders.models import Hold
from tests.billing.checkouts import MAYA, begin, come_back
from tests.billing.disputing import ALL, lose, on, paid_by_card, write
from tests.factories import returns as returning
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
INES = Actor("staff", "ines")


def eur(amount):
    return Money(D(amount), "EUR")


@pytest.fixture
def paid(stripe, run_debts):
    """A payment of 22.06 EUR for an order that is completed."""
    return paid_by_card(stripe, run_debts)


# A transfer that names a written-off invoice second -------------------------------------------------


@pytest.mark.parametrize(("came", "expected"), [("44.12", 0), ("30.00", "14.12"), ("50.00", 0)])
def test_a_transfer_that_names_a_written_off_invoice_second_pays_the_first_and_then_that(run_debts, came, expected):
    orders = [place(external_reference=f"PO-{number}") for number in range(2)]
    for order in orders:
        ship_all(order)
    run_debts()
    first, second = (Invoice.objects.get(order=order) for order in orders)
    billing.write_off_invoice(second.pk, reason="They are gone", actor=INES)
    content = f"Buchungstag;Auftraggeber;Verwendungszweck;Betrag\n03.11.2026;Ada;x;{came.replace('.', ',')}\n".encode()
    billing.take_statement(name="a.csv", content=content, account="DE1", currency="EUR", actor=INES)

    billing.book_line(BankLine.objects.get().pk, numbers=[first.number, second.number], actor=INES)

    first, second = (Invoice.objects.get(order=order) for order in orders)
    assert (first.status, second.status) == ("paid", "written_off" if expected else "paid")
    # What did not come stays given up; what came is not.
    assert (second.written_off_total, on("bad_debt")) == (D(expected), D(expected))
    assert second.paid_total == min(ALL, D(came) - ALL)
    # What is more than both stays with the first order.
    assert again(orders[0]).balance_due == min(0, 2 * ALL - D(came))


# A return after a lost dispute ----------------------------------------------------------------------


@pytest.mark.parametrize("customer_owes", [True, False])
def test_goods_that_come_back_after_a_lost_dispute_send_no_money_back(paid, stripe, run_debts, customer_owes):
    billing.decide_dispute(lose(stripe, run_debts).pk, customer_owes=customer_owes, actor=MAYA)
    run_debts()
    returning.resolved(paid.order, {"MUG-RED": 1})

    note = paid.order.credit_notes.get()
    order = again(paid.order)
    assert (note.total, Refund.objects.count()) == (D("5.95"), 0)
    # Who owes it again owes that much less; where it was our loss, it is credit with the order.
    assert order.balance_due == (ALL - note.total if customer_owes else -note.total)
    assert paid.order.invoices.get().open_amount == (ALL - note.total if customer_owes else 0)


def test_goods_that_come_back_while_the_bank_asks_wait_for_its_word(paid, stripe, run_debts):
    stripe.dispute("pi_1")
    write(stripe, run_debts)
    with pytest.raises(PaymentDisputed):
        returning.resolved(paid.order, {"MUG-RED": 1})
    assert (Refund.objects.count(), paid.order.credit_notes.count()) == (0, 0)


# What may go back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("customer_owes", [True, False])
def test_what_was_charged_back_cannot_be_sent_back_as_well(paid, stripe, run_debts, customer_owes):
    stripe.dispute("pi_1", amount=506)
    stripe.decide("dp_1", "lost")
    write(stripe, run_debts)
    billing.decide_dispute(Dispute.objects.get().pk, customer_owes=customer_owes, actor=MAYA)

    assert selectors.refundable(paid.order) == {paid.pk: D("17.00")}
    with pytest.raises((RefundExceedsCaptured, PaymentDisputed)):
        billing.refund_payment(paid.pk, amount=eur("17.01"), actor=MAYA)
    # Stripe sends nothing back of a charge that was charged back; as store credit it goes back here.
    billing.refund_payment(paid.pk, amount=eur("17.00"), to_credit=True, actor=MAYA)
    run_debts()
    assert Refund.objects.get().status == "succeeded"
    assert StoreCredit.objects.values_list("balance", "held").get() == (D(17), 0), "nothing of it is paid twice"
    assert selectors.refundable(paid.order) == {paid.pk: 0}


# A second dispute over as much ------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["won", "lost"])
def test_goods_wait_until_the_last_of_two_disputes_over_as_much_is_over(stripe, run_debts, end):
    order = place(terms="prepaid")
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    billing.capture_payment(payment.pk, actor=MAYA)
    run_debts()
    stripe.dispute("pi_1", amount=500)
    stripe.dispute("pi_1", amount=500)
    write(stripe, run_debts)
    assert Hold.objects.filter(status="active").count() == 2

    for name, how in (("dp_2", end), ("dp_1", "won")):
        stripe.decide(name, how)
        write(stripe, run_debts)

    # Lost, it is not over until somebody says who bears it.
    assert Hold.objects.filter(status="active").exists() is (end == "lost")
    if end == "lost":
        lost = Dispute.objects.get(status="lost")
        billing.decide_dispute(lost.pk, customer_owes=False, actor=MAYA)
        assert not Hold.objects.filter(status="active").exists()


# A statement too long for paper -----------------------------------------------------------------------


@pytest.fixture
def long(run_debts, monkeypatch):
    """A customer with three postings in March, where a paper holds two."""
    monkeypatch.setattr("billing.services.statement_paper.MOST_LINES", 2)
    found = [place() for _index in range(3)]
    for order in found:
        billing.invoice_order(order.pk, actor=SYSTEM, at=datetime(2026, 3, 10, 11, tzinfo=UTC))
    run_debts()
    return Customer.objects.get(pk=found[0].customer_id)


MARCH = "from=2026-03-01&to=2026-03-31"


def test_a_statement_too_long_for_paper_is_refused_in_words_and_taken_as_a_file(
    long, staff, client, django_user_model
):
    account = statements.Account(long.pk, LegalEntity.objects.get().pk, "EUR")
    with pytest.raises(StatementTooLong, match="more than 2 postings"):
        billing.draw_statement(account, date(2026, 3, 1), date(2026, 3, 31))

    page = f"/admin/billing/ledgertransaction/statement/{long.pk}/?{MARCH}"
    told = staff.get(f"{page}&as=pdf")
    assert told.status_code == 200
    assert "There are more postings than a paper holds; choose a shorter period, or a file." in told.content.decode()
    assert staff.get(f"{page}&as=csv").content.count(b"INV-") == 3

    user = django_user_model.objects.create_user("ada", "ada@example.com", "secret")
    Customer.objects.filter(pk=long.pk).update(user=user)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    told = client.get(f"/statement/?{MARCH}&as=pdf", follow=True, headers={"accept-language": "en"})
    assert told.status_code == 200
    assert "That is too much for one paper." in told.content.decode()


def test_a_statement_too_long_for_paper_is_not_promised_by_mail(long, staff, run_debts):
    page = f"/admin/billing/ledgertransaction/statement/{long.pk}/?{MARCH}"
    told = staff.post(page, {"asked": "once"}, follow=True).content.decode()
    run_debts()
    assert "There are more than 2 postings; choose a shorter period, or take the file" in told
    assert not OutgoingMail.objects.filter(kind="statement").exists()
