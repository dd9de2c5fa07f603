"""Goods to the shelf, a credit note, money back: all in one transaction; the provider is asked by a debt."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from billing import selectors as billing_selectors
from billing import services as billing
from billing.models import CreditNote, CreditNoteLine
from core.actors import SYSTEM, Actor
from core.money import Money, apportion, plain
from core.service import service
from core.transitions import advance
from core.updating import update_each
from inventory import services as inventory
from orders import services as orders
from returns import selectors
from returns.decisions import STOCK
from returns.events import ReturnClosed, ReturnResolved
from returns.models import ReturnLine, ReturnRequest
from returns.reasons import in_words

from .choosing import choose_otherwise
from .common import lines_of, take_return, tell, units_of

Status = ReturnRequest.Status


@service
def resolve_return(
    return_id: int,
    *,
    with_charges: bool | None = None,
    to_credit: bool | None = None,
    reason: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> ReturnRequest:
    """Settle an inspected return: stock, credit note, and the money that is no longer owed.

    `with_charges` takes the delivery charges back as well; unless said, as the policy and the law have it.
    `to_credit`: what goes back becomes store credit of the customer, where the order names one; unless said, as the
    customer chose. Against that choice only for a `reason`, which the customer reads. Raises ChangeUnexplained.
    Where no money goes back the return is closed at once, else when the refund is on its way.
    """
    when = at or timezone.now()
    found = take_return(return_id)
    lines = lines_of(found)
    if to_credit is not None and found.refund_as and to_credit != found.wants_credit:
        as_what = ReturnRequest.RefundAs.CREDIT if to_credit else ReturnRequest.RefundAs.MONEY
        choose_otherwise(found, as_what, reason=reason, actor=actor, at=when)
    advance(found, "resolve", actor=actor, at=when)
    as_credit = found.wants_credit if to_credit is None else to_credit
    settle(found, lines, with_charges=with_charges, to_credit=as_credit, actor=actor, at=when)
    return found


@service
def settle(
    found: ReturnRequest,
    lines: Sequence[ReturnLine],
    *,
    with_charges: bool | None,
    to_credit: bool = False,
    actor: Actor,
    at: datetime,
) -> None:
    """Settle goods and money of a return in hand that was just resolved."""
    credited = units_of((line for line in lines if line.resolution == ReturnLine.Resolution.REFUND), "received")
    found.with_charges = gives_charges_back(found, credited) if with_charges is None else with_charges
    found.resolved_at = at
    notes = _credit(found, credited, actor=actor, at=at)
    found.refund_total = _refund(found, notes, to_credit=to_credit, actor=actor, at=at)
    _write_amounts(notes, lines)
    ReturnRequest.objects.filter(pk=found.pk).update(
        with_charges=found.with_charges, resolved_at=at, refund_total=found.refund_total
    )
    currency = found.order.currency
    refund = plain(found.refund_total, currency)
    tell(ReturnResolved, found, refund=refund, currency=currency, actor=actor, at=at)
    if not found.refund_total:
        _close(found, actor=actor, at=at)
    # Shelves last: they are the most wanted rows of the house.
    _put_away(found, lines, actor=actor, at=at)


def gives_charges_back(found: ReturnRequest, credited: dict[int, int]) -> bool:
    """Say whether delivery charges go back: a consumer withdrew from all goods of the order, and the policy agrees."""
    if not found.is_withdrawal or not selectors.terms_of(found.order).refunds_delivery:
        return False
    if selectors.charges_given_back(found.order):
        return False
    return selectors.takes_all_goods_back(found, credited)


def _credit(found: ReturnRequest, credited: dict[int, int], *, actor: Actor, at: datetime) -> list[CreditNote]:
    """Draft the credit notes: over the units, and over delivery charges, on whichever invoice they stand."""
    if not credited:
        return []
    reference, reason = str(found.number), in_words(found.reason)
    notes = billing.credit_return(
        found.order_id,
        quantities=credited,
        reference=reference,
        reason=reason,
        with_charges=found.with_charges,
        actor=actor,
        at=at,
    )
    if not found.with_charges:
        return notes
    elsewhere: dict[int, dict[int, int]] = defaultdict(dict)
    for row in selectors.charges_left_to_credit(found.order).exclude(invoice__in=[note.invoice_id for note in notes]):
        elsewhere[row.invoice_id][row.pk] = row.quantity
    for invoice_id, rows in elsewhere.items():
        note = billing.credit_invoice(
            invoice_id, quantities=rows, reference=reference, reason=reason, actor=actor, at=at
        )
        notes.append(note)
    return notes


def _refund(
    found: ReturnRequest, notes: Sequence[CreditNote], *, to_credit: bool, actor: Actor, at: datetime
) -> Decimal:
    """Ask for the money that is no longer owed. Returns how much that is."""
    credit = sum((note.total for note in notes), start=Decimal(0))
    due = billing_selectors.refund_due(found.order, credit)
    asked_back = billing_selectors.disputed(found.order) if due else {}
    if asked_back and None not in asked_back.values():
        # The bank has given it back: what is lost cannot be sent again. While it asks, the refund is refused.
        due = billing_selectors.can_go_back(found.order, due)
    if not due:
        return Decimal(0)
    billing.request_refund(
        found.order_id,
        amount=Money(due, found.order.currency),
        reference=str(found.number),
        reason=in_words(found.reason),
        credit_note_id=notes[0].pk if len(notes) == 1 else None,
        to_credit=to_credit,
        actor=actor,
        at=at,
    )
    return due


def _write_amounts(notes: Sequence[CreditNote], lines: Sequence[ReturnLine]) -> None:
    """Note on each line what its credit notes give for it, less its part of a discount on the whole order."""
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    goods: dict[tuple[int, str, Decimal], list[CreditNoteLine]] = defaultdict(list)
    off: dict[tuple[int, str, Decimal], Decimal] = defaultdict(Decimal)
    for row in CreditNoteLine.objects.filter(credit_note__in=[note.pk for note in notes]).order_by("pk"):
        key = (row.credit_note_id, row.tax_category, row.tax_rate)
        if row.order_line_id:
            goods[key].append(row)
            amounts[row.order_line_id] += row.total
        elif row.total < 0:
            off[key] += row.total
    for key, total in off.items():
        rows = goods[key]
        parts = apportion(total, [row.total for row in rows], notes[0].currency)
        for row, part in zip(rows, parts, strict=True):
            amounts[row.order_line_id or 0] += part
    for line in lines:
        line.refund_amount = amounts[line.order_line_id]
    if changed := [[line.pk, line.refund_amount] for line in lines if line.refund_amount]:
        update_each(ReturnLine, ["refund_amount"], changed)


def _put_away(found: ReturnRequest, lines: Sequence[ReturnLine], *, actor: Actor, at: datetime) -> None:
    """Tell the warehouse what becomes of the goods."""
    piles: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        if line.received and line.disposition in STOCK and line.order_line.product.needs_stock:
            # Of a kit all parts take the way that was decided for it.
            for product, per in line.order_line.made_of or ((line.order_line.product_id, 1),):
                piles[STOCK[line.disposition]][product] += per * line.received
    if found.warehouse_id is None:
        return
    for disposition, units in sorted(piles.items()):
        inventory.restock(
            warehouse_id=found.warehouse_id,
            units=dict(units),
            disposition=disposition,
            reference=str(found.number),
            actor=actor,
            at=at,
        )


@service
def close_return(number: str, *, actor: Actor = SYSTEM, at: datetime | None = None) -> ReturnRequest | None:
    """Close a return whose refund is on its way. None where there is no such return that waits for it."""
    waiting = ReturnRequest.objects.filter(number=number, status=Status.RESOLVED).values_list("pk", flat=True).first()
    if waiting is None:
        return None
    found = take_return(waiting)
    if found.status == Status.RESOLVED:
        _close(found, actor=actor, at=at or timezone.now())
    return found


def _close(found: ReturnRequest, *, actor: Actor, at: datetime) -> None:
    found.closed_at = at
    advance(found, "close", actor=actor, at=at)
    orders.record_return_request(
        found.order_id, open_returns_delta=-1, reference=str(found.number), actor=actor, at=at
    )
    tell(ReturnClosed, found, actor=actor, at=at)
