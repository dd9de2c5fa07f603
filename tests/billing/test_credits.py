"""Whatever comes back, in whatever portions, is credited at exactly what it was charged."""

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from billing import services as billing
from billing.errors import CreditExceedsInvoice, NotIssued, ReferenceTaken
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from core.actors import SYSTEM
from core.models import OutgoingMail
from core.money import round_amount
from orders.inputs import LineInput
from pricing.models import Channel
from tests.factories.billing import again, line_of, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
# Cents are counted in Python: the second database is asked for those that were wrong once, and two more.
EXAMPLES = 8 if connection.vendor == "sqlite" else 2


def invoiced(run_debts, goods=None, **given):
    order = place(goods, **given)
    units = {line.sku: line.quantity for line in order.lines.all()}
    ship(order, units, reference="SH-1")
    run_debts()
    return order


def credit(order, units, reference, **given):
    quantities = {line_of(order, sku).pk: n for sku, n in units.items()}
    return billing.credit_return(order.pk, quantities=quantities, reference=reference, actor=SYSTEM, **given)


def test_units_are_credited_at_what_they_were_charged(run_debts):
    order = invoiced(run_debts)
    [note] = credit(order, {"MUG-RED": 1}, "RMA-1")
    assert note.number is None
    run_debts()

    note = CreditNote.objects.get()
    assert (note.number, note.status, note.total) == ("CN-000001", "applied", Decimal("5.95"))
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.credited_total, invoice.open_amount) == (
        "issued",
        Decimal("5.95"),
        Decimal("16.11"),
    )
    order = again(order)
    assert (order.credited_total, order.balance_due) == (Decimal("5.95"), Decimal("16.11"))
    assert line_of(order, "MUG-RED").credited == 1
    mail = OutgoingMail.objects.get(kind="credit_note")
    assert mail.subject == "Credit note CN-000001 for your invoice INV-000001"
    assert [file.name for file in mail.attachments.all()] == ["CN-000001.pdf"]


def test_the_same_cause_credits_once(run_debts):
    order = invoiced(run_debts)

    first = credit(order, {"MUG-RED": 1}, "RMA-1")
    assert credit(order, {"MUG-RED": 1}, "RMA-1") == first
    run_debts()
    assert credit(order, {"MUG-RED": 1}, "RMA-1") == first


@pytest.mark.parametrize(
    ("units", "with_charges"),
    [({"MUG-RED": 2}, False), ({"TEA-1": 1}, False), ({"MUG-RED": 1, "TEA-1": 1}, False), ({"MUG-RED": 1}, True)],
)
def test_a_reference_that_credited_units_stands_for_them_alone(run_debts, units, with_charges):
    order = invoiced(run_debts)
    [note] = credit(order, {"MUG-RED": 1}, "RMA-1")
    run_debts()

    with pytest.raises(ReferenceTaken) as refusal:
        credit(order, units, "RMA-1", with_charges=with_charges)
    assert refusal.value.message == (
        "RMA-1 stands for a credit of 5.95 EUR already; another one needs a reference of its own"
    )
    assert CreditNote.objects.get() == note


def test_a_reference_that_credited_shipping_stands_for_that_too(run_debts):
    order = invoiced(run_debts)
    notes = credit(order, {"MUG-RED": 1}, "RMA-1", with_charges=True)

    assert credit(order, {"MUG-RED": 1}, "RMA-1", with_charges=True) == notes
    with pytest.raises(ReferenceTaken):
        credit(order, {"MUG-RED": 1}, "RMA-1")


def test_a_reference_that_credited_rows_of_an_invoice_stands_for_them_alone(run_debts):
    invoiced(run_debts)
    invoice = Invoice.objects.get()
    mug, tea = invoice.lines.order_by("position")[:2]

    def rows(units, reference):
        return billing.credit_invoice(invoice.pk, quantities=units, reference=reference, actor=SYSTEM)

    note = rows({mug.pk: 1}, "CASE-1")
    assert rows({mug.pk: 1, tea.pk: 0}, "CASE-1") == note
    for other in ({mug.pk: 2}, {tea.pk: 1}, None):
        with pytest.raises(ReferenceTaken):
            rows(other, "CASE-1")
    rest = rows(None, "CASE-2")
    assert rows(None, "CASE-2") == rest
    assert CreditNote.objects.count() == 2


def test_a_credit_over_all_of_it_cancels_the_invoice(run_debts):
    order = invoiced(run_debts)
    note = billing.credit_invoice(Invoice.objects.get().pk, reference="wrong-address", reason="wrong", actor=SYSTEM)
    run_debts()

    note = CreditNote.objects.get(pk=note.pk)
    invoice = Invoice.objects.get()
    assert (note.total, note.tax_breakdown) == (invoice.total, invoice.tax_breakdown)
    assert (invoice.status, invoice.credited_total, invoice.open_amount) == ("cancelled", Decimal("22.06"), 0)
    assert again(order).balance_due == 0


def test_no_unit_is_credited_twice(run_debts):
    order = invoiced(run_debts)
    credit(order, {"MUG-RED": 2}, "RMA-1")

    with pytest.raises(CreditExceedsInvoice):
        credit(order, {"MUG-RED": 1}, "RMA-2")
    mug = InvoiceLine.objects.get(sku="MUG-RED")
    with pytest.raises(CreditExceedsInvoice):
        billing.credit_invoice(mug.invoice_id, quantities={mug.pk: 1}, reference="x", actor=SYSTEM)
    billing.credit_invoice(mug.invoice_id, reference="the rest", actor=SYSTEM)
    with pytest.raises(CreditExceedsInvoice):
        billing.credit_invoice(mug.invoice_id, reference="once more", actor=SYSTEM)
    run_debts()
    assert Invoice.objects.get().status == "cancelled"


def test_what_is_not_issued_is_not_credited():
    draft = billing.invoice_order(place().pk, actor=SYSTEM)

    with pytest.raises(NotIssued):
        billing.credit_invoice(draft.pk, reference="x", actor=SYSTEM)


def test_units_of_two_invoices_are_credited_from_the_older_one_first(run_debts):
    order = place({"MUG-RED": 3})
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    ship(order, {"MUG-RED": 1}, reference="SH-2")
    run_debts()
    notes = credit(order, {"MUG-RED": 3}, "RMA-1")
    run_debts()

    assert [(note.invoice.number, note.total) for note in notes] == [
        ("INV-000001", Decimal("11.90")),
        ("INV-000002", Decimal("5.95")),
    ]
    assert [invoice.status for invoice in Invoice.objects.order_by("pk")] == ["issued", "cancelled"]


def test_shipping_goes_back_when_asked(run_debts):
    order = invoiced(run_debts)
    [note] = credit(order, {"MUG-RED": 2, "TEA-1": 1}, "RMA-1", with_charges=True)

    assert note.total == Decimal("22.06")


def test_what_a_credit_would_give_is_told_before(run_debts):
    order = invoiced(run_debts)
    mug = line_of(order, "MUG-RED")

    assert billing.preview_credit(order, {mug.pk: 1}) == Decimal("5.95")
    assert billing.preview_credit(order, {mug.pk: 2}) == Decimal("11.90")
    with pytest.raises(CreditExceedsInvoice):
        billing.preview_credit(order, {mug.pk: 3})
    assert not CreditNote.objects.exists()


@pytest.mark.parametrize("gross", [False, True])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantity=st.integers(1, 9),
    cents=st.integers(1, 5000),
    parcels=st.lists(st.integers(1, 3), min_size=1, max_size=9),
    portions=st.lists(st.integers(1, 4), min_size=1, max_size=9),
)
@example(quantity=8, cents=1505, parcels=[2, 3, 3, 1], portions=[1, 1, 1])
@example(quantity=7, cents=333, parcels=[3, 3, 1], portions=[1, 2, 1, 1])
def test_any_sequence_of_parcels_and_returns_adds_up(run_debts, gross, quantity, cents, parcels, portions):
    Channel.objects.filter(code="api").update(prices_include_tax=gross)
    price = Decimal(cents) / 100
    lines = (LineInput(sku="MUG-RED", quantity=quantity, unit_price=price), LineInput(sku="TEA-1", quantity=1))
    order = place(lines=lines, historic=True)
    left = quantity
    for number, units in enumerate([*parcels, quantity], 1):
        if units := min(units, left):
            ship(order, {"MUG-RED": units, **({"TEA-1": 1} if number == 1 else {})}, reference=f"SH-{number}")
            left -= units
    run_debts()
    assert sum(invoice.total for invoice in Invoice.objects.filter(order=order)) == order.total

    back = quantity
    for number, units in enumerate([*portions, quantity], 1):
        if units := min(units, back):
            credit(order, {"MUG-RED": units}, f"RMA-{order.pk}-{number}")
            back -= units
    for invoice in Invoice.objects.filter(order=order):
        credited = CreditNoteLine.objects.filter(credit_note__invoice=invoice, sku="MUG-RED")
        billed = InvoiceLine.objects.filter(invoice=invoice, sku="MUG-RED")
        assert sum(row.net_total for row in credited) == sum(row.net_total for row in billed)
        assert sum(row.total for row in credited) == sum(row.total for row in billed)
        for rate in (rate for note in invoice.credit_notes.all() for rate in note.tax_breakdown):
            net, tax, rounding = (Decimal(rate[name]) for name in ("net", "tax", "rounding"))
            assert tax == round_amount(net * Decimal(rate["rate"]), "EUR")
            assert abs(rounding) <= Decimal("0.01")
        if {row.sku for row in invoice.lines.all()} - {"MUG-RED"} or invoice.total <= 0:
            continue
        assert sum(note.total for note in invoice.credit_notes.all()) == invoice.total
    run_debts()
