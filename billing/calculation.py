"""How what was agreed is shared out over documents, so that their sums are always the agreed sums. Pure Python.

An item (an order line, a charge, a row of an invoice) has so many units; unit k of n is worth
cumulative(k) − cumulative(k − 1), whichever document it comes to stand on. A document states, per rate,
the tax of its own base (EN 16931 BR-CO-17); what was agreed may differ from that by at most one minor
unit, which goes to `rounding` (BT-114). Where prices include tax, gross is the truth and net is derived.

A credit follows the rows of its invoice instead: whatever else of the invoice stays, a row that came back
in portions came back at exactly what it says.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.money import quantum, round_amount

Rate = tuple[str, Decimal]
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Item:
    """Something agreed. `taken` of its units stand on earlier documents, `units` go on this one.

    `before` is what earlier documents say of it, net or gross as the prices are; without, what so many units are
    worth. They differ where it was changed in between.
    """

    key: Hashable
    category: str
    rate: Decimal
    quantity: int
    net: Decimal
    tax: Decimal
    total: Decimal
    taken: int
    units: int
    before: Decimal | None = None


@dataclass(frozen=True)
class Share:
    """What one item contributes to a document."""

    key: Hashable
    net: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True)
class RateSum:
    """The sums of a document at one rate; `tax + rounding` is what was agreed."""

    category: str
    rate: Decimal
    net: Decimal
    tax: Decimal
    rounding: Decimal


@dataclass(frozen=True)
class Amounts:
    """Everything a document says in figures: net_total + tax_total + rounding = total."""

    shares: list[Share] = field(default_factory=list)
    rates: list[RateSum] = field(default_factory=list)

    @property
    def net_total(self) -> Decimal:
        """Return the sum without tax."""
        return sum((rate.net for rate in self.rates), start=NOTHING)

    @property
    def tax_total(self) -> Decimal:
        """Return the tax the document states."""
        return sum((rate.tax for rate in self.rates), start=NOTHING)

    @property
    def rounding(self) -> Decimal:
        """Return what is added so that the total is what was agreed."""
        return sum((rate.rounding for rate in self.rates), start=NOTHING)

    @property
    def total(self) -> Decimal:
        """Return what is owed."""
        return self.net_total + self.tax_total + self.rounding


def cumulative(amount: Decimal, quantity: int, units: int, currency: str) -> Decimal:
    """Return what the first `units` of `quantity` units are worth; all of them are worth `amount` exactly."""
    return round_amount(amount * units / quantity, currency)


def share(amount: Decimal, quantity: int, first: int, units: int, currency: str) -> Decimal:
    """Return what `units` units after the first `first` are worth: consecutive shares add up exactly."""
    return cumulative(amount, quantity, first + units, currency) - cumulative(amount, quantity, first, currency)


def draw_up(
    items: Sequence[Item], *, earlier: Mapping[Rate, tuple[Decimal, Decimal]], currency: str, gross: bool
) -> Amounts:
    """Work out a document over units of items.

    `items` are all that was agreed, those not on this document with `units=0`; `earlier` holds, per rate,
    net and agreed tax (rounding included) of the documents before. Once every unit stands on a document,
    all documents together are exactly what was agreed.
    """
    rates: dict[Rate, list[Item]] = {}
    for item in items:
        rates.setdefault((item.category, item.rate), []).append(item)
    shares: dict[Hashable, Share] = {}
    sums = []
    for rate, agreed in rates.items():
        if not any(item.units for item in agreed):
            continue
        sums.append(_at_one_rate(rate, agreed, earlier.get(rate, (NOTHING, NOTHING)), currency, gross, shares))
    return Amounts([shares[item.key] for item in items if item.units], sums)


def spread_over(discount: Item, goods: Sequence[Item], *, beside: Decimal, currency: str, gross: bool) -> Item:
    """Count a discount on the whole order in minor units of the goods that carry it.

    So every document takes off it what its goods carry, and the last one the rest. `beside` is what of charges
    carries it too: that comes with the first document.
    """
    unit, truth = quantum(currency), "total" if gross else "net"
    whole = _all(goods, truth) + beside
    if whole <= 0:
        return replace(discount, taken=int(bool(discount.before)), units=int(not discount.before))
    so_far = _so_far(goods, truth, currency)
    here = sum((_of(item, truth, currency) for item in goods if item.units), start=NOTHING)
    earlier = so_far - here
    if beside and earlier <= 0 and not discount.before:
        here += beside
    elif beside:
        earlier += beside
    return replace(discount, quantity=int(whole / unit), taken=int(earlier / unit), units=int(here / unit))


def take_back(
    rows: Sequence[Item],
    *,
    billed: Sequence[Item],
    given: Mapping[Hashable, Decimal],
    currency: str,
    gross: bool,
) -> Amounts:
    """Work out a credit over units of the rows of one invoice.

    `rows` are all its rows, those not on this credit with `units=0`; `billed` are they as the invoice says them:
    where it states the tax of a rate, its credits do. `given` holds, by row, the agreed tax (total less net) that
    earlier credits took back. The units of a row are worth what so many have come to
    less what those before came to, so the credits of a row add up to it in net and in total.
    """
    rates: dict[Rate, list[Item]] = {}
    for row in rows:
        rates.setdefault((row.category, row.rate), []).append(row)
    shares: dict[Hashable, Share] = {}
    sums = []
    for rate, here in rates.items():
        if any(row.units for row in here):
            said = [row for row in billed if (row.category, row.rate) == rate]
            base, tax = _all(said, "total" if gross else "net"), _all(said, "total") - _all(said, "net")
            by_rule = _is_by_rule(base, tax, rate[1], currency, gross)
            sums.append(_back_at_one_rate(rate, here, given, currency, gross, by_rule, shares))
    return Amounts([shares[row.key] for row in rows if row.units], sums)


def _back_at_one_rate(
    rate: Rate,
    rows: Sequence[Item],
    given: Mapping[Hashable, Decimal],
    currency: str,
    gross: bool,
    by_rule: bool,
    shares: dict[Hashable, Share],
) -> RateSum:
    category, percent = rate
    here = [row for row in rows if row.units]
    bases = [_of(row, "total" if gross else "net", currency) for row in here]
    agreed = [_agreed_so_far([row], percent, currency, gross, by_rule) - given.get(row.key, NOTHING) for row in here]
    agreed_tax = sum(agreed, start=NOTHING)
    open_tax = _all(rows, "total") - _all(rows, "net") - sum((given.get(row.key, NOTHING) for row in rows), NOTHING)
    if not any(_left(row) for row in rows):
        agreed_tax = open_tax
    elif by_rule:
        agreed_tax = _within_the_rule(agreed_tax, open_tax, rows, sum(bases, NOTHING), percent, currency, gross)
    agreed = _bend(agreed, agreed_tax, here, bases, percent, currency, gross)
    nets = [base - part for base, part in zip(bases, agreed, strict=True)] if gross else bases
    net = sum(nets, start=NOTHING)
    tax = round_amount(net * percent, currency) if by_rule else agreed_tax
    taxes = fit(
        [_of(row, "tax", currency) for row in here],
        tax,
        [_part_of(tax, part, net, percent) for part in nets],
        currency,
    )
    for row, part, stated, more in zip(here, nets, taxes, agreed, strict=True):
        shares[row.key] = Share(row.key, part, stated, part + more)
    return RateSum(category, percent, net, tax, agreed_tax - tax)


def _within_the_rule(
    wanted: Decimal,
    open_tax: Decimal,
    rows: Sequence[Item],
    base: Decimal,
    percent: Decimal,
    currency: str,
    gross: bool,
) -> Decimal:
    """Return the agreed tax nearest to the one wanted that leaves one minor unit to rounding, here and later.

    Single rows are off the rate by less than a minor unit, many of them together may be off by more. What
    is open is within the rule as a whole, so there is an amount that is good for this credit and the rest. It leaves
    neither of them below zero: where nothing comes back, or is still to come, there is no tax either.
    """
    unit = quantum(currency)
    truth = "total" if gross else "net"
    left = _all(rows, truth) - _so_far(rows, truth, currency)
    off = open_tax - _real_tax(base + left, percent, gross)
    half = round_amount(_real_tax(base, percent, gross) + off / 2, currency)
    good = [
        tax
        for tax in (half + step * unit for step in (0, 1, -1, 2, -2))
        if _is_by_rule(base, tax, percent, currency, gross)
        and _is_by_rule(left, open_tax - tax, percent, currency, gross)
    ]
    whole = [tax for tax in good if _is_no_less(base, tax, gross) and _is_no_less(left, open_tax - tax, gross)]
    return min(whole or good or [half], key=lambda tax: abs(tax - wanted))


def _is_no_less(base: Decimal, tax: Decimal, gross: bool) -> bool:
    """Whether neither net nor tax is below zero, and there is no tax on nothing."""
    return 0 <= tax <= base if gross else tax >= 0 and bool(base or not tax)


def _is_by_rule(base: Decimal, tax: Decimal, percent: Decimal, currency: str, gross: bool) -> bool:
    net = base - tax if gross else base
    return abs(tax - round_amount(net * percent, currency)) <= quantum(currency)


def _bend(
    parts: Sequence[Decimal],
    target: Decimal,
    rows: Sequence[Item],
    bases: Sequence[Decimal],
    percent: Decimal,
    currency: str,
    gross: bool,
) -> list[Decimal]:
    """Fit the agreed tax of rows to that of the credit; a row with units left can make up for it later."""
    bent = list(parts)
    soft = [i for i, row in enumerate(rows) if _left(row) and bases[i]] or [*range(len(rows))]
    others = target - sum((part for i, part in enumerate(parts) if i not in soft), start=NOTHING)
    exact = [_real_tax(bases[i], percent, gross) for i in soft]
    for i, part in zip(soft, fit([parts[i] for i in soft], others, exact, currency), strict=True):
        bent[i] = part
    return bent


def _left(row: Item) -> int:
    return row.quantity - row.taken - row.units


def _at_one_rate(
    rate: Rate,
    items: Sequence[Item],
    earlier: tuple[Decimal, Decimal],
    currency: str,
    gross: bool,
    shares: dict[Hashable, Share],
) -> RateSum:
    category, percent = rate
    billed_net, billed_tax = earlier
    here = [item for item in items if item.units]
    nets = [_of(item, "net", currency) for item in here]
    by_rule = _follows_the_rule(items, percent, currency, gross)
    agreed_tax = _agreed_so_far(items, percent, currency, gross, by_rule) - billed_tax
    if gross:
        net = _so_far(items, "total", currency) - billed_net - billed_tax - agreed_tax
        # Gross is the truth: what a row says without tax comes of its total, so that it can be credited alone.
        derived = [_of(item, "total", currency) / (1 + percent) for item in here]
        nets = fit([round_amount(part, currency) for part in derived], net, derived, currency)
    net = sum(nets, start=NOTHING)
    tax = round_amount(net * percent, currency) if by_rule else agreed_tax
    taxes = fit(
        [share(item.tax, item.quantity, item.taken, item.units, currency) for item in here],
        tax,
        [_part_of(tax, part, net, percent) for part in nets],
        currency,
    )
    totals = fit(
        [_of(item, "total", currency) for item in here]
        if gross
        else [n + t for n, t in zip(nets, taxes, strict=True)],
        net + agreed_tax,
        [part + _part_of(agreed_tax, part, net, percent) for part in nets],
        currency,
    )
    for item, *parts in zip(here, nets, taxes, totals, strict=True):
        shares[item.key] = Share(item.key, *parts)
    return RateSum(category, percent, net, tax, agreed_tax - tax)


def _follows_the_rule(items: Sequence[Item], percent: Decimal, currency: str, gross: bool) -> bool:
    """Whether the agreed tax is the tax of the rate, give or take one minor unit.

    Orders that come priced from elsewhere may carry a tax of their own making; their documents state that.
    """
    unit = quantum(currency)
    net, total = _all(items, "net"), _all(items, "total")
    tax = total - net
    if abs(tax - round_amount(net * percent, currency)) > unit:
        return False
    return not gross or abs(tax - _real_tax(total, percent, gross)) <= unit


def _agreed_so_far(items: Sequence[Item], percent: Decimal, currency: str, gross: bool, by_rule: bool) -> Decimal:
    """Return the agreed tax on everything up to and with this document.

    Where the agreed tax of the whole is not exactly the rate's, one half of that difference goes with
    the first document and one with the last: then no document is off by more than one minor unit.
    """
    truth = "total" if gross else "net"
    whole = _all(items, truth)
    tax = _all(items, "total") - _all(items, "net")
    # What costs nothing keeps nobody from the end: it may be cancelled, and then stands on no document.
    if all(item.taken + item.units >= item.quantity for item in items if item.total):
        return tax
    base = _so_far(items, truth, currency)
    if by_rule:
        off = tax - _real_tax(whole, percent, gross)
        return round_amount(_real_tax(base, percent, gross) + off / 2, currency)
    return round_amount(tax * base / whole, currency) if whole else tax


def _real_tax(amount: Decimal, percent: Decimal, gross: bool) -> Decimal:
    return amount * percent / (1 + percent) if gross else amount * percent


def _all(items: Sequence[Item], name: str) -> Decimal:
    return sum((getattr(item, name) for item in items), start=NOTHING)


def _so_far(items: Sequence[Item], name: str, currency: str) -> Decimal:
    return sum((_up_to(item, name, currency) for item in items), start=NOTHING)


def _up_to(item: Item, name: str, currency: str) -> Decimal:
    """Return what the units up to and with those on this document are worth: never less than was said before."""
    if item.before is not None and not item.units:
        return item.before
    worth = cumulative(getattr(item, name), item.quantity, item.taken + item.units, currency)
    if item.before is None:
        return worth
    return min(worth, item.before) if getattr(item, name) < 0 else max(worth, item.before)


def _of(item: Item, name: str, currency: str) -> Decimal:
    if item.before is None:
        return share(getattr(item, name), item.quantity, item.taken, item.units, currency)
    return _up_to(item, name, currency) - item.before


def _part_of(tax: Decimal, part: Decimal, net: Decimal, percent: Decimal) -> Decimal:
    """Return the unrounded tax on a part of the net."""
    return tax * part / net if net else part * percent


def fit(parts: Sequence[Decimal], target: Decimal, exact: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Move parts by single minor units, those first that are furthest from their exact value, until they add up."""
    unit = quantum(currency)
    fitted = list(parts)
    missing = target - sum(parts, start=NOTHING)
    step = unit if missing > 0 else -unit
    # A free item stays free as long as there is another one.
    movable = [i for i, (part, true) in enumerate(zip(parts, exact, strict=True)) if part or true] or [
        *range(len(parts))
    ]
    for _ in range(int(abs(missing) / unit)):
        furthest = max(movable, key=lambda i: ((exact[i] - fitted[i]) * step, -i))
        fitted[furthest] += step
    return fitted
