"""What was taken off an order as a whole comes off what comes back, too: nobody gets back more than they paid."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import CreditNote, Invoice, InvoiceLine
from billing.proofs import official
from core.actors import SYSTEM
from orders.inputs import DiscountInput
from tests.factories.billing import again, line_of, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


def invoiced(run_debts, goods, **given):
    order = place(goods, discounts=(DiscountInput(amount=Decimal("3.00"), reason="Thank you"),), **given)
    ship(order, goods, reference="SH-1")
    run_debts()
    return order


def back(order, units, reference, **given):
    quantities = {line_of(order, sku).pk: n for sku, n in units.items()}
    told = billing.preview_credit(order, quantities, **given)
    [note] = billing.credit_return(order.pk, quantities=quantities, reference=reference, actor=SYSTEM, **given)
    assert note.total == told
    return note.total


@pytest.mark.parametrize("gross", [False, True])
def test_a_discount_on_the_whole_order_comes_off_all_that_comes_back(run_debts, gross):
    order = invoiced(run_debts, {"MUG-RED": 3, "TEA-1": 2}, prices_include_tax=gross)
    invoice = Invoice.objects.get()
    rows = InvoiceLine.objects.filter(invoice=invoice)
    goods = sum(row.total for row in rows if row.order_line_id)
    off = sum(row.total for row in rows if row.total < 0)
    shipping = invoice.total - goods - off

    first = back(order, {"MUG-RED": 1}, "R-1")
    mug = rows.get(sku="MUG-RED").total / 3
    assert Decimal(0) < first < mug
    rest = back(order, {"MUG-RED": 2, "TEA-1": 1}, "R-2") + back(order, {"TEA-1": 1}, "R-3", with_charges=True)
    assert first + rest == goods + off + shipping == invoice.total
    run_debts()
    assert Invoice.objects.get().status == "cancelled"
    assert again(order).credited_total == invoice.total
    for note in CreditNote.objects.all():
        assert official.faults(billing.credit_note_xml(note.pk)[1]) == []


def test_the_same_return_told_twice_credits_once(run_debts):
    order = invoiced(run_debts, {"MUG-RED": 3})
    quantities = {line_of(order, "MUG-RED").pk: 1}
    first = billing.credit_return(order.pk, quantities=quantities, reference="R-1", actor=SYSTEM)
    assert billing.credit_return(order.pk, quantities=quantities, reference="R-1", actor=SYSTEM) == first
    row = InvoiceLine.objects.get(sku="MUG-RED")
    note = billing.credit_invoice(row.invoice_id, quantities={row.pk: 1}, reference="R-2", actor=SYSTEM)
    again_told = billing.credit_invoice(row.invoice_id, quantities={row.pk: 1}, reference="R-2", actor=SYSTEM)
    assert again_told == note
    rest = billing.credit_invoice(row.invoice_id, reference="R-3", actor=SYSTEM)
    assert sum(one.total for one in (*first, note, rest)) == Invoice.objects.get().total
    run_debts()
    assert Invoice.objects.get().status == "cancelled"
