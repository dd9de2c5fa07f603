"""A bank transfer that was booked for the wrong invoice is undone by the opposite, and booked anew."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing import ledgering
from billing import services as billing
from billing.errors import AlreadyBooked, MoneyWentBack, ReasonMissing
from billing.models import (
    BankBooking,
    BankLine,
    Invoice,
    InvoicePayment,
    LedgerEntry,
    LedgerTransaction,
    LegalEntity,
    Payment,
)
from core.actors import SYSTEM
from core.money import Money
from tests.billing.test_bank import INES, invoice, take
from tests.factories.billing import again, place

__all__ = ["invoice"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal


def booked(invoice, amount="22,06"):
    """Book a transfer for an invoice, and return it."""
    take(f"03.11.2026;;Ada Byron;Danke;{amount}")
    line = BankLine.objects.latest("pk")
    return billing.book_line(line.pk, numbers=[invoice.number], actor=INES)


def undo(line, reason="It was Bob's"):
    return billing.undo_booking(line.pk, reason=reason, actor=INES)


def kept(kind, **more):
    found = LedgerEntry.objects.filter(account__kind=kind, **more).aggregate(sum=Sum("amount"))["sum"]
    return round(D(found or 0), 2)


def stands(invoice):
    one = Invoice.objects.get(pk=invoice.pk)
    return one.status, one.paid_total, one.written_off_total, one.open_amount


def test_a_wrong_booking_is_undone_and_the_transfer_booked_for_the_right_invoice(invoice):
    wrong, right = invoice(), invoice()
    line = booked(wrong)
    assert again(wrong.order).status == "completed"
    before = LedgerTransaction.objects.count()

    line = undo(line)

    assert (line.status, line.done_by, line.done_at) == ("open", "", None)
    assert stands(wrong) == ("issued", D(0), D(0), D("22.06"))
    order = again(wrong.order)
    assert (order.status, order.paid_total, order.balance_due) == ("completed", D(0), D("22.06"))
    payment = Payment.objects.get()
    assert (payment.status, payment.captured) == ("voided", D(0))
    assert not BankBooking.objects.exists()
    assert not InvoicePayment.objects.exists()
    assert LedgerTransaction.objects.count() == before + 2
    assert (kept("money"), kept("prepayment"), kept("receivable")) == (D(0), D(0), D("44.12"))
    assert ledgering.post_everything() == 0

    billing.book_line(line.pk, numbers=[right.number], actor=INES)
    assert (stands(right)[0], stands(wrong)[0]) == ("paid", "issued")
    assert (kept("money"), kept("receivable")) == (D("22.06"), D("22.06"))
    undo(line)
    billing.book_line(line.pk, numbers=[wrong.number], actor=INES)
    assert (stands(right)[0], stands(wrong)[0]) == ("issued", "paid")
    assert ledgering.post_everything() == 0


def test_it_takes_a_reason_and_happens_once(invoice):
    line = booked(invoice())
    with pytest.raises(ReasonMissing):
        undo(line, " ")
    undo(line)
    with pytest.raises(AlreadyBooked):
        undo(line)
    assert LedgerTransaction.objects.filter(kind="payment").count() == 2


def test_what_went_back_to_the_customer_is_not_anothers(invoice, run_debts):
    first = invoice()
    line = booked(first, "30,00")
    billing.request_refund(first.order_id, amount=Money(D("7.94"), "EUR"), reference="RF-1", actor=SYSTEM)
    with pytest.raises(MoneyWentBack):
        undo(line)
    run_debts()
    with pytest.raises(MoneyWentBack):
        undo(line)
    assert (BankLine.objects.get().status, stands(first)[0]) == ("booked", "paid")


def test_part_of_another_payment_stays_and_a_small_difference_is_expected_again(invoice):
    first = invoice()
    values = {"entity_id": LegalEntity.objects.get().pk, "currency": "EUR", "most": D("0.10")}
    billing.create_difference_limit(values, actor=INES)
    billing.record_payment(first.order_id, method="cash", amount=D("10.00"), actor=SYSTEM)
    take("03.11.2026;;Ada Byron;Danke;12,00")
    line = billing.book_line(BankLine.objects.get().pk, numbers=[first.number], take_as_paid=True, actor=INES)
    assert stands(first) == ("paid", D("22.00"), D("0.06"), D(0))
    undo(line)
    assert stands(first) == ("partially_paid", D("10.00"), D(0), D("12.06"))
    assert (kept("small_difference"), again(first.order).balance_due) == (D(0), D("12.06"))


def test_an_order_that_was_let_go_on_is_put_before_a_person(run_debts):
    order = place(terms="prepaid")
    billing.invoice_order(place().pk, actor=SYSTEM)
    run_debts()
    payment = billing.record_payment(order.pk, method="bank_transfer", amount=order.total, actor=SYSTEM)
    take("03.11.2026;;Ada Byron;Danke;22,06")
    line = BankLine.objects.get()
    BankLine.objects.filter(pk=line.pk).update(status="booked")
    BankBooking.objects.create(line=line, payment=payment)
    assert again(order).status == "confirmed"
    undo(line)
    order = again(order)
    assert (order.status, order.payment_status, order.open_exceptions) == ("confirmed", "unpaid", 1)


def test_the_opposite_is_never_dated_into_a_closed_month(invoice):
    line = booked(invoice())
    entity = LegalEntity.objects.get().pk
    LedgerTransaction.objects.filter(entity=entity).latest("pk")
    undo(line)
    days = LedgerTransaction.objects.filter(source__endswith=":back").values_list("booked_on", flat=True)
    assert len(days) == 2
    assert min(days) > date(2026, 11, 3)


@pytest.mark.django_db(transaction=True)
def test_two_people_undo_at_once_and_one_is_refused(invoice, concurrently):
    """Guard: the condition in `undo_booking`. Without it the second believes that he has undone it, too."""
    line = booked(invoice())
    ended = concurrently(lambda: undo(line), lambda: undo(line), raising=False)
    assert sorted(type(one.error).__name__ for one in ended) == ["AlreadyBooked", "NoneType"]
    assert LedgerTransaction.objects.filter(source__endswith=":back").count() == 2
