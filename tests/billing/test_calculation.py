"""However an order is split over documents, and however those are credited, the cents add up."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.calculation import Item, cumulative, draw_up, fit, share, take_back
from core.money import apportion, quantum, round_amount

RATES = [("S", Decimal("0.19")), ("S", Decimal("0.07")), ("S", Decimal("0.25")), ("Z", Decimal("0"))]
CURRENCIES = ["EUR", "JPY", "KWD"]


def agreed_items(rows, currency, gross):
    """Price rows of (rate, quantity, amount) the way an order is priced: tax per rate, shared out by row."""
    per_rate = defaultdict(list)
    for position, (rate, quantity, amount) in enumerate(rows):
        per_rate[rate].append((position, quantity, round_amount(amount * quantum(currency), currency)))
    items = {}
    for (category, percent), priced in per_rate.items():
        base = sum(amount for _, _, amount in priced)
        exact = base * percent / (1 + percent) if gross else base * percent
        tax = round_amount(exact, currency)
        for (position, quantity, amount), part in zip(
            priced, apportion(tax, [amount for *_, amount in priced], currency), strict=True
        ):
            net = amount - part if gross else amount
            items[position] = Item(position, category, percent, quantity, net, part, net + part, 0, 0)
    return [items[position] for position in range(len(rows))]


def split(items, cuts):
    """Yield, cut by cut, the items with the units that go on the next document; the last one takes the rest."""
    taken = [0] * len(items)
    for number, cut in enumerate(cuts, start=1):
        units = [
            item.quantity - taken[i] if number == len(cuts) else min(cut[i % len(cut)], item.quantity - taken[i])
            for i, item in enumerate(items)
        ]
        if any(units):
            yield [replace(item, taken=taken[i], units=units[i]) for i, item in enumerate(items)]
        taken = [already + more for already, more in zip(taken, units, strict=True)]


def documents(items, cuts, currency, gross):
    """Draw up one document per cut."""
    earlier, drawn = {}, []
    for on_this in split(items, cuts):
        amounts = draw_up(on_this, earlier=earlier, currency=currency, gross=gross)
        check_document(amounts, currency)
        for rate in amounts.rates:
            net, tax = earlier.get((rate.category, rate.rate), (Decimal(0), Decimal(0)))
            earlier[rate.category, rate.rate] = (net + rate.net, tax + rate.tax + rate.rounding)
        drawn.append((on_this, amounts))
    return drawn


def check_document(amounts, currency):
    """What is true of every document on its own."""
    for rate in amounts.rates:
        assert rate.tax == round_amount(rate.net * rate.rate, currency)  # BR-CO-17
        assert abs(rate.rounding) <= quantum(currency)
    assert sum(part.net for part in amounts.shares) == amounts.net_total
    assert sum(part.tax for part in amounts.shares) == amounts.tax_total
    assert sum(part.total for part in amounts.shares) == amounts.total
    assert amounts.net_total + amounts.tax_total + amounts.rounding == amounts.total


def credits_of(items, cuts, currency, gross):
    """Draw up one credit per cut."""
    given, drawn = defaultdict(Decimal), []
    for on_this in split(items, cuts):
        amounts = take_back(on_this, billed=items, given=given, currency=currency, gross=gross)
        check_document(amounts, currency)
        for part in amounts.shares:
            given[part.key] += part.total - part.net
        drawn.append((on_this, amounts))
    return drawn


def printed_rows(on_this, amounts):
    """Return the rows of an invoice as what may be credited."""
    return [
        Item(part.key, item.category, item.rate, item.units, part.net, part.tax, part.total, 0, 0)
        for item, part in zip([item for item in on_this if item.units], amounts.shares, strict=True)
    ]


row = st.tuples(st.sampled_from(RATES), st.integers(1, 12), st.integers(0, 250_000).map(Decimal))
a_split = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=5), min_size=1, max_size=10)


@settings(max_examples=300, deadline=None)
@given(st.lists(row, min_size=1, max_size=15), a_split, a_split, st.sampled_from(CURRENCIES), st.booleans())
def test_documents_of_partial_shipments_and_their_partial_credits_add_up(rows, shipments, credits, currency, gross):
    items = agreed_items(rows, currency, gross)
    invoices = documents(items, shipments, currency, gross)

    assert sum(amounts.total for _, amounts in invoices) == sum(item.total for item in items)
    for rate in {(item.category, item.rate) for item in items}:
        of_rate = [one for _, amounts in invoices for one in amounts.rates if (one.category, one.rate) == rate]
        ordered = [item for item in items if (item.category, item.rate) == rate]
        assert sum(one.net for one in of_rate) == sum(item.net for item in ordered)
        assert sum(one.tax + one.rounding for one in of_rate) == sum(item.tax for item in ordered)
    if not gross:
        for index, item in enumerate(items):
            parts = [part.net for _, amounts in invoices for part in amounts.shares if part.key == index]
            assert sum(parts) == item.net

    for on_this, amounts in invoices:
        printed = printed_rows(on_this, amounts)
        notes = credits_of(printed, credits, currency, gross)
        assert sum(note.total for _, note in notes) == amounts.total
        assert sum(note.net_total for _, note in notes) == amounts.net_total
        for item in printed:
            parts = [part for _, note in notes for part in note.shares if part.key == item.key]
            truth = "total" if gross else "net"
            assert sum(getattr(part, truth) for part in parts) == getattr(item, truth)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(row.map(lambda one: (RATES[0], *one[1:])), min_size=1, max_size=2),
    a_split,
    st.lists(st.integers(0, 5), min_size=1, max_size=10),
    st.sampled_from(CURRENCIES),
    st.booleans(),
)
@example(
    # Alone, neither row may be off its rate by more than a cent.
    rows=[(RATES[0], 1, Decimal(231363)), (RATES[0], 7, Decimal(231363))],
    shipments=[[0, 2], [2], [0]],
    cuts=[0],
    currency="EUR",
    gross=True,
)
def test_goods_that_come_back_in_portions_come_back_at_what_their_row_says(rows, shipments, cuts, currency, gross):
    """Whether or not the shipping, at the same rate, stays billed."""
    for on_this, amounts in documents(agreed_items(rows, currency, gross), shipments, currency, gross):
        goods, *others = printed_rows(on_this, amounts)
        taken, given, back = 0, defaultdict(Decimal), []
        for cut in [*cuts, goods.quantity]:
            if units := min(cut, goods.quantity - taken):
                here = [replace(goods, taken=taken, units=units), *others]
                note = take_back(here, billed=here, given=given, currency=currency, gross=gross)
                check_document(note, currency)
                [part] = note.shares
                given[part.key] += part.total - part.net
                back.append(part)
                taken += units
        assert sum(part.net for part in back) == goods.net
        assert sum(part.total for part in back) == goods.total


@settings(max_examples=200, deadline=None)
@given(st.integers(-100_000, 100_000), st.integers(1, 40), st.lists(st.integers(0, 8), max_size=12))
def test_consecutive_shares_are_the_whole(cents, quantity, pieces):
    amount, first, seen = Decimal(cents).scaleb(-2), 0, Decimal(0)
    for piece in [*pieces, quantity]:
        units = min(piece, quantity - first)
        seen += share(amount, quantity, first, units, "EUR")
        first += units
        assert seen == cumulative(amount, quantity, first, "EUR")
    assert seen == amount


def test_each_of_three_pieces_costs_its_gross_price():
    """3 × 9.99 gross at 19 %: the customer pays 9.99 for each parcel, to the cent."""
    item = Item(0, "S", Decimal("0.19"), 3, Decimal("25.18"), Decimal("4.79"), Decimal("29.97"), 0, 0)

    drawn = documents([item], [[1], [1], [1]], "EUR", True)

    assert [amounts.total for _, amounts in drawn] == [Decimal("9.99")] * 3
    assert sum(amounts.net_total for _, amounts in drawn) == Decimal("25.18")


def test_the_example_of_the_api_in_two_parcels():
    """One mug and the tea go first, with the shipping; the second mug follows."""
    mug = Item("mug", "S", Decimal("0.19"), 2, Decimal("10.00"), Decimal("1.90"), Decimal("11.90"), 0, 1)
    tea = Item("tea", "S", Decimal("0.07"), 1, Decimal("4.20"), Decimal("0.29"), Decimal("4.49"), 0, 1)
    post = [
        Item("post-19", "S", Decimal("0.19"), 1, Decimal("3.45"), Decimal("0.66"), Decimal("4.11"), 0, 1),
        Item("post-7", "S", Decimal("0.07"), 1, Decimal("1.45"), Decimal("0.11"), Decimal("1.56"), 0, 1),
    ]
    first = draw_up([mug, tea, *post], earlier={}, currency="EUR", gross=False)
    assert [(rate.rate, rate.net, rate.tax, rate.rounding) for rate in first.rates] == [
        (Decimal("0.19"), Decimal("8.45"), Decimal("1.61"), Decimal("0.00")),
        (Decimal("0.07"), Decimal("5.65"), Decimal("0.40"), Decimal("0.00")),
    ]
    assert first.total == Decimal("16.11")

    rest = [replace(mug, taken=1), *(replace(item, taken=1, units=0) for item in (tea, *post))]
    billed = {(rate.category, rate.rate): (rate.net, rate.tax + rate.rounding) for rate in first.rates}
    second = draw_up(rest, earlier=billed, currency="EUR", gross=False)
    assert (second.net_total, second.tax_total, second.total) == (Decimal("5.00"), Decimal("0.95"), Decimal("5.95"))
    assert first.total + second.total == Decimal("22.06")


def test_a_tax_made_elsewhere_is_stated_as_it_was_agreed():
    """A marketplace charged 2.50 tax on 10.00 at 19 %: the documents say what was charged."""
    item = Item(0, "S", Decimal("0.19"), 4, Decimal("10.00"), Decimal("2.50"), Decimal("12.50"), 0, 1)

    amounts = draw_up([item], earlier={}, currency="EUR", gross=False)

    assert (amounts.net_total, amounts.tax_total, amounts.rounding) == (Decimal("2.50"), Decimal("0.63"), 0)


def test_a_free_item_stays_free():
    paid = Item("paid", "S", Decimal("0.19"), 3, Decimal("25.18"), Decimal("4.79"), Decimal("29.97"), 0, 1)
    free = Item("free", "S", Decimal("0.19"), 3, Decimal(0), Decimal(0), Decimal(0), 0, 1)

    amounts = draw_up([free, paid], earlier={}, currency="EUR", gross=True)

    assert [part.total for part in amounts.shares] == [Decimal("0.00"), Decimal("9.99")]


@pytest.mark.parametrize(("target", "expected"), [("3.00", "1.00 1.00 1.00"), ("3.02", "1.01 1.01 1.00")])
def test_fitting_moves_single_cents(target, expected):
    ones = [Decimal("1.00")] * 3

    assert fit(ones, Decimal(target), ones, "EUR") == [Decimal(part) for part in expected.split()]
