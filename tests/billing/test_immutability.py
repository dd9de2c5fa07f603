"""An issued document never changes, whoever asks: a service, the ORM, or SQL by hand."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing import immutability
from billing import services as billing
from billing.invariants import documents_are_guarded
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from core.actors import SYSTEM
from tests.factories.billing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller")]
REASON = "An issued document never changes"
# What may still happen to a document, and how its lines hang on it.
MAY = {"status", "paid_total", "credited_total", "written_off_total", "pdf"}


@pytest.fixture
def issued(run_debts):
    invoice = billing.invoice_order(place().pk, actor=SYSTEM)
    run_debts()
    row = InvoiceLine.objects.filter(invoice=invoice, sku="MUG-RED").get()
    billing.credit_invoice(invoice.pk, quantities={row.pk: 1}, reference="RMA-1", actor=SYSTEM)
    run_debts()
    return Invoice.objects.get()


def other(field, value):
    """Return a value that the column could hold and does not."""
    kind = field.get_internal_type()
    if kind in ("ForeignKey", "OneToOneField", "PositiveIntegerField", "PositiveBigIntegerField"):
        return (value or 0) + 1
    if kind == "DecimalField":
        return value + Decimal("0.01")
    if kind == "JSONField":
        return {"changed": True}
    if kind in ("DateField", "DateTimeField"):
        return None if value else "2020-01-01"
    return "x" * min(3, field.max_length or 3) if value != "xxx" else "y"


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(work):
    with pytest.raises(IntegrityError, match=REASON), transaction.atomic():
        work()


@pytest.mark.parametrize("model", [Invoice, CreditNote, InvoiceLine, CreditNoteLine])
def test_every_printed_column_is_frozen(issued, model):
    document = model.objects.order_by("pk").first()
    frozen = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and (field.name not in MAY or model in (InvoiceLine, CreditNoteLine))
    ]
    assert len(frozen) > 10
    for field in frozen:
        changed = other(field, getattr(document, field.attname))
        refused(lambda name=field.attname, value=changed: model.objects.filter(pk=document.pk).update(**{name: value}))


def test_the_key_of_a_document_is_frozen(issued):
    refused(lambda: sql("UPDATE billing_invoice SET id = 987654321 WHERE id = %s", issued.pk))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_invoice SET total = total + 1, net_total = net_total + 1 WHERE id = %s",
        "UPDATE billing_invoice SET buyer = '{}' WHERE id = %s",
        "UPDATE billing_invoice SET status = 'draft' WHERE id = %s",
        "DELETE FROM billing_invoice WHERE id = %s",
        "DELETE FROM billing_creditnote WHERE invoice_id = %s",
        "UPDATE billing_invoiceline SET quantity = 99 WHERE invoice_id = %s",
        "DELETE FROM billing_invoiceline WHERE invoice_id = %s",
        "DELETE FROM billing_creditnoteline WHERE credit_note_id IN "
        "(SELECT id FROM billing_creditnote WHERE invoice_id = %s)",
        "INSERT INTO billing_invoiceline (invoice_id, position, sku, name, quantity, unit_price, tax_category, "
        "tax_rate, discount_total, net_total, tax_total, total) "
        "VALUES (%s, 99, '', 'smuggled', 1, 1, 'S', 0.19, 0, 1, 0.19, 1.19)",
    ],
)
def test_sql_by_hand_is_refused(issued, statement):
    refused(lambda: sql(statement, issued.pk))
    assert Invoice.objects.get().total == Decimal("22.06")
    assert InvoiceLine.objects.count() == 4


def test_rows_cannot_be_moved_into_an_issued_document(issued):
    draft = billing.invoice_order(place({"TEA-1": 1}).pk, actor=SYSTEM)

    refused(lambda: InvoiceLine.objects.filter(invoice=draft).update(invoice=issued, position=50))


def test_a_draft_may_still_change_and_go():
    draft = billing.invoice_order(place().pk, actor=SYSTEM)

    assert InvoiceLine.objects.filter(invoice=draft).update(name="x") == 4
    assert Invoice.objects.filter(pk=draft.pk).update(notes="x") == 1
    InvoiceLine.objects.filter(invoice=draft).delete()
    assert Invoice.objects.filter(pk=draft.pk).delete()[0] == 1


def test_it_is_paid_credited_and_printed_all_the_same(issued, run_debts):
    billing.record_payment(issued.order_id, method="cash", amount=Decimal("16.11"), reference="", actor=SYSTEM)

    billing.render_invoice_pdf(issued.pk)
    issued = Invoice.objects.get()
    assert (issued.status, issued.paid_total, issued.credited_total) == ("paid", Decimal("16.11"), Decimal("5.95"))
    assert issued.pdf.name == "INV-000001.pdf"


def test_a_missing_trigger_is_a_breach():
    assert documents_are_guarded().breaches == []
    sql(f"DROP TRIGGER billing_invoice_frozen{' ON billing_invoice' if connection.vendor == 'postgresql' else ''}")
    assert documents_are_guarded().breaches == ["billing_invoice_frozen"]
    immutability.install(connection)
    assert documents_are_guarded().breaches == []
    assert documents_are_guarded().checked == 12
