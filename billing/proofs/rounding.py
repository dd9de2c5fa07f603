"""Random invoices of every currency, split and credited at random: does every sum add up to the smallest unit?

It asks what bills and credits orders: `pricing.calculation`, `billing.calculation`, and what a credit takes back.
Of an order: lines, rates and header say one sum. Of its documents: each keeps BR-CO-17 and is off by one unit
per rate at most (BT-114), and all together are the order. Of credits in portions: they are their invoice, row by row.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from billing import calculation
from billing.calculation import Amounts, Item, Rate
from billing.models import InvoiceLine
from billing.proofs.asking import Asked
from billing.proofs.baskets import Basket, basket
from billing.proofs.crowd import share_out
from billing.services.crediting import Left, Wanted, amounts_of, takes_off
from core.money import quantum, round_amount
from pricing.calculation import Quote, quote

MOST_TOLD = 20
MOST_DOCUMENTS = 10
NOTHING = Decimal(0)


@dataclass
class Found:
    """What came out of some invoices."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __add__(self, other: "Found") -> "Found":
        return Found(self.counts + other.counts, self.faults + other.faults)


def prove(asked: Asked) -> dict[str, Any]:
    """Try that many orders, or the one of a number, and return what was found."""
    numbers = range(asked.cases) if asked.only is None else range(asked.only, asked.only + 1)
    found = Found()
    for part in share_out(_try, asked.seed, numbers, processes=asked.processes, tell=asked.tell):
        found += part
    counts = found.counts
    return {
        "cases": counts["cases"],
        "seed": asked.seed,
        "lines": counts["lines"],
        "documents": counts["documents"],
        "credits": counts["credits"],
        "by_decimals": {places: counts[f"decimals {places}"] for places in (0, 2, 3)},
        "gross": counts["gross"],
        "with_discount": counts["discounts"],
        "documents_rounded_by_a_unit": counts["rounded"],
        "rows_credited_with_a_unit_of_tax_moved": counts["moved"],
        "wrong_cases": counts["wrong"],
        "met": not counts["wrong"],
        "told": found.faults[:MOST_TOLD],
    }


def _try(seed: int, numbers: range) -> Found:
    found = Found()
    for number in numbers:
        one = basket(seed, number)
        try:
            faults = list(_faults(one, found.counts))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the number that shows it
            faults = [f"{type(error).__name__}: {error}"]
        found.counts["cases"] += 1
        if faults:
            found.counts["wrong"] += 1
            found.faults += [f"case {number} ({one.request.currency}): {said}" for said in faults[:3]]
    return found


def _faults(one: Basket, counts: Counter[str]) -> Iterator[str]:
    request, dice = one.request, one.dice
    currency, gross = request.currency, request.prices_include_tax
    quoted = quote(request)
    counts["lines"] += len(quoted.lines)
    counts[f"decimals {-int(quantum(currency).as_tuple().exponent)}"] += 1
    counts["gross"] += gross
    counts["discounts"] += bool(quoted.discount_total)
    yield from _of_order(one, quoted)
    items = _items(one, quoted)
    documents = []
    for on_this, amounts in _documents(items, dice, currency, gross):
        counts["documents"] += 1
        counts["rounded"] += any(rate.rounding for rate in amounts.rates)
        yield from _of_document("document", amounts, currency)
        documents.append((on_this, amounts))
    yield from _of_documents(items, [amounts for _, amounts in documents], gross)
    on_this, amounts = dice.choice(documents)
    yield from _of_credits(_printed(on_this, amounts), amounts, dice, currency, gross, counts)


def _of_order(one: Basket, quoted: Quote) -> Iterator[str]:
    """Return where lines, rates and header of an order say different sums."""
    currency, gross = quoted.currency, quoted.prices_include_tax
    unit = quantum(currency)
    rates: dict[Rate, list[Decimal]] = defaultdict(lambda: [NOTHING, NOTHING])
    for line in quoted.lines:
        rates[line.tax_category, line.tax_rate][0] += line.net_total
        rates[line.tax_category, line.tax_rate][1] += line.tax_total
        if line.net_total + line.tax_total != line.total or line.total < 0:
            yield f"line {line.key} says {line.net_total} + {line.tax_total} = {line.total}"
    for given, line in zip(one.request.lines, quoted.lines, strict=True):
        agreed = round_amount(given.unit_price * given.quantity, currency) - line.discount_total
        if agreed != (line.total if gross else line.net_total):
            yield f"line {line.key} was agreed at {agreed}"
    for charge in quoted.charges:
        if charge.amount != (charge.total if gross else charge.net_total):
            yield f"{charge.kind} was agreed at {charge.amount}"
        for part in charge.taxes:
            rates[part["category"], Decimal(part["rate"])][0] += Decimal(part["net"])
            rates[part["category"], Decimal(part["rate"])][1] += Decimal(part["tax"])
    stated = {(row["category"], Decimal(row["rate"])): row for row in quoted.tax_breakdown}
    for (category, rate), (net, tax) in rates.items():
        row = stated[category, rate]
        if (Decimal(row["net"]), Decimal(row["tax"])) != (net, tax):
            yield f"rate {rate} states {row['net']} and {row['tax']}, its rows {net} and {tax}"
        if abs(tax - round_amount(net * rate, currency)) > (unit if gross else 0):
            yield f"rate {rate} has {tax} on {net}"
    whole = sum((line.total for line in quoted.lines), NOTHING) + sum((part.total for part in quoted.charges), NOTHING)
    discounts = sum((part.net_total for part in quoted.charges if part.kind == "discount"), NOTHING)
    by_head = quoted.subtotal - quoted.discount_total + quoted.shipping_total + quoted.charges_total + quoted.tax_total
    if not whole == by_head == quoted.total:
        yield f"rows say {whole}, the head {by_head} and {quoted.total} ({discounts} off as a whole)"
    if any(round_amount(part, currency) != part for part in (quoted.total, quoted.tax_total, quoted.subtotal)):
        yield "an amount is finer than the currency"


def _items(one: Basket, quoted: Quote) -> list[Item]:
    """Return what was agreed, as it is billed."""
    items = [
        Item(
            line.key,
            line.tax_category,
            line.tax_rate,
            given.quantity,
            line.net_total,
            line.tax_total,
            line.total,
            0,
            0,
        )
        for given, line in zip(one.request.lines, quoted.lines, strict=True)
    ]
    for position, charge in enumerate(quoted.charges):
        for index, part in enumerate(charge.taxes):
            net, tax = Decimal(part["net"]), Decimal(part["tax"])
            key = ("charge", position, index)
            items.append(Item(key, part["category"], Decimal(part["rate"]), 1, net, tax, net + tax, 0, 0))
    return items


def _documents(
    items: Sequence[Item], dice: random.Random, currency: str, gross: bool
) -> Iterator[tuple[list[Item], Amounts]]:
    """Bill units of goods by parcels; charges stand on the first one, a discount on each with its part."""
    earlier: dict[Rate, tuple[Decimal, Decimal]] = {}
    before: dict[Hashable, Decimal] = defaultdict(Decimal)
    for portion in _portions(items, dice):
        on_this = [
            _spread(item, portion, before[item.key], currency, gross) if _is_off(item) else item for item in portion
        ]
        amounts = calculation.draw_up(on_this, earlier=earlier, currency=currency, gross=gross)
        for part in amounts.shares:
            before[part.key] += part.total if gross else part.net
        for rate in amounts.rates:
            net, tax = earlier.get((rate.category, rate.rate), (NOTHING, NOTHING))
            earlier[rate.category, rate.rate] = (net + rate.net, tax + rate.tax + rate.rounding)
        yield on_this, amounts


def _is_off(item: Item) -> bool:
    return isinstance(item.key, tuple) and item.total < 0


def _spread(item: Item, portion: Sequence[Item], before: Decimal, currency: str, gross: bool) -> Item:
    goods = [one for one in portion if not isinstance(one.key, tuple)]
    same = [one for one in goods if (one.category, one.rate) == (item.category, item.rate)] or goods
    fresh = replace(item, taken=0, units=0, before=before)
    return calculation.spread_over(fresh, same, beside=NOTHING, currency=currency, gross=gross)


def _portions(items: Sequence[Item], dice: random.Random) -> Iterator[list[Item]]:
    parcels = dice.choices((1, 2, 3, MOST_DOCUMENTS), (50, 25, 15, 10))[0]
    cuts = [_cuts(item.quantity, parcels, dice) if item.quantity > 1 else None for item in items]
    whole = [dice.randrange(parcels) if not isinstance(item.key, tuple) else 0 for item in items]
    first = True
    for parcel in range(parcels):
        here = [
            (int(parcel > at), int(parcel == at)) if cut is None else (cut[parcel], cut[parcel + 1] - cut[parcel])
            for cut, at in zip(cuts, whole, strict=True)
        ]
        if first:
            # The first that bills goods takes the charges.
            goods = any(units for item, (_, units) in zip(items, here, strict=True) if not isinstance(item.key, tuple))
            if not goods:
                continue
        here = [
            (int(not first), int(first)) if isinstance(item.key, tuple) else part
            for item, part in zip(items, here, strict=True)
        ]
        first = False
        if any(units for _, units in here):
            yield [replace(item, taken=taken, units=units) for item, (taken, units) in zip(items, here, strict=True)]


def _cuts(quantity: int, parcels: int, dice: random.Random) -> list[int]:
    return [0, *sorted(dice.randint(0, quantity) for _ in range(parcels - 1)), quantity]


def _of_document(name: str, amounts: Amounts, currency: str) -> Iterator[str]:
    """Return what is wrong with a document on its own."""
    for rate in amounts.rates:
        if rate.tax != round_amount(rate.net * rate.rate, currency):
            yield f"a {name} states {rate.tax} of {rate.net} at {rate.rate} (BR-CO-17)"
        if abs(rate.rounding) > quantum(currency):
            yield f"a {name} is off by {rate.rounding} at {rate.rate} (BT-114)"
    for what, said in (("net", amounts.net_total), ("tax", amounts.tax_total), ("total", amounts.total)):
        if (rows := sum((getattr(part, what) for part in amounts.shares), NOTHING)) != said:
            yield f"the rows of a {name} say {what} {rows}, its end {said}"


def _of_documents(items: Sequence[Item], drawn: Sequence[Amounts], gross: bool) -> Iterator[str]:
    """Return where all documents together are not the order."""
    agreed: dict[Rate, list[Decimal]] = defaultdict(lambda: [NOTHING, NOTHING])
    billed: dict[Rate, list[Decimal]] = defaultdict(lambda: [NOTHING, NOTHING])
    rows: dict[Hashable, Decimal] = defaultdict(Decimal)
    for item in items:
        agreed[item.category, item.rate][0] += item.net
        agreed[item.category, item.rate][1] += item.tax
    for amounts in drawn:
        for rate in amounts.rates:
            billed[rate.category, rate.rate][0] += rate.net
            billed[rate.category, rate.rate][1] += rate.tax + rate.rounding
        for part in amounts.shares:
            rows[part.key] += part.net
    for key, sums in agreed.items():
        if billed[key] != sums:
            yield f"the documents bill {billed[key]} at {key}, agreed were {sums}"
    if not gross:
        for item in items:
            if rows[item.key] != item.net:
                yield f"the rows of {item.key} bill {rows[item.key]}, agreed were {item.net}"


def _printed(on_this: Sequence[Item], amounts: Amounts) -> list[InvoiceLine]:
    """Return the rows of an invoice, as they would be kept."""
    here = [item for item in on_this if item.units]
    return [
        InvoiceLine(
            pk=position, position=position, name="", quantity=item.units, tax_category=item.category,
            tax_rate=item.rate, net_total=part.net, tax_total=part.tax, total=part.total,
            order_line_id=None if isinstance(item.key, tuple) else position,
            charge_position=item.key[1] if isinstance(item.key, tuple) else None,
        )
        for position, (item, part) in enumerate(zip(here, amounts.shares, strict=True), start=1)
    ]  # fmt: skip


def _of_credits(
    rows: Sequence[InvoiceLine], billed: Amounts, dice: random.Random, currency: str, gross: bool, counts: Counter[str]
) -> Iterator[str]:
    """Take an invoice back in portions, as goods come back, and return where they are not the invoice."""
    left = {row.pk: Left(row, row.quantity, row.net_total, row.tax_total, row.total) for row in rows}
    sums = [NOTHING, NOTHING]
    for units in _claims(rows, dice):
        wanted = [Wanted(left[row.pk], row.quantity - left[row.pk].units, units.get(row.pk, 0)) for row in rows]
        back = amounts_of(wanted, currency=currency, gross=gross, in_money=False)
        counts["credits"] += 1
        counts["rounded"] += any(rate.rounding for rate in back.rates)
        yield from _of_document("credit", back, currency)
        if back.total < 0:
            yield f"a credit takes back {back.total}"
        for rate in back.rates:
            if min(rate.net, rate.tax, rate.net + rate.tax + rate.rounding) < 0:
                yield f"a credit takes back {rate.net} and {rate.tax} at {rate.rate}"
        for one in back.shares:
            rest, came = left[int(str(one.key))], units.get(int(str(one.key)), 0)
            net, tax, total = rest.net - one.net, rest.tax - one.tax, rest.total - one.total
            left[rest.row.pk] = Left(rest.row, rest.units - came, net, tax, total)
        sums = [sums[0] + back.net_total, sums[1] + back.total]
    if sums != [billed.net_total, billed.total]:
        yield f"the credits add up to {sums}, billed were {[billed.net_total, billed.total]}"
    for row in rows:
        net, total = row.net_total - left[row.pk].net, row.total - left[row.pk].total
        truth = (total, row.total) if gross else (net, row.net_total)
        if truth[0] != truth[1]:
            yield f"row {row.pk} came back at {truth[0]}, it says {truth[1]}"
        # What follows from it may give way by one unit, so that each credit keeps to its rate.
        if off := abs(net - row.net_total) + abs(total - row.total):
            counts["moved"] += 1
            if off > quantum(currency):
                yield f"row {row.pk} came back at {net} and {total}, it says {row.net_total} and {row.total}"


def _claims(rows: Sequence[InvoiceLine], dice: random.Random) -> Iterator[dict[int, int]]:
    """Cut the units of goods into portions. Charges come back with one of them, a discount comes off by itself.

    The last portion is asked for as all that is left, as often as by its units.
    """
    portions = dice.choices((1, 2, 3, 5, 12), (25, 30, 20, 15, 10))[0]
    cuts = {row.pk: _cuts(row.quantity, portions, dice) for row in rows if not takes_off(row)}
    whole = dice.random() < 0.5
    for number in range(portions):
        ends = [(row, cuts.get(row.pk, [0] * (portions + 1))[number : number + 2]) for row in rows]
        if number == portions - 1 and whole:
            yield {row.pk: row.quantity - taken for row, (taken, _upto) in ends}
        elif units := {row.pk: upto - taken for row, (taken, upto) in ends if upto > taken}:
            yield units
