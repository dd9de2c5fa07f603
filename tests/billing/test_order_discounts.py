"""What is taken off an order as a whole comes off parcel by parcel: no invoice is negative, and they add up."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import services as billing
from billing.calculation import Item, draw_up, spread_over
from billing.models import CreditNote, Invoice, InvoiceLine
from billing.proofs import official
from core.actors import SYSTEM
from core.money import quantum, round_amount
from orders import services as orders
from orders.inputs import DiscountInput
from orders.wishes import LineWish, Wish
from tests.billing.test_calculation import CURRENCIES, RATES, a_split, agreed_items, check_document, row, split
from tests.factories.billing import again, line_of, place, ship

THREE = DiscountInput(amount=Decimal("3.00"), reason="Thank you")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(row, min_size=1, max_size=8),
    st.integers(0, 1000).map(lambda per_mille: Decimal(per_mille) / 1000),
    a_split,
    st.sampled_from(CURRENCIES),
    st.booleans(),
)
def test_a_discount_on_the_whole_order_is_spread_over_all_its_parcels(rows, share, shipments, currency, gross):
    goods = agreed_items(rows, currency, gross)
    per_rate = defaultdict(list)
    for item in goods:
        per_rate[item.category, item.rate].append(item)
    off = {}
    for (category, percent), items in per_rate.items():
        amount = -round_amount(sum(one.total if gross else one.net for one in items) * share, currency)
        whole = sum((one.total if gross else one.net) for one in items) + amount
        # Together with its goods, a discount is taxed as one sum.
        tax = round_amount(whole * percent / (1 + percent) if gross else whole * percent, currency)
        tax -= sum(one.tax for one in items)
        net = amount - tax if gross else amount
        key = ("off", category, percent)
        off[key] = Item(key, category, percent, 1, net, tax, net + tax, 0, 0, Decimal(0))
    earlier, before, totals = {}, defaultdict(Decimal), []
    for on_this in split(goods, shipments):
        spread = [
            spread_over(
                replace(one, before=before[key]),
                [item for item in on_this if (item.category, item.rate) == key[1:]],
                beside=Decimal(0),
                currency=currency,
                gross=gross,
            )
            for key, one in off.items()
        ]
        amounts = draw_up([*on_this, *spread], earlier=earlier, currency=currency, gross=gross)
        check_document(amounts, currency)
        totals.append(amounts.total)
        for part in amounts.shares:
            before[part.key] += part.total if gross else part.net
        for rate in amounts.rates:
            net, tax = earlier.get((rate.category, rate.rate), (Decimal(0), Decimal(0)))
            earlier[rate.category, rate.rate] = (net + rate.net, tax + rate.tax + rate.rounding)
    assert sum(totals) == sum(item.total for item in [*goods, *off.values()])
    for key, one in off.items():
        assert before[key] == (one.total if gross else one.net)
    assert min(totals) >= (0 if share < 1 else -quantum(currency) * len(RATES))


db = pytest.mark.django_db
whole = pytest.mark.usefixtures("seller", "nothing_broken")


@db
@whole
@pytest.mark.parametrize("gross", [False, True])
def test_each_parcel_carries_its_part_of_what_is_taken_off(run_debts, gross):
    order = place({"MUG-RED": 3, "TEA-1": 2}, discounts=(THREE,), prices_include_tax=gross)
    for number, units in enumerate([{"MUG-RED": 1}, {"MUG-RED": 1, "TEA-1": 1}, {"MUG-RED": 1, "TEA-1": 1}]):
        ship(order, units, reference=f"SH-{number}")
        run_debts()
    invoices = list(Invoice.objects.order_by("pk"))
    assert sum(one.total for one in invoices) == again(order).total
    assert again(order).invoice_status == "invoiced"
    off = [sum(row.total for row in one.lines.all() if row.total < 0) for one in invoices]
    assert all(part < 0 for part in off)
    assert all(one.total > 0 for one in invoices)
    for one in invoices:
        assert official.faults(billing.invoice_xml(one.pk)[1]) == []

    # What comes back of a parcel brings back what that parcel was charged, the delivery left out.
    last = invoices[-1]
    lines = {row.order_line_id: row.quantity for row in last.lines.all() if row.order_line_id}
    note = billing.credit_invoice(
        last.pk,
        quantities={row.pk: row.quantity for row in last.lines.all() if row.order_line_id},
        reference="R-1",
        actor=SYSTEM,
    )
    assert (note.total, len(lines)) == (last.total, 2)
    run_debts()
    assert Invoice.objects.get(pk=last.pk).status == "cancelled"


@db
@whole
@pytest.mark.parametrize("gross", [False, True])
def test_what_is_cancelled_takes_its_part_of_the_discount_along(run_debts, gross):
    order = place({"MUG-RED": 3, "TEA-1": 2}, discounts=(THREE,), prices_include_tax=gross)
    ship(order, {"MUG-RED": 1}, reference="SH-1")
    run_debts()
    first = Invoice.objects.get()
    mugs, tea = line_of(order, "MUG-RED"), line_of(order, "TEA-1")
    wish = Wish(lines=(LineWish(position=mugs.position, quantity=2), LineWish(position=tea.position, quantity=1)))
    shown = orders.preview_change(order.pk, wish, actor=SYSTEM)
    orders.amend_order(order.pk, wish, expected_version=shown.version, actor=SYSTEM)
    left = again(order)
    assert shown.refusals == ()
    assert left.total - left.cancelled_total == Decimal(shown.after["total"])
    ship(order, {"MUG-RED": 1, "TEA-1": 1}, reference="SH-2")
    run_debts()
    second = Invoice.objects.exclude(pk=first.pk).get()
    assert first.total + second.total == left.total - left.cancelled_total
    assert second.total > 0
    assert (again(order).invoice_status, again(order).balance_due) == ("invoiced", first.total + second.total)


@db
@whole
def test_what_is_billed_in_advance_takes_all_of_the_discount_that_is_left(run_debts):
    order = place({"MUG-RED": 3, "TEA-1": 2}, discounts=(THREE,))
    ship(order, {"MUG-RED": 1}, reference="SH-1")
    run_debts()
    billing.invoice_order(order.pk, actor=SYSTEM)
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()
    assert Invoice.objects.count() == 2
    assert sum(one.total for one in Invoice.objects.all()) == again(order).total
    assert sum(row.net_total for row in InvoiceLine.objects.filter(total__lt=0)) == Decimal("-3.00")
    assert not CreditNote.objects.exists()
