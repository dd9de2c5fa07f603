"""Credit notes: they take back units of an invoice at exactly what they were charged, and name it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone

from billing import selectors
from billing.cards import without_cards
from billing.errors import CreditExceedsInvoice, NotIssued, ReferenceTaken
from billing.events import CreditNoteDrafted, CreditNoteIssued
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Refund
from billing.sentences import CREDITED_AFTER_WRITE_OFF
from billing.services.booking import post_credit_note
from billing.services.common import moment, summed, take_credit_note, take_invoice, take_order, units_by_line
from billing.services.crediting import credit_amounts, draft_credit_note, takes_off
from billing.services.invoicing import number_document
from billing.services.ledger import open_moment
from billing.services.matching import tell_if_arrears
from billing.services.writing_off import surplus, take_back, tell_write_offs
from core.actors import SYSTEM, Actor
from core.money import Money, plain
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders import services as orders
from orders.models import Order

Row = tuple[InvoiceLine, int, int]


@service
def credit_invoice(
    invoice_id: int,
    *,
    quantities: Mapping[int, int] | None = None,
    reference: str,
    reason: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> CreditNote:
    """Draft a credit over units of an invoice, by row id, or over all that is left of it; a debt issues it.

    The reference makes a second call harmless. Raises CreditExceedsInvoice, NotIssued for a draft, and
    ReferenceTaken where the reference credits something else of the invoice.
    """
    _order, invoice = take_invoice(invoice_id)
    if known := CreditNote.objects.filter(invoice=invoice, reference=reference).order_by("pk").first():
        _check_same_rows(known, quantities)
        return known
    if invoice.number is None:
        raise NotIssued("A draft can still be changed; there is nothing to credit", invoice=invoice.pk)
    rows = _rows_of(invoice)
    if quantities is None:
        claimed = [(row, credited, row.quantity - credited) for row, credited, _ in rows]
    else:
        claimed = _claim(invoice, rows, quantities)
    if not any(units for row, _, units in claimed if not takes_off(row)):
        raise CreditExceedsInvoice(f"All of {invoice} is credited already", invoice=invoice.number)
    return _draft(invoice, claimed, reference=reference, reason=reason, actor=actor, at=moment(at))


@service
def credit_return(
    order_id: int,
    *,
    quantities: Mapping[int, int],
    reference: str,
    reason: str = "",
    with_charges: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> list[CreditNote]:
    """Draft credits over units of order lines, from the oldest invoice that bills them; a debt issues them.

    `with_charges` takes back the charges (shipping) of those invoices as well. The reference makes a
    second call harmless. Raises CreditExceedsInvoice when fewer units were invoiced, or are left, and
    ReferenceTaken where the reference credits something else of the order.
    """
    order = take_order(order_id)
    known = CreditNote.objects.filter(order=order, reference=reference).order_by("pk")
    if found := list(known):
        _check_same_units(found, quantities, with_charges=with_charges)
        return found
    plan = _plan(order, quantities, with_charges=with_charges)
    return [
        _draft(invoice, rows, reference=reference, reason=reason, actor=actor, at=moment(at)) for invoice, rows in plan
    ]


def _check_same_rows(note: CreditNote, quantities: Mapping[int, int] | None) -> None:
    """Raise ReferenceTaken unless the note takes back these units; without any, all there was to take."""
    lines = CreditNoteLine.objects.filter(credit_note=note)
    before = dict(lines.values_list("invoice_line").annotate(units=Sum("quantity")).order_by())
    if quantities is None:
        same = not any(row.quantity - credited for row, credited, _ in _rows_of(note.invoice) if not takes_off(row))
    else:
        before = {row: units for row, units in before.items() if units}
        same = before == {row: units for row, units in quantities.items() if units}
    if not same:
        raise _taken(note)


def _check_same_units(notes: Sequence[CreditNote], quantities: Mapping[int, int], *, with_charges: bool) -> None:
    """Raise ReferenceTaken unless the notes take back these units, and charges as it is said."""
    lines = CreditNoteLine.objects.filter(credit_note__in=notes)
    units = lines.filter(order_line__isnull=False).values_list("order_line").annotate(units=Sum("quantity"))
    if dict(units.order_by()) != {line: wanted for line, wanted in quantities.items() if wanted > 0}:
        raise _taken(notes[0])
    # With charges, none may be left on these invoices; without, none may have been taken.
    charges = lines.filter(order_line=None, invoice_line__total__gte=0).exists()
    if charges and not with_charges:
        raise _taken(notes[0])
    if with_charges and not charges and any(_charges_left(note.invoice) for note in notes):
        raise _taken(notes[0])


def _charges_left(invoice: Invoice) -> bool:
    return any(_is_charge(row) and row.quantity > credited for row, credited, _ in _rows_of(invoice))


def _is_charge(row: InvoiceLine) -> bool:
    return row.order_line_id is None and not takes_off(row)


def _taken(note: CreditNote) -> ReferenceTaken:
    total = Money(note.total, note.currency)
    return ReferenceTaken(
        f"{note.reference} stands for a credit of {total} already; another one needs a reference of its own",
        reference=note.reference,
        credit_note=note.number,
        amount=plain(note.total, note.currency),
        currency=note.currency,
    )


def preview_credit(order: Order, quantities: Mapping[int, int], *, with_charges: bool = False) -> Decimal:
    """Return what `credit_return` would give back. Changes nothing."""
    return summed(
        credit_amounts(order, invoice, rows).total
        for invoice, rows in _plan(order, quantities, with_charges=with_charges)
    )


def _rows_of(invoice: Invoice) -> list[Row]:
    """Return every row of an invoice with how many of its units were credited."""
    lines = InvoiceLine.objects.filter(invoice=invoice).annotate(credited=Sum("credits__quantity"))
    return [(line, line.credited or 0, 0) for line in lines.order_by("position")]


def _claim(invoice: Invoice, rows: Sequence[Row], quantities: Mapping[int, int]) -> list[Row]:
    strangers = set(quantities) - {row.pk for row, *_ in rows}
    if strangers:
        raise CreditExceedsInvoice(f"{invoice} has no such row", invoice=invoice.number)
    claimed = []
    for row, credited, _ in rows:
        units = quantities.get(row.pk, 0)
        if units < 0 or units > row.quantity - credited:
            raise CreditExceedsInvoice(
                f"Only {row.quantity - credited} of {row.sku or row.name} are left to credit on {invoice}",
                invoice=invoice.number,
                sku=row.sku,
                left=row.quantity - credited,
            )
        claimed.append((row, credited, units))
    return claimed


def _plan(order: Order, quantities: Mapping[int, int], *, with_charges: bool) -> list[tuple[Invoice, list[Row]]]:
    """Share units of order lines out over the invoices that bill them, oldest first."""
    wanted = {line_id: units for line_id, units in quantities.items() if units > 0}
    issued = Invoice.objects.filter(order=order, number__isnull=False).order_by("pk")
    plan = []
    for invoice in issued:
        invoice.order = order
        claimed = []
        for row, credited, _ in _rows_of(invoice):
            units = min(wanted.get(row.order_line_id or 0, 0), row.quantity - credited)
            if units and row.order_line_id:
                wanted[row.order_line_id] -= units
            claimed.append((row, credited, units))
        if not any(units for *_, units in claimed):
            continue
        if with_charges:
            claimed = [
                (row, credited, row.quantity - credited if _is_charge(row) else units)
                for row, credited, units in claimed
            ]
        plan.append((invoice, claimed))
    if missing := {line_id: units for line_id, units in wanted.items() if units}:
        raise CreditExceedsInvoice(
            f"Of {order}, not as many units are invoiced and not credited yet",
            missing=[{"line": line_id, "units": units} for line_id, units in missing.items()],
        )
    return plan


def _draft(
    invoice: Invoice, rows: Sequence[Row], *, reference: str, reason: str, actor: Actor, at: datetime
) -> CreditNote:
    note = draft_credit_note(invoice, rows=rows, reference=reference, reason=without_cards(reason)[:300], at=at)
    fact = CreditNoteDrafted(order_id=note.order_id, quiet=invoice.order.quiet, credit_note_id=note.pk)
    emit(fact, actor=actor, at=at)
    return note


@service
def issue_credit_note(credit_note_id: int, *, actor: Actor = SYSTEM, at: datetime | None = None) -> CreditNote:
    """Give a credit note its number and date, and take it off the invoice. Issuing twice changes nothing.

    A credit over all of an invoice cancels it.
    """
    order, note = take_credit_note(credit_note_id)
    if note.status != CreditNote.Status.DRAFT:
        return note
    when = at or open_moment(note.legal_entity_id, note.created_at)
    lines = list(CreditNoteLine.objects.filter(credit_note=note))
    orders.record_credit(
        order.pk,
        reference=note.reference,
        quantities=units_by_line(lines),
        total=note.total,
        actor=actor,
        at=when,
    )
    reduces_what_is_owed = note.invoice.open_amount + note.invoice.written_off_total >= note.total
    _take_off(note.invoice, note.total, actor=actor, at=when)
    note.issued_at = when
    note.issued_on = timezone.localdate(when)
    refunds = list(Refund.objects.filter(credit_note=note).values_list("status", flat=True))
    post_credit_note(order, note, actor=actor)
    number = number_document(note, lines)
    steps = ["issue"]
    if reduces_what_is_owed:
        steps.append("apply")
    elif refunds and all(status == Refund.Status.SUCCEEDED for status in refunds):
        steps.append("pay_out")
    advance(note, *steps, actor=actor, note=note.reason, at=when)
    fact = CreditNoteIssued(
        order_id=order.pk,
        quiet=order.quiet,
        credit_note_id=note.pk,
        credit_note=number,
        applied=reduces_what_is_owed,
    )
    emit(fact, actor=actor, at=when)
    return note


def credit_notes_of(order_id: int, reference: str) -> list[int]:
    """Return the credit notes of one cause."""
    found = CreditNote.objects.filter(order=order_id).filter(Q(reference=reference) | Q(refunds__reference=reference))
    return list(found.order_by("pk").distinct().values_list("pk", flat=True))


def _take_off(invoice: Invoice, amount: Decimal, *, actor: Actor, at: datetime) -> None:
    was_open = invoice.status in selectors.WAITING
    was_given_up = invoice.status == Invoice.Status.WRITTEN_OFF
    invoice.credited_total += amount
    if too_much := surplus(invoice):
        # What is taken back was never bad debt: the credit note, with its tax, goes before the write-off.
        take_back(invoice.order, invoice, too_much, reason=CREDITED_AFTER_WRITE_OFF(), actor=actor, at=at)
    if invoice.credited_total >= invoice.total:
        advance(invoice, "cancel", actor=actor, note="credited in full", at=at)
    elif (was_open and invoice.open_amount <= 0) or (was_given_up and not invoice.written_off_total):
        advance(invoice, "settle", actor=actor, at=at)
    else:
        invoice.save(update_fields=["credited_total", "written_off_total"])
    if too_much:
        tell_write_offs(invoice.order, actor=actor, at=at)
    if was_open and invoice.open_amount <= 0:
        tell_if_arrears(invoice.order, invoice, actor=actor, at=at)
