"""What an invoice bills: units and charges that stand on no earlier one, and their part of what is taken off."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from billing import calculation
from billing.calculation import Item, Rate
from billing.models import Invoice, InvoiceLine
from core.money import round_amount
from orders.derivation import amount_of, borne_by, is_discount, left_of_discount, parts_of
from orders.models import Order, OrderCharge, OrderLine


@dataclass
class Claim:
    """What an invoice bills: units by line id, and the charges that stand on no invoice yet.

    `billed` is what earlier invoices say of a line or of a part of a charge, net or gross as the prices are.
    """

    order: Order
    lines: list[OrderLine]
    charges: list[OrderCharge]
    units: Mapping[int, int]
    left: Mapping[int, int]
    billed_units: Mapping[int, int]
    billed: Mapping[Hashable, Decimal]
    earlier: Mapping[Rate, tuple[Decimal, Decimal]]

    def is_billed(self, charge: OrderCharge) -> bool:
        """Whether a charge stands on an earlier invoice, at least with a part."""
        return ("charge", charge.position) in self.billed

    @property
    def is_last(self) -> bool:
        """Whether nothing is left to bill after this."""
        return all(self.units.get(pk, 0) >= units for pk, units in self.left.items())

    def items(self) -> list[Item]:
        """Return everything that was agreed, with what of it goes on this invoice."""
        goods = {line.pk: self._item_of(line) for line in self.lines if line.quantity > line.cancelled}
        found = list(goods.values())
        for charge in self.charges:
            for index, part in enumerate(parts_of(charge)):
                if is_discount(charge):
                    found.append(self._discount(charge, index, part, goods))
                    continue
                net, tax = Decimal(part["net"]), Decimal(part["tax"])
                key, rate = ("charge", charge.position, index), Decimal(part["rate"])
                billed = int(self.is_billed(charge))
                found.append(Item(key, part["category"], rate, 1, net, tax, net + tax, billed, 1 - billed))
        return found

    def _item_of(self, line: OrderLine) -> Item:
        billable = line.quantity - line.cancelled
        net, tax = (
            round_amount(amount * billable / line.quantity, self.order.currency) if line.cancelled else amount
            for amount in (line.net_total, line.tax_total)
        )
        # What was billed and is not wanted any more was credited.
        taken, units = min(billable, self.billed_units.get(line.pk, 0)), self.units.get(line.pk, 0)
        before = self.billed.get(line.pk) if taken < billable else None
        key = (line.pk, line.tax_category, line.tax_rate)
        return Item(*key, billable, net, tax, net + tax, taken, units, before)

    def _discount(self, charge: OrderCharge, index: int, part: Mapping[str, Any], goods: Mapping[int, Item]) -> Item:
        """Return what of a discount on the whole order goes on this invoice: what its goods carry of it."""
        order, gross = self.order, self.order.prices_include_tax
        net, tax = left_of_discount(part, self.lines, self.charges, order.currency, gross=gross)
        bearers, others = borne_by(part, self.lines, self.charges, gross=gross)
        key = ("charge", charge.position, index)
        before = self.billed.get(key, Decimal(0))
        whole = Item(key, part["category"], Decimal(part["rate"]), 1, net, tax, net + tax, 0, 0, before)
        return calculation.spread_over(
            whole,
            [goods[line.pk] for line in bearers if line.pk in goods],
            beside=sum((amount_of(one, gross=gross) for one in others), start=Decimal(0)),
            currency=order.currency,
            gross=gross,
        )


def claim_on(order: Order, units: Mapping[int, int] | None, *, first: bool = False, but: int = 0) -> Claim:
    """Read what was agreed and what earlier invoices bill; without `units`, claim everything that is left.

    `first`: the caller knows that there is no earlier invoice. `but` is a draft that is drawn anew: it bills nothing.
    """
    lines = list(OrderLine.objects.filter(order=order).order_by("position"))
    for line in lines:
        line.order = order
    charges = [one for one in OrderCharge.objects.filter(order=order).order_by("position") if not one.cancelled]
    billed_units: dict[int, int] = {}
    billed: dict[Hashable, Decimal] = {}
    # One that replaces another bills what that one does: it counts once.
    others = Invoice.objects.filter(order=order, replaces=None).exclude(pk=but)
    if earlier := earlier_sums(() if first else others.values_list("tax_breakdown", flat=True)):
        amount = "total" if order.prices_include_tax else "net_total"
        their = InvoiceLine.objects.filter(invoice__order=order, invoice__replaces=None).exclude(invoice=but)
        rows = their.values("order_line", "charge_position", "tax_category", "tax_rate")
        places = {one.position: [_rate_of(part) for part in parts_of(one)] for one in charges}
        for row in rows.annotate(units=Sum("quantity"), amount=Sum(amount)).order_by():
            line_id, place, rate = row["order_line"], row["charge_position"], (row["tax_category"], row["tax_rate"])
            if line_id:
                billed_units[line_id] = billed_units.get(line_id, 0) + row["units"]
                billed[line_id] = billed.get(line_id, Decimal(0)) + row["amount"]
            elif place is not None:
                billed["charge", place] = Decimal(1)
                if rate in places.get(place, ()):
                    billed["charge", place, places[place].index(rate)] = row["amount"]
    left = {line.pk: max(0, line.quantity - line.cancelled - billed_units.get(line.pk, 0)) for line in lines}
    # Somebody may have billed in advance what leaves now.
    units = left if units is None else {pk: min(wanted, left[pk]) for pk, wanted in units.items()}
    return Claim(order, lines, charges, units, left, billed_units, billed, earlier)


def _rate_of(part: Mapping[str, Any]) -> Rate:
    return part["category"], Decimal(part["rate"])


def earlier_sums(breakdowns: Iterable[list[dict[str, str]]]) -> dict[Rate, tuple[Decimal, Decimal]]:
    """Add up what documents state: per rate, the net and the agreed tax."""
    sums: dict[Rate, tuple[Decimal, Decimal]] = {}
    for row in (row for breakdown in breakdowns for row in breakdown):
        rate = (row["category"], Decimal(row["rate"]))
        net, tax = sums.get(rate, (Decimal(0), Decimal(0)))
        sums[rate] = (net + Decimal(row["net"]), tax + Decimal(row["tax"]) + Decimal(row["rounding"]))
    return sums
