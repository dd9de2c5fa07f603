"""Orders of long ago: invoiced and paid in one go, with few statements, and complete at the end."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import services as billing
from billing.models import Invoice, InvoicePayment, Payment
from core.actors import Actor
from core.models import Attachment, Delivery, OutgoingMail
from core.service import unit_of_work
from orders.inputs import ChargeInput, LineInput
from pricing.models import Channel
from tests.factories.billing import again, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
THEN = datetime(2011, 3, 4, 11, 20, tzinfo=UTC)
BOOKS = Actor("import", "old-books.csv")
MOST_STATEMENTS = 30


def imported(run_debts, **given):
    """Place an order the way an import does, and let it leave."""
    lines = (
        LineInput(sku="MUG-RED", quantity=6, unit_price=Decimal("2.55")),
        LineInput(sku="TEA-1", quantity=3, unit_price=Decimal("3.39")),
    )
    given = {
        "channel": "import",
        "lines": lines,
        "charges": (ChargeInput(kind="shipping", code="POST", name="Postage", amount=Decimal("18.00")),),
        "shipping_price": Decimal(0),
        "prices_include_tax": None,
        "placed_at": THEN,
        "historic": True,
        "email": "",
        **given,
    }
    return place(**given)


def test_an_order_of_long_ago_is_invoiced_and_paid_on_its_day(run_debts):
    order = imported(run_debts)
    ship_all(order, at=THEN)
    with CaptureQueriesContext(connection) as statements:
        [invoice] = billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)
    assert len(statements) <= MOST_STATEMENTS

    assert (invoice.number, invoice.status, invoice.issued_on) == ("IMP-INV-000001", "paid", date(2011, 3, 4))
    assert (invoice.total, invoice.paid_total) == (Decimal("43.47"), Decimal("43.47"))
    payment = Payment.objects.get()
    assert (payment.status, payment.captured_at, payment.amount) == ("captured", THEN, Decimal("43.47"))
    assert InvoicePayment.objects.get().amount == Decimal("43.47")
    order = again(order)
    assert (order.status, order.invoice_status, order.payment_status, order.balance_due) == (
        "completed",
        "invoiced",
        "paid",
        0,
    )
    assert order.completed_at == THEN

    run_debts()
    assert Invoice.objects.count() == 1
    assert not Delivery.objects.exclude(status="done").exists()
    assert not OutgoingMail.objects.exists()
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("in_advance", [False, True])
def test_an_invoice_is_dated_as_the_goods_left_and_the_order_closes_when_the_money_came(run_debts, in_advance):
    order = imported(run_debts)
    if in_advance:
        billing.record_payment(order.pk, method="card", amount=order.total, reference="A", actor=BOOKS, at=THEN)
    ship_all(order, at=THEN)
    later = THEN + timedelta(days=3)
    [invoice] = billing.bill_and_pay_through(
        order.pk, issued_at=THEN, paid_at=later, method="bank_transfer", actor=BOOKS
    )

    invoice = Invoice.objects.get(pk=invoice.pk)
    assert (invoice.issued_at, invoice.issued_on, invoice.status) == (THEN, date(2011, 3, 4), "paid")
    assert (again(order).status, again(order).completed_at) == ("completed", later)
    assert Payment.objects.get().captured_at == (THEN if in_advance else later)


def test_in_one_unit_nothing_is_owed_for_billing_afterwards(run_debts):
    with unit_of_work():
        order = imported(run_debts)
        ship_all(order, at=THEN)
        billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)

    assert not Delivery.objects.filter(handler__startswith="billing.").exists()
    assert again(order).status == "completed"


def test_telling_it_twice_changes_nothing(run_debts):
    order = imported(run_debts)
    ship_all(order, at=THEN)
    first = billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)

    assert billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS) == first
    assert (Invoice.objects.count(), Payment.objects.count()) == (1, 1)


def test_what_the_debts_drafted_before_is_issued_and_paid(run_debts):
    order = imported(run_debts)
    ship_all(order, at=THEN)
    run_debts()
    billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)
    run_debts()

    assert Invoice.objects.get().status == "paid"
    assert again(order).status == "completed"


def test_several_parcels_are_several_invoices_and_one_payment(run_debts):
    order = imported(run_debts)
    ship(order, {"MUG-RED": 6}, reference="SH-1", at=THEN)
    ship(order, {"TEA-1": 3}, reference="SH-2", at=THEN)
    invoices = billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)

    assert [(one.source_reference, one.status, one.total) for one in invoices] == [
        ("SH-1", "paid", Decimal("33.30")),
        ("SH-2", "paid", Decimal("10.17")),
    ]
    assert Payment.objects.get().amount == Decimal("43.47")
    assert again(order).balance_due == 0


def test_by_order_there_is_one_invoice(run_debts):
    Channel.objects.filter(code="import").update(invoice_policy="per_order")
    order = imported(run_debts)
    ship(order, {"MUG-RED": 6}, reference="SH-1", at=THEN)
    ship(order, {"TEA-1": 3}, reference="SH-2", at=THEN)
    [invoice] = billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)

    assert (invoice.source_reference, invoice.total) == (order.number, Decimal("43.47"))


def test_a_discount_that_is_more_than_the_goods_owes_nothing(run_debts):
    discount = ChargeInput(kind="discount", code="D", name="Discount", amount=Decimal("-50.00"))
    order = imported(run_debts, charges=(discount,))
    ship_all(order, at=THEN)
    [invoice] = billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)

    assert (invoice.total, invoice.status) == (Decimal("-24.53"), "paid")
    assert not Payment.objects.exists()
    assert again(order).status == "completed"


def test_the_paper_is_printed_when_somebody_asks_for_it(run_debts):
    order = imported(run_debts)
    ship_all(order, at=THEN)
    [invoice] = billing.bill_and_pay_through(order.pk, paid_at=THEN, method="bank_transfer", actor=BOOKS)

    kept = billing.render_invoice_pdf(invoice.pk)
    assert kept.name == "IMP-INV-000001.pdf"
    assert billing.render_invoice_pdf(invoice.pk) == kept
