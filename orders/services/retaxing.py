"""What is open of an order is taxed anew, though something of it was billed or has left: that keeps its rate.

A line of which a part has left is parted: the part stays as it was billed, to the cent, and the rest stands on a line
of its own at the new rate. Prices stay what they are, net or gross as the order says; only the tax on them moves.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.money import apportion, round_amount
from orders.derivation import (
    amount_of,
    billed_and_wanted,
    borne_by,
    cancelled_worth,
    credited_as_cancelled,
    is_discount,
    left_of_discount,
    parts_of,
    worth_left,
)
from orders.models import OrderCharge, OrderLine
from orders.ports import Billed, paper_book

from .promising import country_of
from .reworking import Rework
from .taxed import NOTHING, Share, Taxed, add_up, tell, work_out_tax
from .taxing import EXEMPT, Rate, moved_rates, still_to_bill, taxed_day

UNBILLED = Billed(0, NOTHING, NOTHING)


def retax(work: Rework) -> None:
    """Let, on the objects, what has to be billed yet bear the rates of the day that is wished for."""
    order, was = work.order, work.taxed_before
    if work.is_about_goods or work.is_another_way:
        work.refuse("/taxed_on", "invoiced", _("Change its goods first, and tax it anew then"))
        return
    moved = moved_rates(order, work.lines, before=was, on=taxed_day(order))
    moved = {line: rate for line, rate in moved.items() if still_to_bill(line)}
    rates = {(line.tax_category, line.tax_rate): rate for line, rate in moved.items()}
    taxed = Taxed(work, paper_book.billed(order), moved, rates)
    if why_not := _why_not(taxed):
        work.refuse("/taxed_on", "invoiced", why_not)
        return
    before = list(work.lines)
    discounts = {one.position: _left_of(one, taxed, before) for one in work.charges if is_discount(one)}
    for line in before:
        _part(line, taxed)
    for charge in work.charges:
        _follow_goods(charge, taxed, discounts.get(charge.position, ()))
    work_out_tax(taxed)
    add_up(taxed)
    tell(taxed)
    order.cancelled_total = cancelled_worth(order, work.lines, work.charges)


def _why_not(taxed: Taxed) -> str:
    """Say why it cannot be taxed anew now, and what is done instead."""
    order, lines = taxed.work.order, taxed.work.lines
    if not taxed.moved:
        return _(
            "Nothing is left to bill at another rate. What was billed in advance keeps its invoice; for the new rate,"
            " take it off this order, which credits it, and place another one"
        )
    if not _is_told_right(taxed):
        return _("What has left is taxed in another way; take the rest off this order, and place another one for it")
    for line in taxed.moved:
        units = taxed.billed.lines.get(line.pk, UNBILLED).units
        if billed_and_wanted(line) > line.shipped or units > line.shipped + credited_as_cancelled(line):
            return _(
                "A part of %(sku)s is billed in advance; take the rest off this order, and place another one for it"
            ) % {"sku": line.sku}
        if units and units < line.wanted - still_to_bill(line) + credited_as_cancelled(line):
            return _("What has left of %(sku)s is not on its invoice yet; try again in a moment") % {"sku": line.sku}
    waiting = {
        (line.tax_category, line.tax_rate)
        for line in lines
        if line not in taxed.moved and line.wanted > taxed.billed.lines.get(line.pk, UNBILLED).units
    }
    for charge in (one for one in taxed.work.charges if is_discount(one) and taxed.billed.lines):
        for part in parts_of(charge):
            rate = (part["category"], Decimal(part["rate"]))
            is_moved = any((line.tax_category, line.tax_rate) == rate for line in taxed.moved)
            _goods, others = borne_by(part, lines, taxed.work.charges, gross=order.prices_include_tax)
            if is_moved and (others or rate in waiting):
                return _(
                    "Its discount on the whole is partly billed, and cannot be parted;"
                    " take what is open off this order, and place another one for it"
                )
    return ""


def _is_told_right(taxed: Taxed) -> bool:
    """Whether papers of the order can say whose tax the new rates are, or by which certificate none is asked for.

    That is told once for the whole order: of who was exempt, only that it is a sale within a country.
    """
    order = taxed.work.order
    if not any(EXEMPT in (line.tax_category, category) for line, (category, _rate) in taxed.moved.items()):
        return True
    is_told = all(category != EXEMPT for category, _rate in taxed.moved.values())
    return is_told and country_of(order) == order.channel.seller_country


def _part(line: OrderLine, taxed: Taxed) -> None:
    """Give a line its share, and what is open of one of which something has left a line of its own."""
    work, rate, billed = taxed.work, taxed.moved.get(line), taxed.billed.lines.get(line.pk)
    if rate is None:
        kept = line.wanted + credited_as_cancelled(line)
        if billed is not None and billed.units == kept and (line.tax_category, line.tax_rate) in taxed.rates:
            # A cent that earlier invoices put on other lines would have come right with the last one at this rate.
            _say_as_billed(line, billed, kept, taxed)
        taxed.lines[line.position] = Share(
            (line.tax_category, line.tax_rate), taxed.base(line), line.tax_total, stands=True
        )
        return
    rest, gone = still_to_bill(line), credited_as_cancelled(line)
    kept = line.wanted - rest + gone
    if not kept:
        taxed.lines[line.position] = Share(rate, taxed.base(line))
        return
    new, units = copy(line), line.quantity - rest
    new.pk, new._state = None, copy(line._state)
    new._state.adding = True
    new.position = max(one.position for one in work.lines) + 1
    new.quantity, line.quantity = rest, units
    for name in ("cancelled", "shipped", "delivered", "return_authorized", "returned", "invoiced", "credited"):
        setattr(new, name, 0)
    new.discount_total = line.discount_total - _of(line.discount_total, units, units + rest, taxed)
    line.discount_total -= new.discount_total
    line.allocated = line.backordered = line.lent = 0
    line.lent_until = None
    old_rate, whole = (line.tax_category, line.tax_rate), copy(line)
    whole.quantity = units + rest
    left = worth_left(whole, kept + rest, taxed.currency, net_only=not taxed.gross)
    if billed is not None:
        _say_as_billed(line, billed, kept, taxed)
        taxed.lines[line.position] = Share(old_rate, taxed.base(line), line.tax_total, stands=True)
        base = left - taxed.base(billed)
    else:
        share = _of(taxed.base(line), units, units + rest, taxed)
        taxed.lines[line.position] = Share(old_rate, share)
        base = left - _of(share, kept, units, taxed)
    taxed.lines[new.position] = Share(rate, base)
    work.parted[line.position] = new
    work.lines.append(new)


def _say_as_billed(line: OrderLine, billed: Billed, kept: int, taxed: Taxed) -> None:
    """Let a line say what was billed of the units it keeps; what is cancelled of it is worth as much for each unit."""
    line.net_total = _of(billed.net, line.quantity, kept, taxed)
    line.tax_total = _of(billed.total - billed.net, line.quantity, kept, taxed)
    line.total = line.net_total + line.tax_total


def _of(amount: Decimal, units: int, quantity: int, taxed: Taxed) -> Decimal:
    return round_amount(amount * units / quantity, taxed.currency)


def _left_of(charge: OrderCharge, taxed: Taxed, lines: Sequence[OrderLine]) -> list[tuple[Mapping[str, Any], Decimal]]:
    """Return what stands of each part of a discount on the whole, before anything is parted."""
    found = []
    for part in parts_of(charge):
        net, tax = left_of_discount(part, lines, taxed.work.charges, taxed.currency, gross=taxed.gross)
        found.append((part, net + (tax if taxed.gross else NOTHING)))
    return found


def _follow_goods(charge: OrderCharge, taxed: Taxed, left: Sequence[tuple[Mapping[str, Any], Decimal]]) -> None:
    """Put a charge that stands on no invoice yet under the rates of the goods; of a discount, what is left of it."""
    stood = [
        Share(
            (part["category"], Decimal(part["rate"])), amount_of(part, gross=taxed.gross), Decimal(part["tax"]), True
        )
        for part in parts_of(charge)
    ]
    is_billed = charge.invoiced or any(position == charge.position for position, *_rate in taxed.billed.charges)
    if charge.cancelled:
        taxed.charges[charge.position] = stood
    elif left and taxed.billed.lines:
        taxed.charges[charge.position] = [
            share
            for (part, amount), was in zip(left, stood, strict=True)
            for share in _rest_of(charge, part, amount, was, taxed)
        ]
    elif is_billed:
        taxed.charges[charge.position] = [_as_billed(charge, share, taxed) for share in stood]
    else:
        bases = _bases(taxed, _carrying(charge, taxed.work.lines))
        shares = _apportion(sum((one.base for one in stood), start=NOTHING), bases, taxed)
        taxed.charges[charge.position] = [Share(rate, share) for rate, share in shares] or stood


def _carrying(charge: OrderCharge, lines: Sequence[OrderLine]) -> Sequence[OrderLine]:
    """Return the lines that a charge is for: delivery for goods, where there are any (`pricing.calculation`)."""
    goods = [line for line in lines if line.is_goods] if charge.kind == OrderCharge.Kind.SHIPPING else []
    return goods or lines


def _as_billed(charge: OrderCharge, share: Share, taxed: Taxed) -> Share:
    """Return what was billed of a part of a charge, where no later invoice at its rate puts a cent right."""
    said = taxed.billed.charges.get((charge.position, *share.rate))
    if said is None or share.rate not in taxed.rates:
        return share
    return Share(share.rate, taxed.base(said), said.total - said.net, stands=True)


def _rest_of(charge: OrderCharge, part: Mapping[str, Any], left: Decimal, was: Share, taxed: Taxed) -> list[Share]:
    """Return what is billed of a part of a discount, at its rate, and the rest at those of the goods it comes off."""
    new = [line for line in taxed.work.lines if _old_rate(line, taxed) == was.rate]
    if not new:
        return [was]
    said = taxed.billed.charges.get((charge.position, *was.rate), UNBILLED)
    shares = _apportion(left - taxed.base(said), _bases(taxed, new), taxed)
    found = [Share(rate, share) for rate, share in shares if share]
    if not said.total:
        return found
    # As with the lines it came off: what is cancelled of them took its part along.
    old = [line for line in taxed.work.lines if taxed.lines[line.position].rate == was.rate]
    whole = sum((taxed.lines[line.position].base for line in old), start=NOTHING)
    stays = sum((_left(line, taxed) for line in old), start=NOTHING)
    net, tax = (
        round_amount(amount * whole / stays, taxed.currency) if stays else amount
        for amount in (said.net, said.total - said.net)
    )
    return [Share(was.rate, net + (tax if taxed.gross else NOTHING), tax, stands=True), *found]


def _old_rate(line: OrderLine, taxed: Taxed) -> Rate | None:
    """Return the rate that a line bore which bears another one now; none of one that does not."""
    if line.pk is None or (line in taxed.moved and line.position not in taxed.work.parted):
        return line.tax_category, line.tax_rate
    return None


def _left(line: OrderLine, taxed: Taxed) -> Decimal:
    units = line.quantity - line.cancelled + credited_as_cancelled(line)
    return worth_left(line, units, taxed.currency, net_only=not taxed.gross)


def _bases(taxed: Taxed, lines: Iterable[OrderLine]) -> dict[Rate, Decimal]:
    bases: dict[Rate, Decimal] = {}
    for line in lines:
        share = taxed.lines[line.position]
        wanted = _of(share.base, line.wanted, line.quantity, taxed)
        bases[share.rate] = bases.get(share.rate, NOTHING) + wanted
    return {rate: base for rate, base in bases.items() if base}


def _apportion(amount: Decimal, bases: Mapping[Rate, Decimal], taxed: Taxed) -> list[tuple[Rate, Decimal]]:
    if not bases:
        return []
    return list(zip(bases, apportion(amount, list(bases.values()), taxed.currency), strict=True))
