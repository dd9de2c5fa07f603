"""Money that a credit note made free pays the next invoice of its order: nobody pays more than is owed."""

import pytest

from billing import services as billing
from billing.ledgering import post_everything
from billing.models import Invoice, InvoicePayment, LedgerTransaction
from core.actors import SYSTEM
from tests.factories.billing import again, euros, line_of, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def half_sent(shop, run_debts):
    """Return an order on account of which a parcel with the mugs left, was invoiced and is paid."""
    order = place({"MUG-RED": 4, "TEA-1": 5})
    ship(order, {"MUG-RED": 4}, reference="SH-1")
    run_debts()
    pay(order, Invoice.objects.get().total, "T-1")
    run_debts()
    return again(order)


def pay(order, amount, reference):
    billing.record_payment(order.pk, method="bank_transfer", amount=amount, reference=reference, actor=SYSTEM)


def invoices(order):
    return list(Invoice.objects.filter(order=order).order_by("pk"))


def test_a_price_reduction_of_the_first_parcel_pays_for_the_second(half_sent, run_debts):
    [first] = invoices(half_sent)
    billing.give_back(first.pk, amount=euros("4.00"), refund=True, reference="G-1", reason="Scratched", actor=SYSTEM)
    run_debts()
    credited = again(half_sent).credited_total
    assert (again(half_sent).refunded_total, credited > 4) == (0, True), "it is still owed for the tea"

    ship(half_sent, {"TEA-1": 5}, reference="SH-2")
    run_debts()

    first, second = invoices(half_sent)
    assert (first.status, first.paid_total) == ("paid", first.total - credited)
    assert (second.status, second.paid_total, second.open_amount) == (
        "partially_paid",
        credited,
        again(half_sent).balance_due,
    )
    pay(half_sent, second.open_amount, "T-2")
    run_debts()
    assert [one.status for one in invoices(half_sent)] == ["paid", "paid"]
    assert (again(half_sent).balance_due, again(half_sent).paid_total) == (0, first.total + second.total - credited)
    written = LedgerTransaction.objects.count()
    assert (post_everything(), LedgerTransaction.objects.count()) == (0, written), "nothing is missing in the ledger"


def test_a_parcel_that_came_back_pays_for_the_next_one_with_what_did_not_go_back(half_sent, run_debts):
    [first] = invoices(half_sent)
    mugs = line_of(half_sent, "MUG-RED")
    [note] = billing.credit_return(half_sent.pk, quantities={mugs.pk: 4}, reference="R-1", actor=SYSTEM)
    run_debts()
    before = again(half_sent)
    due = before.paid_total + before.balance_due
    assert due < before.paid_total, "some of it goes back"

    ship(half_sent, {"TEA-1": 5}, reference="SH-2")
    run_debts()

    first, second = invoices(half_sent)
    assert first.paid_total == first.total - note.total
    assert second.paid_total == min(second.total, note.total)
    assert sum(row.amount for row in InvoicePayment.objects.all()) == first.paid_total + second.paid_total
