"""Whatever was paid, given up or is under way with an invoice goes over to the one in its place."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from billing import selectors
from billing import services as billing
from billing.errors import NotRewritable
from billing.models import CreditNote, Invoice, InvoicePayment, LedgerEntry, Payment, WriteOff
from core import invariants
from core.actors import SYSTEM
from core.money import Money
from orders.credit import exposure_of
from tests.billing.rewritings import INES, WORKS, D, books, figures, pay, rewrite, stands
from tests.factories.billing import again, line_of, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def invoiced(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    return order


def test_what_was_paid_on_it_settles_the_new_one_and_not_an_older_one_that_is_open(run_debts):
    order = place({"MUG-RED": 3})
    ship(order, {"MUG-RED": 1}, reference="SH-1")
    run_debts()
    first = Invoice.objects.get()
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()
    second = Invoice.objects.exclude(pk=first.pk).get()
    pay(order, first.total + second.total)
    [payment] = Payment.objects.all()
    assert stands(second)[:2] == ("paid", second.total)
    billing.refund_payment(payment.pk, amount=Money(D("1.00"), "EUR"), reference="G-1", actor=SYSTEM)
    run_debts()

    new = rewrite(second)

    matched = InvoicePayment.objects.filter(amount__gt=0).order_by("invoice").values_list("invoice", "amount")
    # One euro went back meanwhile: that much of the new one is open, and the first is paid as before.
    assert list(matched) == [(first.pk, first.total), (new.pk, second.total - 1)]
    assert stands(first)[0] == "paid"
    assert again(order).balance_due == D("1.00")


def test_store_credit_pays_for_the_new_one(invoiced):
    ada = again(invoiced).customer
    billing.give_store_credit(ada.pk, amount=Money(D("9.00"), "EUR"), reason="Late", reference="G-1", actor=INES)
    billing.record_payment(invoiced.pk, method="store_credit", amount=D("9.00"), actor=INES)
    there = books()
    new = rewrite(Invoice.objects.get())

    assert stands(new) == ("partially_paid", D("9.00"), D(0), D("13.06"))
    assert books() == there
    assert not billing.free_credit(ada.pk, "EUR")


def test_neither_is_reminded_of_and_nothing_counts_twice_against_the_limit(invoiced):
    old = Invoice.objects.get()
    customer, later = again(invoiced).customer, timezone.localdate() + timedelta(days=40)
    before = exposure_of(customer).total
    assert billing.propose_reminders(today=later).letters
    new = rewrite(old)

    assert exposure_of(customer).total == before == D("22.06")
    assert not billing.propose_reminders(only=[old.pk], today=later).letters
    assert not billing.propose_reminders(today=new.due_on).letters
    assert new.due_on == timezone.localdate() + timedelta(days=14)


def test_a_transfer_that_names_the_old_paper_pays_the_new_one(invoiced):
    new = rewrite(Invoice.objects.get())
    row = f"{timezone.localdate():%d.%m.%Y};;Ada Byron;Inv 1;22,06"
    content = f"Buchungstag;Valuta;Auftraggeber;Verwendungszweck;Betrag\n{row}\n"
    said = {"name": "n.csv", "content": content.encode(), "account": "DE02120300000000202051", "currency": "EUR"}
    [line] = billing.take_statement(**said, actor=INES).lines.all()

    assert (line.confidence, line.proposal) == ("exact", [[new.pk, "22.06"]])
    assert line.why[0] == "names invoice INV-000001, replaced by INV-000002"
    billing.book_line(line.pk, actor=INES)
    assert stands(new)[:2] == ("paid", D("22.06"))


def test_a_closed_record_and_a_closed_month_stay_closed(run_debts):
    then = datetime(2026, 3, 30, 11, 20, tzinfo=UTC)
    order = place(placed_at=then, historic=True)
    ship_all(order, at=then)
    run_debts()
    pay(order, "22.06", at=then)
    old = Invoice.objects.get()
    assert again(order).status == "completed"
    march = billing.Month(old.legal_entity_id, date(2026, 3, 1))
    billing.close_month(march, actor=INES)
    before, there, moved = figures(order), books(), LedgerEntry.objects.count()

    new = rewrite(old, billing_address=WORKS)
    newest = CreditNote.objects.get(), new
    assert {one.issued_on for one in newest} == {timezone.localdate()}
    assert set(LedgerEntry.objects.order_by("pk").values_list("booked_on", flat=True)[moved:]) == {
        timezone.localdate()
    }
    assert (figures(order), books()) == (before, there)
    assert new.supplied_on == old.supplied_on

    # Credited first: the record stays closed as well, and all that must be true is.
    billing.credit_invoice(new.pk, reference="CR-1", actor=INES)
    run_debts()
    rewrite(new)
    assert figures(order) == before
    assert [one.name for one in map(invariants.ask, invariants.INVARIANTS) if one.breaches] == []


def test_what_goes_back_of_a_return_is_what_the_new_one_gives_back(invoiced, run_debts):
    pay(invoiced, "22.06")
    rewrite(Invoice.objects.get())
    mug = line_of(invoiced, "MUG-RED")
    [note] = billing.credit_return(invoiced.pk, quantities={mug.pk: 1}, reference="RMA-1", actor=SYSTEM)

    assert selectors.refund_due(again(invoiced), note.total) == note.total == D("5.95")


def test_money_on_its_way_back_is_waited_for(invoiced):
    pay(invoiced, "22.06")
    [refund] = billing.request_refund(invoiced.pk, amount=Money(D("2.00"), "EUR"), reference="G-1", actor=SYSTEM)
    old = Invoice.objects.get()
    with pytest.raises(NotRewritable, match="is on its way back"):
        rewrite(old)
    assert stands(old)[0] == "paid"

    billing.settle_refund(refund.pk)
    new = rewrite(old)
    assert stands(new) == ("partially_paid", D("20.06"), D(0), D("2.00"))
    assert again(invoiced).balance_due == D("2.00")


@pytest.mark.parametrize("kind", ["bad_debt", "small_difference"])
def test_what_was_given_up_of_it_is_given_up_of_the_new_one(invoiced, kind):
    old = Invoice.objects.get()
    if kind == "bad_debt":
        pay(invoiced, "10.00")
        billing.write_off_invoice(old.pk, reason="Insolvent", actor=INES)
    else:
        pay(invoiced, "22.03")
        values = {"entity_id": old.legal_entity_id, "currency": "EUR", "most": D("0.50"), "by_itself": False}
        billing.create_difference_limit(values, actor=INES)
        billing.write_off_difference(old.pk, actor=INES)
    before, there = figures(invoiced), books()
    was = Invoice.objects.get()
    new = rewrite(old)

    assert (new.status, new.paid_total, new.written_off_total) == (was.status, was.paid_total, was.written_off_total)
    assert Invoice.objects.get(pk=old.pk).written_off_total == 0
    assert figures(invoiced) == before
    assert books() == there
    assert sum(WriteOff.objects.filter(invoice=new).values_list("amount", flat=True)) == was.written_off_total
