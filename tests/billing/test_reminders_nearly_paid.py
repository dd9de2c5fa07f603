"""Nobody is reminded of what is paid in all but name."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.models import Invoice, Payment, Reminder
from core.actors import Actor
from tests.billing.checkouts import begin, come_back
from tests.factories.billing import place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
INES = Actor("staff", "ines")
IN_THE_FILE = "Its money is in the bank statement and waits to be booked"
BEING_TAKEN = "Its money is being taken at the provider"


@pytest.fixture
def overdue(run_debts):
    """An invoice over 22.06 EUR that is overdue for five days."""
    then = timezone.now() - timedelta(days=19)
    order = place(placed_at=then, historic=True)
    ship_all(order, at=then)
    run_debts()
    return Invoice.objects.get(order=order)


def bring(invoice, amount="22.06"):
    """Bring a statement on which the invoice is paid."""
    row = f"{timezone.localdate():%Y-%m-%d};Ada Byron;{invoice.number};{amount};EUR"
    content = f"date;name;text;amount;currency\n{row}\n".encode()
    given = {"account": "DE02120300000000202051", "currency": "EUR", "actor": INES}
    return billing.take_statement(name="march.csv", content=content, **given).lines.get()


def left_out(**given):
    proposal = billing.propose_reminders(**given)
    return len(proposal.letters), [due.why for due in proposal.skipped]


def test_money_that_waits_in_the_bank_statement_is_not_asked_for_again(overdue):
    assert bring(overdue).confidence == "exact"
    assert left_out() == (0, [IN_THE_FILE])


def test_a_transfer_that_is_left_out_is_no_money(overdue):
    line = bring(overdue)
    billing.leave_line(line.pk, reason="Not ours", actor=INES)
    assert left_out() == (1, [])


def test_a_part_in_the_bank_statement_does_not_hide_the_rest(overdue):
    bring(overdue, amount="22.05")
    assert left_out() == (1, [])


def test_what_comes_between_the_look_and_the_letter_is_seen(overdue, run_debts):
    billing.begin_reminders(actor=INES)
    bring(overdue)
    run_debts()

    reminder = Reminder.objects.get()
    assert (reminder.status, reminder.why) == ("dropped", IN_THE_FILE)


def test_money_the_provider_is_paying_out_is_not_asked_for_again(stripe, run_debts):
    order = place(terms="prepaid")
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    stripe.away = True
    ship_all(order)
    run_debts()
    invoice = Invoice.objects.get()
    assert (invoice.status, Payment.objects.get().capturing) == ("issued", Decimal("22.06"))

    later = invoice.due_on + timedelta(days=4)
    assert left_out(today=later) == (0, [BEING_TAKEN])

    stripe.away = False
    billing.reconcile_checkouts(timezone.now() + timedelta(minutes=5))
    assert (Invoice.objects.get().status, left_out(today=later)) == ("paid", (0, []))
