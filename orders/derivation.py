"""What follows from the quantities of the lines and the amounts of the header. Pure: nothing is read or written.

Lines and charges are anything with the columns of OrderLine and OrderCharge, an order anything with the
amounts of Order. The results are the stored values of the derived statuses.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.money import quantum, round_amount
from inventory.models import GOODS
from orders.models import Order
from pricing.calculation.values import MAX_AMOUNT, AmountTooLarge

Allocation, Fulfillment, Paid, Invoiced, Returned = (
    Order.Allocation,
    Order.Fulfillment,
    Order.Paid,
    Order.Invoiced,
    Order.Returned,
)


def allocation_status(lines: Iterable[Any]) -> str:
    """Say how much of what is open is tied to stock; services and digital items need none."""
    lines = list(lines)
    goods = [line for line in lines if line.kind in GOODS]
    wanted = sum(line.open for line in goods)
    allocated = sum(line.allocated for line in goods)
    if all(line.quantity == line.cancelled for line in lines):
        return Allocation.UNALLOCATED
    if allocated == wanted:
        return Allocation.ALLOCATED
    if allocated:
        return Allocation.PARTIAL
    return Allocation.BACKORDERED if any(line.backordered for line in goods) else Allocation.UNALLOCATED


def fulfillment_status(lines: Iterable[Any]) -> str:
    """Say how much has left the building, and arrived."""
    lines = list(lines)
    wanted = sum(line.quantity - line.cancelled for line in lines)
    shipped = sum(line.shipped for line in lines)
    delivered = sum(line.delivered for line in lines)
    if not shipped:
        return Fulfillment.UNFULFILLED
    if shipped < wanted:
        return Fulfillment.PARTIALLY_SHIPPED
    if delivered == shipped:
        return Fulfillment.DELIVERED
    return Fulfillment.PARTIALLY_DELIVERED if delivered else Fulfillment.SHIPPED


def payment_status(order: Any) -> str:
    """Say how the money stands against what is still agreed."""
    due = order.total - order.cancelled_total - order.credited_total - order.written_off_total
    if order.refunded_total:
        return Paid.REFUNDED if order.refunded_total >= order.paid_total else Paid.PARTIALLY_REFUNDED
    if order.paid_total:
        if order.paid_total == due:
            return Paid.PAID
        return Paid.OVERPAID if order.paid_total > due else Paid.PARTIALLY_PAID
    if order.authorized_total and order.authorized_total >= due:
        return Paid.AUTHORIZED
    # Nothing to pay is paid: a replacement at no charge waits for no money.
    return Paid.PAID if not order.total and order.placed_at else Paid.UNPAID


def invoice_status(lines: Iterable[Any], charges: Iterable[Any]) -> str:
    """Say how much of what will not be cancelled was put on an invoice."""
    lines = list(lines)
    # A charge of nothing is on no invoice, and nobody waits for it.
    charges = [charge for charge in charges if charge.total and not charge.cancelled]
    wanted = sum(line.quantity - line.cancelled for line in lines) + len(charges)
    invoiced = sum(line.invoiced for line in lines) + sum(1 for charge in charges if charge.invoiced)
    if not invoiced:
        return Invoiced.NOT_INVOICED
    return Invoiced.INVOICED if invoiced >= wanted else Invoiced.PARTIALLY_INVOICED


def return_status(lines: Iterable[Any], open_returns: int) -> str:
    """Say what came back, or is asked to."""
    lines = list(lines)
    returned = sum(line.returned for line in lines)
    if returned:
        return Returned.RETURNED if returned == sum(line.shipped for line in lines) else Returned.PARTIALLY_RETURNED
    return Returned.REQUESTED if open_returns else Returned.NONE


def credited_as_cancelled(line: Any) -> int:
    """Return how many cancelled units were billed and taken back with their invoice; not what came back."""
    return int(min(line.cancelled, line.credited - min(line.credited, line.returned)))


def billed_and_wanted(line: Any) -> int:
    """Return how many units of a line are billed and were not taken back because they are not wanted any more."""
    return int(line.invoiced - (line.credited - min(line.credited, line.returned)))


def to_be_credited(line: Any, wanted: int) -> int:
    """Return how many billed units an invoice has to give back where fewer are wanted: unbilled ones go first."""
    now = line.quantity - line.cancelled
    return max(0, (now - wanted) - max(0, now - billed_and_wanted(line)))


def worth_of(line: Any, units: int, currency: str) -> Decimal:
    """Return what some units of a line were to cost, so that they and the rest add up to the line."""
    worth: Decimal = line.total - worth_left(line, line.quantity - units, currency)
    return worth


def worth_left(line: Any, units: int, currency: str, *, net_only: bool = False) -> Decimal:
    """Return what the units of a line that stay are to cost, with tax unless `net_only`."""
    amounts = (line.net_total,) if net_only else (line.net_total, line.tax_total)
    return sum((round_amount(amount * units / line.quantity, currency) for amount in amounts), start=Decimal(0))


def cancelled_worth(order: Any, lines: Sequence[Any], charges: Sequence[Any]) -> Decimal:
    """Return what the cancelled units of an order were to cost, less their part of a discount on the whole order.

    What is credited is left out: that was taken back with its invoice. Once all that is wanted is billed, it is what
    was never billed: lines round one by one and documents by rate, and no cent may be left that nobody can pay.
    """
    currency, gross = order.currency, order.prices_include_tax
    gone = ((line, line.cancelled - credited_as_cancelled(line)) for line in lines)
    worth = sum((worth_of(*one, currency) for one in gone), start=Decimal(0))
    for part in (part for charge in charges if is_discount(charge) for part in parts_of(charge)):
        whole = Decimal(part["net"]) + Decimal(part["tax"])
        worth += whole - sum(left_of_discount(part, lines, charges, currency, gross=gross), start=Decimal(0))
    never_billed: Decimal = order.total - order.invoiced_total
    is_rounding = abs(never_billed - worth) <= quantum(currency) * (len(lines) + len(charges))
    if invoice_status(lines, charges) == Invoiced.INVOICED and is_rounding and never_billed >= 0:
        return never_billed
    return worth


def is_discount(charge: Any) -> bool:
    """Whether a charge takes something off the order as a whole."""
    return bool(charge.total < 0 and not charge.cancelled)


def parts_of(charge: Any) -> list[Mapping[str, Any]]:
    """Return a charge by rate: a charge on goods of several rates takes them all."""
    untaxed = {"category": "O", "rate": "0", "net": charge.net_total, "tax": charge.tax_total}
    return list(charge.taxes) or [untaxed]


def borne_by(
    part: Mapping[str, Any], lines: Sequence[Any], charges: Sequence[Any], *, gross: bool
) -> tuple[list[Any], list[Mapping[str, Any]]]:
    """Return what a part of a discount on the whole order comes off: the lines of its rate, else all lines.

    Where it is more than they cost, the parts of charges (delivery) carry it with them.
    """
    rate = _rate_of(part)
    others = [one for charge in charges if charge.total > 0 and not charge.cancelled for one in parts_of(charge)]
    goods = [line for line in lines if (line.tax_category, line.tax_rate) == rate]
    if goods:
        others = [one for one in others if _rate_of(one) == rate]
    else:
        goods = list(lines)
    worth = sum((line.total if gross else line.net_total for line in goods), start=Decimal(0))
    return goods, [] if -amount_of(part, gross=gross) <= worth else others


def amount_of(part: Mapping[str, Any], *, gross: bool) -> Decimal:
    """Return a part of a charge, net or gross as the prices are."""
    return Decimal(part["net"]) + (Decimal(part["tax"]) if gross else 0)


def _rate_of(part: Mapping[str, Any]) -> tuple[str, Decimal]:
    return part["category"], Decimal(part["rate"])


def left_of_discount(
    part: Mapping[str, Any], lines: Sequence[Any], charges: Sequence[Any], currency: str, *, gross: bool
) -> tuple[Decimal, Decimal]:
    """Return net and tax of what stands of a part of a discount on the whole order.

    What is cancelled takes its part along, in proportion to what it was to cost, net or gross as the prices are;
    what was billed and credited took it along on its credit note.
    """
    goods, others = borne_by(part, lines, charges, gross=gross)
    whole = left = sum((amount_of(one, gross=gross) for one in others), start=Decimal(0))
    for line in goods:
        units = line.quantity - line.cancelled + credited_as_cancelled(line)
        whole += line.total if gross else line.net_total
        left += worth_left(line, units, currency, net_only=not gross)
    net, tax = Decimal(part["net"]), Decimal(part["tax"])
    if not whole:
        return net, tax
    return round_amount(net * left / whole, currency), round_amount(tax * left / whole, currency)


def balance_due(order: Any) -> Decimal:
    """Return what the customer still owes for what is agreed; below zero we owe (invariant I3)."""
    balance: Decimal = (
        order.total
        - order.cancelled_total
        - order.credited_total
        - order.written_off_total
        - order.paid_total
        + order.refunded_total
    )
    return balance


def restate(order: Order, *, lines: Sequence[Any] | None = None, charges: Sequence[Any] | None = None) -> None:
    """Write onto the order everything that follows from its amounts, and from its lines where they are given."""
    for name in ("authorized_total", "paid_total", "refunded_total"):
        if getattr(order, name) > MAX_AMOUNT:
            raise AmountTooLarge("More money than an order can hold")
    order.balance_due = balance_due(order)
    order.payment_status = payment_status(order)
    if lines is None:
        return
    order.allocation_status = allocation_status(lines)
    order.fulfillment_status = fulfillment_status(lines)
    order.return_status = return_status(lines, order.open_returns)
    if charges is not None:
        order.invoice_status = invoice_status(lines, charges)
