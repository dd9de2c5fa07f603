"""The rows of a credit note: each is what its price says, also of the rest of a discount on the whole order."""

import random
from contextlib import suppress
from decimal import Decimal

import pytest

from billing import services as billing
from billing.errors import CreditExceedsInvoice
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.proofs import official
from billing.services.crediting import left_of, takes_off
from core.actors import SYSTEM
from orders.inputs import DiscountInput, LineInput
from tests.billing.en16931 import breaches
from tests.factories.billing import again, pdf_text, place, ship_all
from tests.factories.shop import make_priced_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal


def invoiced(run_debts, goods, off, **given):
    """Return the invoice of goods with a discount on the whole order."""
    order = place(goods, discounts=(DiscountInput(code="X", amount=D(off)),), **given)
    ship_all(order)
    run_debts()
    return Invoice.objects.get(order=order)


def credit(run_debts, invoice, reference, **given):
    note = billing.credit_invoice(invoice.pk, reference=reference, reason="back", actor=SYSTEM, **given)
    run_debts()
    return CreditNote.objects.get(pk=note.pk)


def row_of(invoice, sku):
    return InvoiceLine.objects.get(invoice=invoice, sku=sku)


def said(note):
    rows = CreditNoteLine.objects.filter(credit_note=note).order_by("position")
    return [(one.position, one.quantity, one.unit_price, one.discount_total, one.net_total) for one in rows]


def faults(note):
    """Return what the rules have against a credit note, and rows that are not what their price says."""
    content = billing.credit_note_xml(note.pk)[1]
    rows = [row for row in said(note) if abs((row[1] or 1) * row[2] - row[3] - row[4]) > D("0.02")]
    return [*breaches(content), *official.faults(content), *rows]


def test_the_rest_of_a_discount_is_said_as_its_rest_and_not_as_the_whole_of_it(run_debts):
    invoice = invoiced(run_debts, {"MUG-RED": 3}, "4.79")
    first = credit(run_debts, invoice, "one", quantities={row_of(invoice, "MUG-RED").pk: 1})
    rest = credit(run_debts, invoice, "rest")

    (off,) = [row for row in said(first) if row[4] < 0]
    (left,) = [row for row in said(rest) if row[4] < 0]
    whole = InvoiceLine.objects.get(invoice=invoice, net_total__lt=0)
    assert off[4] + left[4] == whole.net_total
    assert (off[1:3], left[1:3]) == ((0, off[4]), (1, left[4]))
    assert (faults(first), faults(rest)) == ([], [])
    paper = pdf_text(rest.pdf)
    assert f"{-left[4]:.2f}" in paper
    assert f"{-whole.net_total:.2f}" not in paper


def test_a_discount_of_which_nothing_is_left_is_no_row_any_more(run_debts):
    invoice = invoiced(run_debts, {"MUG-RED": 1}, "1.19")
    first = credit(run_debts, invoice, "goods", quantities={row_of(invoice, "MUG-RED").pk: 1})
    assert len(said(first)) == 2, "the mug, and all of the discount"
    rest = credit(run_debts, invoice, "rest")

    assert [row[0] for row in said(rest)] == [1], "only delivery"
    assert faults(rest) == []
    assert first.total + rest.total == invoice.total
    assert again(invoice.order).credited_total == invoice.total
    assert Invoice.objects.get().status == "cancelled"
    assert billing.credit_invoice(invoice.pk, reference="rest", actor=SYSTEM) == rest
    with pytest.raises(CreditExceedsInvoice, match="is credited already"):
        billing.credit_invoice(invoice.pk, reference="more", actor=SYSTEM)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_credited_step_by_step_each_row_is_what_its_price_says(run_debts, seed):
    make_priced_product("BOOK", "12.34", stock={"HAM": 50})
    dice = random.Random(seed)
    prices = {sku: D(dice.randint(1, 9_999)) / 100 for sku in ("MUG-RED", "TEA-1", "BOOK")}
    lines = tuple(LineInput(sku=sku, quantity=dice.randint(1, 7), unit_price=price) for sku, price in prices.items())
    off = D(dice.randint(1, 3_000)) / 100
    gross = dice.random() < 0.5
    invoice = invoiced(run_debts, None, off, lines=lines, prices_include_tax=gross, historic=True, allow_shortage=True)
    for step in range(3):
        if dice.random() < 0.6:
            wanted = {one.row.pk: dice.randint(0, one.units) for one in left_of(invoice) if not takes_off(one.row)}
            given = {"quantities": wanted}
        else:
            given = {"amount": D(dice.randint(1, max(2, int(invoice.total * 30)))) / 100}
        with suppress(CreditExceedsInvoice):
            credit(run_debts, invoice, f"step-{step}", **given)
    with suppress(CreditExceedsInvoice):
        credit(run_debts, invoice, "rest")

    notes = list(CreditNote.objects.filter(invoice=invoice))
    assert notes
    assert [found for note in notes for found in faults(note)] == []
    assert sum(note.total for note in notes) == Invoice.objects.get().credited_total <= invoice.total
