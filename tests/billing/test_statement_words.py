"""What a customer knows payments by on a statement of account: never an id of ours, nor of a provider."""

from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing import statements
from billing.models import BankLine, Invoice, Payment
from core.actors import SYSTEM, Actor
from core.money import Money
from customers import services as customers
from tests.billing.disputing import paid_by_card
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
MAYA = Actor("staff", "maya")


@pytest.fixture
def ada(shop):
    """A customer who reads her statement."""
    return customers.find_or_create(email="ada@example.com", name="Ada Byron", actor=SYSTEM)


def billed(ada, run_debts, goods=None, **given):
    order = place(goods, customer_id=ada.pk, **given)
    ship_all(order)
    run_debts()
    return order


def said(customer, kind="payment"):
    """Return what the statement calls the postings of a kind."""
    [account] = statements.accounts_of(customer.pk)
    lines = statements.page(account, *statements.usual_period()).lines
    return [line.document for line in lines if line.transaction.kind == kind]


def transfer(text, amount):
    """Take in and book a transfer from the statement of the bank, for the invoices of all orders."""
    content = f"date;payer;reference;amount\n{timezone.localdate()};Ada Byron;{text};{amount}\n".encode()
    billing.take_statement(name="n.csv", content=content, account="DE02", currency="EUR", actor=MAYA)
    line = BankLine.objects.latest("pk")
    numbers = list(Invoice.objects.order_by("pk").values_list("number", flat=True))
    billing.book_line(line.pk, numbers=numbers, actor=MAYA)
    return line


def test_a_transfer_from_the_bank_statement_is_known_by_what_was_written_on_it(ada, run_debts):
    billed(ada, run_debts)
    line = transfer("Rechnung INV-000001 vom November", "22,06")
    assert Payment.objects.get().reference == f"BANK-{line.pk}"
    assert said(ada) == ["Rechnung INV-000001 vom November"]
    # What was undone is of the order again: nobody knows any more what was written.
    billing.undo_booking(line.pk, reason="Bob's", actor=MAYA)
    order = again(Payment.objects.get().order)
    assert said(ada) == [order.number, order.number]


def test_without_words_a_payment_is_known_by_the_invoices_it_paid(ada, run_debts):
    billed(ada, run_debts)
    billed(ada, run_debts, {"TEA-1": 2})
    transfer("", "50,00")
    assert said(ada) == ["INV-000001", "INV-000002"]


def test_what_staff_read_on_a_transfer_is_said_and_long_words_are_cut(ada, run_debts):
    order = billed(ada, run_debts)
    pay = {"method": "bank_transfer", "actor": SYSTEM}
    billing.record_payment(order.pk, amount=D("2.00"), reference="Meine Nr. 7", **pay)
    billing.record_payment(order.pk, amount=D("3.00"), reference="x" * 90, **pay)
    billing.record_payment(order.pk, amount=D("4.00"), reference="terminal-77", method="cash", actor=SYSTEM)
    assert said(ada) == ["Meine Nr. 7", "x" * 59 + "…", "INV-000001"]


def test_an_advance_is_known_by_its_order_and_what_goes_back_by_its_credit_note(ada, run_debts):
    order = place(customer_id=ada.pk, terms="prepaid")
    billing.record_payment(order.pk, method="cash", amount=D("30.00"), reference="till-1", actor=SYSTEM)
    assert said(ada) == [order.number]
    ship_all(order)
    run_debts()
    invoice = Invoice.objects.get()
    note = billing.credit_invoice(invoice.pk, reference="all", actor=SYSTEM)
    run_debts()
    billing.request_refund(
        order.pk, amount=Money(D("22.06"), "EUR"), reference="all", credit_note_id=note.pk, actor=SYSTEM
    )
    billing.request_refund(order.pk, amount=Money(D("7.94"), "EUR"), reference="rest", actor=SYSTEM)
    run_debts()
    assert said(ada) == ["INV-000001"]
    assert said(ada, "refund") == ["CN-000001", "INV-000001"]


def test_a_payment_on_the_providers_page_is_known_by_its_invoice(stripe, run_debts):
    payment = paid_by_card(stripe, run_debts)
    assert payment.reference.startswith("pi_")
    assert said(payment.order.customer) == ["INV-000001"]
