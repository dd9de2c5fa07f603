"""An amount of an invoice is given back and no goods: of some rows, or of the whole; never more than is left."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from time import sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import services as billing
from billing.errors import AmountInvalid, CreditExceedsInvoice, ReferenceTaken
from billing.models import CreditNote, Invoice, InvoiceLine
from billing.proofs import official
from billing.services import crediting, credits
from billing.services.crediting import Left, Wanted, amounts_of, in_amounts, shared_out, takes_off
from core.actors import SYSTEM
from core.money import quantum
from orders.inputs import DiscountInput
from tests.billing.test_calculation import CURRENCIES, agreed_items, check_document, documents, row
from tests.factories.billing import again, euros, line_of, place, ship

step = st.tuples(st.sampled_from(["units", "row", "whole"]), st.integers(1, 7), st.integers(1, 1000))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(row, min_size=1, max_size=6),
    st.integers(0, 900),
    st.lists(step, max_size=10),
    st.sampled_from(CURRENCIES),
    st.booleans(),
)
def test_units_and_amounts_in_any_order_come_to_what_was_charged(rows, per_mille, steps, currency, gross):
    [(_, amounts)] = documents(agreed_items(rows, currency, gross), [[99]], currency, gross)
    lines = [
        InvoiceLine(
            pk=place, order_line_id=place, position=place, quantity=rows[part.key][1], name="", discount_total=0,
            unit_price=part.net, tax_category=rows[part.key][0][0], tax_rate=rows[part.key][0][1],
            net_total=part.net, tax_total=part.tax, total=part.total,
        )
        for place, part in enumerate(amounts.shares, start=1)
    ]  # fmt: skip
    invoice = Invoice(number="INV-1", currency=currency)
    left = [Left(one, one.quantity, one.net_total, one.tax_total, one.total) for one in lines]
    in_money, unit, back = False, quantum(currency), Decimal(0)
    for kind, many, part in [*steps, ("rest", 0, 0)]:
        wanted = _wanted(invoice, left, kind, many, part, gross)
        if wanted is None:
            continue
        in_money = in_money or any(one.amount for one in wanted)
        note = amounts_of(wanted, currency=currency, gross=gross, in_money=in_money)
        check_document(note, currency)
        assert note.total >= 0
        if kind in ("row", "whole"):
            asked = sum(one.amount for one in wanted)
            assert asked == (note.total if gross else note.net_total)
        back += note.total
        shares = {share.key: share for share in note.shares}
        left = [
            replace(
                one.left,
                units=one.left.units - one.units,
                net=one.left.net - shares[one.row.pk].net,
                tax=one.left.tax - shares[one.row.pk].tax,
                total=one.left.total - shares[one.row.pk].total,
            )
            if one.row.pk in shares
            else one.left
            for one in wanted
        ]
        assert all(one.truth(gross=gross) >= 0 for one in left)
    assert back == amounts.total
    assert all(abs(one.total) <= unit and one.truth(gross=gross) == 0 for one in left)


def _wanted(invoice, left, kind, many, part, gross):
    """Return a credit of some units of a row, of a part of a row, or of the whole; `rest` is all that is left."""
    one = left[many % len(left)]
    if kind == "units":
        units = min(many, one.units)
        return (
            [Wanted(each, each.row.quantity - each.units, units if each is one else 0) for each in left]
            if units
            else None
        )
    if kind == "rest":
        return (
            [Wanted(each, each.row.quantity - each.units, each.units) for each in left]
            if any(each.units for each in left)
            else None
        )
    whole = sum(each.truth(gross=gross) for each in left) if kind == "whole" else one.truth(gross=gross)
    unit = quantum(invoice.currency)
    amount = (whole / unit * part / 1000).to_integral_value() * unit
    if amount <= 0:
        return None
    amounts = shared_out(invoice, left, amount, gross=gross) if kind == "whole" else {one.row.pk: amount}
    return in_amounts(invoice, left, amounts, gross=gross)


db = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


def invoiced(run_debts, goods, **given):
    order = place(goods, **given)
    ship(order, goods, reference="SH-1")
    run_debts()
    return order, Invoice.objects.get(order=order)


def credit(invoice, reference, **what):
    told = billing.preview_invoice_credit(Invoice.objects.get(pk=invoice.pk), **what)
    note = billing.credit_invoice(invoice.pk, reference=reference, reason="Goodwill", actor=SYSTEM, **what)
    assert (note.net_total, note.tax_total, note.total) == (told.net_total, told.tax_total, told.total)
    return note


class TestOfAnInvoice:
    pytestmark = db

    def test_an_amount_is_what_the_customer_gets_and_no_units_come_back(self, run_debts):
        order, invoice = invoiced(run_debts, {"MUG-RED": 3, "TEA-1": 2}, prices_include_tax=True)
        mugs = invoice.lines.get(sku="MUG-RED")
        note = credit(invoice, "G-1", amounts={mugs.pk: euros("4.00")})
        assert (note.total, note.reason) == (euros("4.00"), "Goodwill")
        [row] = note.lines.all()
        assert (row.quantity, row.unit_price, row.total) == (0, row.net_total, euros("4.00"))
        run_debts()
        assert (again(order).credited_total, line_of(order, "MUG-RED").credited) == (euros("4.00"), 0)
        assert Invoice.objects.get().open_amount == invoice.total - 4
        assert CreditNote.objects.get().status == "applied"

        # What comes back later comes back at what is left of its price, and the rest of all of it is the invoice.
        [back] = billing.credit_return(
            order.pk, quantities={line_of(order, "MUG-RED").pk: 3}, reference="R-1", actor=SYSTEM
        )
        assert back.total == mugs.total - 4
        rest = billing.credit_invoice(invoice.pk, reference="R-2", actor=SYSTEM)
        assert note.total + back.total + rest.total == invoice.total
        run_debts()
        assert Invoice.objects.get().status == "cancelled"
        assert line_of(order, "MUG-RED").credited == 3
        for one in CreditNote.objects.all():
            assert official.faults(billing.credit_note_xml(one.pk)[1]) == []
            billing.render_credit_note_pdf(one.pk)

    @pytest.mark.parametrize("gross", [False, True])
    def test_an_amount_of_the_whole_is_shared_out_by_rate(self, run_debts, gross):
        off = DiscountInput(amount=Decimal("3.00"), reason="Thank you")
        order, invoice = invoiced(run_debts, {"MUG-RED": 3, "TEA-1": 2}, discounts=(off,), prices_include_tax=gross)
        note = credit(invoice, "G-1", amount=euros("5.00"))
        assert (note.total if gross else note.net_total) == euros("5.00")
        assert len(note.tax_breakdown) == len(invoice.tax_breakdown)
        left = invoice.total - note.total if gross else invoice.net_total - note.net_total
        with pytest.raises(CreditExceedsInvoice) as refused:
            billing.credit_invoice(invoice.pk, amount=left + euros("0.01"), reference="G-2", reason="", actor=SYSTEM)
        assert refused.value.errors[0]["pointer"] == "/amount"
        last = credit(invoice, "G-3", amount=left)
        assert note.total + last.total == invoice.total
        run_debts()
        assert Invoice.objects.get().status == "cancelled"
        with pytest.raises(CreditExceedsInvoice):
            billing.credit_invoice(invoice.pk, reference="G-4", actor=SYSTEM)

        # The goods may come back all the same: nothing is left to give for them.
        [nothing] = billing.credit_return(
            order.pk, quantities={line_of(order, "MUG-RED").pk: 3}, reference="R-1", actor=SYSTEM
        )
        run_debts()
        assert (nothing.total, line_of(order, "MUG-RED").credited) == (0, 3)
        assert again(order).credited_total == invoice.total

    def test_more_than_a_row_has_left_is_refused_and_leaves_no_trace(self, run_debts):
        _order, invoice = invoiced(run_debts, {"MUG-RED": 3, "TEA-1": 2})
        mugs = invoice.lines.get(sku="MUG-RED")
        credit(invoice, "R-1", quantities={mugs.pk: 2})
        with pytest.raises(CreditExceedsInvoice) as refused:
            billing.credit_invoice(
                invoice.pk, amounts={mugs.pk: mugs.net_total / 2}, reference="G-1", reason="", actor=SYSTEM
            )
        assert refused.value.errors[0]["pointer"] == f"/amount_{mugs.pk}"
        for wrong in (Decimal("0"), Decimal("-1"), Decimal("0.001")):
            with pytest.raises(AmountInvalid):
                billing.credit_invoice(invoice.pk, amounts={mugs.pk: wrong}, reference="G-1", reason="", actor=SYSTEM)
        with pytest.raises(AmountInvalid):
            billing.credit_invoice(invoice.pk, amounts={}, reference="G-1", reason="", actor=SYSTEM)
        assert CreditNote.objects.count() == 1

    def test_a_cause_gives_its_amount_back_once(self, run_debts):
        _order, invoice = invoiced(run_debts, {"MUG-RED": 3, "TEA-1": 2})
        mugs = invoice.lines.get(sku="MUG-RED")
        what = {"reference": "G-1", "reason": "Scratched", "actor": SYSTEM}
        first = billing.credit_invoice(invoice.pk, amounts={mugs.pk: euros("1.00")}, **what)
        assert billing.credit_invoice(invoice.pk, amounts={mugs.pk: euros("1.00")}, **what) == first
        for other in ({"amounts": {mugs.pk: euros("2.00")}}, {"amount": euros("2.00")}, {"quantities": {mugs.pk: 1}}):
            with pytest.raises(ReferenceTaken):
                billing.credit_invoice(invoice.pk, **other, **what)
        assert CreditNote.objects.count() == 1


def test_what_is_taken_off_is_no_row_to_give_back():
    assert takes_off(InvoiceLine(total=Decimal(-1)))


@pytest.mark.postgres
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_give_back_more_than_is_left(seller, concurrently, run_debts, nothing_broken, monkeypatch):
    """Guard: the lock on the order in `take_invoice`. Without it both find all of the row left."""
    _order, invoice = invoiced(run_debts, {"MUG-RED": 3, "TEA-1": 2})
    mugs = invoice.lines.get(sku="MUG-RED")
    refused, read = [], crediting.left_of

    def slowly(of):
        found = read(of)
        sleep(0.05)
        return found

    # Whoever is not held up at the gate reads before anybody writes.
    monkeypatch.setattr(credits, "left_of", slowly)

    def give_back(reference):
        try:
            billing.credit_invoice(
                invoice.pk, amounts={mugs.pk: euros("4.00")}, reference=reference, reason="Late", actor=SYSTEM
            )
        except CreditExceedsInvoice as error:
            refused.append(error)

    concurrently(*(partial(give_back, f"G-{n}") for n in range(6)))
    run_debts()
    # 15.00 is three times 4.00 and not four times.
    assert (CreditNote.objects.count(), len(refused)) == (3, 3)
    assert CreditNote.objects.filter(number__isnull=False).count() == 3
