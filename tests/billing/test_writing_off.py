"""What nobody expects any more of an invoice: given up with a reason, and taken back when it comes after all."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from billing import ledgering, selectors
from billing import services as billing
from billing.errors import DifferenceTooLarge, NothingToWriteOff, NothingWrittenOff, ReasonMissing
from billing.models import DifferenceLimit, Invoice, LedgerEntry, LedgerTransaction, LegalEntity, WriteOff
from core.actors import SYSTEM, Actor
from core.money import Money
from orders.models import Order
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
THEN = datetime(2026, 3, 30, 11, 20, tzinfo=UTC)
LENA = Actor("user", "lena")


def billed(run_debts):
    """Return an order that arrived and is on one invoice of 22.06."""
    order = place()
    ship_all(order)
    run_debts()
    return again(order), Invoice.objects.get(order=order)


def came(order, amount):
    return billing.record_payment(order.pk, method="bank_transfer", amount=D(amount), actor=SYSTEM)


def kept(kind):
    found = LedgerEntry.objects.filter(account__kind=kind).aggregate(sum=Sum("amount"))["sum"]
    return round(D(found or 0), 2)


def gave_up(invoice):
    return billing.write_off_invoice(invoice.pk, reason="Insolvent", actor=LENA)


def small(most="0.50", *, by_itself=False):
    entity = Invoice.objects.values_list("legal_entity", flat=True).first()
    values = {"entity_id": entity, "currency": "EUR", "most": D(most), "by_itself": by_itself}
    return billing.create_difference_limit(values, actor=LENA)


def stands(invoice):
    """Return status and amounts of an invoice: paid, written off, open."""
    one = Invoice.objects.get(pk=invoice.pk)
    return one.status, one.paid_total, one.written_off_total, one.open_amount


def test_an_invoice_that_nobody_pays_is_written_off_and_its_order_completed(run_debts):
    order, invoice = billed(run_debts)
    came(order, "12.06")
    assert again(order).status == "fulfilled"
    before = LedgerTransaction.objects.count()
    gave_up(invoice)
    assert stands(invoice) == ("written_off", D("12.06"), D("10.00"), D(0))
    order = again(order)
    assert (order.status, order.balance_due, order.written_off_total) == ("completed", D(0), D("10.00"))
    assert LedgerTransaction.objects.count() == before + 1
    assert (kept("bad_debt"), kept("receivable"), kept("tax")) == (D("10.00"), D(0), D("-2.96"))
    row = WriteOff.objects.get()
    assert (row.kind, row.amount, row.reason, row.done_by) == ("bad_debt", D("10.00"), "Insolvent", str(LENA))
    assert selectors.payable(order) == 0


def test_it_takes_a_reason_and_something_that_is_open(run_debts):
    order, invoice = billed(run_debts)
    with pytest.raises(ReasonMissing):
        billing.write_off_invoice(invoice.pk, reason="  ", actor=LENA)
    came(order, "22.06")
    with pytest.raises(NothingToWriteOff):
        gave_up(invoice)
    with pytest.raises(NothingWrittenOff):
        billing.expect_again(invoice.pk, reason="A mistake", actor=LENA)
    assert not WriteOff.objects.exists()
    assert kept("bad_debt") == 0


def test_writing_off_twice_is_refused_the_second_time(run_debts):
    _order, invoice = billed(run_debts)
    gave_up(invoice)
    with pytest.raises(NothingToWriteOff):
        gave_up(invoice)
    assert WriteOff.objects.count() == 1


def test_money_that_comes_after_all_takes_back_what_it_pays_of_the_write_off(run_debts):
    order, invoice = billed(run_debts)
    gave_up(invoice)
    came(order, "5.00")
    assert stands(invoice) == ("written_off", D("5.00"), D("17.06"), D(0))
    assert (again(order).balance_due, again(order).payment_status) == (D(0), "paid")
    came(order, "20.00")
    assert stands(invoice) == ("paid", D("22.06"), D(0), D(0))
    assert (again(order).balance_due, again(order).payment_status) == (D("-2.94"), "overpaid")
    assert (kept("bad_debt"), kept("receivable"), kept("prepayment")) == (D(0), D(0), D("-2.94"))
    assert [row.amount for row in WriteOff.objects.order_by("pk")] == [D("22.06"), D("-5.00"), D("-17.06")]


def test_a_write_off_is_taken_back_by_hand_and_the_invoice_waits_again(run_debts):
    order, invoice = billed(run_debts)
    came(order, "2.06")
    gave_up(invoice)
    billing.expect_again(invoice.pk, reason="The court decided", actor=LENA)
    assert stands(invoice) == ("partially_paid", D("2.06"), D(0), D("20.00"))
    assert again(order).balance_due == D("20.00")
    assert (kept("bad_debt"), kept("receivable")) == (D(0), D("20.00"))
    came(order, "20.00")
    assert stands(invoice)[0] == "paid"


def test_a_credit_note_goes_before_the_write_off(run_debts):
    order, invoice = billed(run_debts)
    came(order, "2.06")
    gave_up(invoice)
    row = invoice.lines.get(sku="MUG-RED")
    note = billing.credit_invoice(invoice.pk, quantities={row.pk: 1}, reference="CR-1", reason="Broken", actor=SYSTEM)
    run_debts()
    note.refresh_from_db(fields=["total"])
    assert stands(invoice) == ("written_off", D("2.06"), D("20.00") - note.total, D(0))
    assert again(order).balance_due == D(0)
    billing.credit_invoice(invoice.pk, reference="CR-2", reason="All of it", actor=SYSTEM)
    run_debts()
    assert stands(invoice) == ("cancelled", D("2.06"), D(0), D(0))
    assert (again(order).balance_due, kept("bad_debt")) == (D("-2.06"), D(0))
    billing.request_refund(order.pk, amount=Money(D("2.06"), "EUR"), reference="RF-1", actor=SYSTEM)
    run_debts()
    assert (again(order).balance_due, kept("receivable"), kept("prepayment")) == (D(0), D(0), D(0))


def test_a_small_difference_is_taken_as_paid_by_who_may(run_debts):
    order, invoice = billed(run_debts)
    came(order, "21.56")
    with pytest.raises(DifferenceTooLarge):
        billing.write_off_difference(invoice.pk, actor=LENA)
    limit = small("0.49")
    with pytest.raises(DifferenceTooLarge, match="0.49"):
        billing.write_off_difference(invoice.pk, actor=LENA)
    billing.change_difference_limit(limit.pk, {"most": D("0.50")}, actor=LENA)
    billing.write_off_difference(invoice.pk, actor=LENA)
    assert stands(invoice) == ("paid", D("21.56"), D("0.50"), D(0))
    assert (again(order).status, again(order).payment_status) == ("completed", "paid")
    assert (kept("small_difference"), kept("bad_debt"), kept("receivable")) == (D("0.50"), D(0), D(0))


def test_a_small_difference_goes_by_itself_where_the_seller_says_so_and_comes_back_with_the_money(run_debts):
    order, invoice = billed(run_debts)
    small(by_itself=True)
    came(order, "21.00")
    assert stands(invoice) == ("partially_paid", D("21.00"), D(0), D("1.06"))
    came(order, "1.00")
    assert stands(invoice) == ("paid", D("22.00"), D("0.06"), D(0))
    came(order, "0.06")
    assert stands(invoice) == ("paid", D("22.06"), D(0), D(0))
    assert (again(order).balance_due, kept("small_difference"), kept("prepayment")) == (D(0), D(0), D(0))


def test_a_small_difference_of_another_currency_is_asked_for(run_debts):
    order, invoice = billed(run_debts)
    limit = small(by_itself=True)
    DifferenceLimit.objects.filter(pk=limit.pk).update(currency="USD")
    came(order, "22.05")
    assert stands(invoice) == ("partially_paid", D("22.05"), D(0), D("0.01"))


def test_what_is_written_off_is_never_dated_into_a_closed_month(run_debts):
    invoice = billing.invoice_order(place().pk, actor=SYSTEM, at=THEN)
    run_debts()
    billing.close_month(billing.Month(LegalEntity.objects.get().pk, date(2026, 3, 1)), actor=SYSTEM)
    billing.write_off_invoice(invoice.pk, reason="Insolvent", actor=LENA, at=THEN)
    assert WriteOff.objects.get().at == THEN
    assert LedgerTransaction.objects.get(kind="write_off").booked_on == timezone.localdate()


def test_the_ledger_of_write_offs_can_be_written_anew(run_debts):
    order, invoice = billed(run_debts)
    gave_up(invoice)
    came(order, "5.00")
    assert ledgering.post_everything() == 0
    assert Order.objects.get().written_off_total == D("17.06")


def test_nobody_is_reminded_of_what_is_written_off(run_debts):
    invoice = billing.invoice_order(place().pk, actor=SYSTEM, at=THEN)
    run_debts()
    assert Invoice.objects.filter(selectors.overdue()).count() == 1
    gave_up(invoice)
    assert not Invoice.objects.filter(selectors.overdue()).exists()
