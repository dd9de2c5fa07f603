"""Credit notes: they take back units of an invoice at exactly what they were charged, and name it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone

from billing import selectors
from billing.calculation import Amounts
from billing.cards import without_cards
from billing.errors import CreditExceedsInvoice, NotIssued, ReferenceTaken
from billing.events import CreditNoteDrafted, CreditNoteIssued
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Refund
from billing.sentences import CREDITED_AFTER_WRITE_OFF, CREDITED_IN_FULL
from billing.services.booking import post_credit_note
from billing.services.common import checked, moment, summed, take_credit_note, take_invoice, take_order, units_by_line
from billing.services.crediting import (
    Left,
    Wanted,
    credit_amounts,
    draft_credit_note,
    in_amounts,
    left_of,
    shared_out,
    takes_off,
)
from billing.services.invoicing import number_document
from billing.services.ledger import open_moment
from billing.services.matching import tell_if_arrears
from billing.services.writing_off import surplus, take_back, tell_write_offs
from core.actors import SYSTEM, Actor
from core.money import Money, plain
from core.outbox import caught_up, emit
from core.service import service
from core.transitions import advance
from orders import services as orders
from orders.models import Order

Overpaid = CreditNote.Overpaid


@service
def credit_invoice(
    invoice_id: int,
    *,
    quantities: Mapping[int, int] | None = None,
    amounts: Mapping[int, Decimal] | None = None,
    amount: Decimal | None = None,
    reference: str,
    reason: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> CreditNote:
    """Draft a credit over units of an invoice, by row id, or over all that is left of it; a debt issues it.

    `amounts` (by row id) or `amount` (over the invoice as a whole) take back money and no units: net or gross, as the
    prices of the order are. The reference makes a second call harmless. Raises AmountInvalid, CreditExceedsInvoice,
    NotIssued for a draft, and ReferenceTaken where the reference credits something else of the invoice.
    """
    _order, invoice = take_invoice(invoice_id)
    if known := CreditNote.objects.filter(invoice=invoice, reference=reference).order_by("pk").first():
        if amounts is None and amount is None:
            _check_same_rows(known, quantities)
        else:
            _check_same_amounts(known, amounts, amount)
        return known
    if invoice.number is None:
        raise NotIssued("A draft can still be changed; there is nothing to credit", invoice=invoice.pk)
    wanted = _wanted(invoice, quantities, amounts, amount)
    return _draft(invoice, wanted, reference=reference, reason=reason, actor=actor, at=moment(at))


def all_that_is_left(invoice: Invoice) -> list[Wanted]:
    """Return the rows of an invoice with all that no credit note took back. Raises CreditExceedsInvoice for none."""
    return _wanted(invoice, None, None, None)


def preview_invoice_credit(
    invoice: Invoice,
    *,
    quantities: Mapping[int, int] | None = None,
    amounts: Mapping[int, Decimal] | None = None,
    amount: Decimal | None = None,
) -> Amounts:
    """Return what `credit_invoice` would take back. Changes nothing, and raises what it raises."""
    wanted = _wanted(invoice, quantities, amounts, amount)
    return credit_amounts(invoice, wanted, gross=invoice.order.prices_include_tax)


def _wanted(
    invoice: Invoice,
    quantities: Mapping[int, int] | None,
    amounts: Mapping[int, Decimal] | None,
    amount: Decimal | None,
) -> list[Wanted]:
    left, gross = left_of(invoice), invoice.order.prices_include_tax
    if amounts is not None or amount is not None:
        if amount is not None:
            amounts = shared_out(invoice, left, checked(amount, invoice.currency), gross=gross)
        said = {row: checked(part, invoice.currency) for row, part in (amounts or {}).items()}
        _require_known(invoice, left, said)
        checked(summed(said.values()), invoice.currency)
        return in_amounts(invoice, left, said, gross=gross)
    wanted = _claim(invoice, left, quantities)
    if not any(one.units for one in wanted if not takes_off(one.row)) or (
        quantities is None and not any(one.total for one in left)
    ):
        raise CreditExceedsInvoice(f"All of {invoice} is credited already", invoice=invoice.number)
    return wanted


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
        _draft(invoice, wanted, reference=reference, reason=reason, actor=actor, at=moment(at))
        for invoice, wanted in plan
    ]


def _check_same_rows(note: CreditNote, quantities: Mapping[int, int] | None) -> None:
    """Raise ReferenceTaken unless the note takes back these units; without any, all there was to take."""
    lines = CreditNoteLine.objects.filter(credit_note=note)
    before = dict(lines.values_list("invoice_line").annotate(units=Sum("quantity")).order_by())
    if quantities is None:
        same = not any(one.units and one.total for one in left_of(note.invoice) if not takes_off(one.row))
    else:
        before = {row: units for row, units in before.items() if units}
        same = before == {row: units for row, units in quantities.items() if units}
    if not same:
        raise _taken(note)


def _check_same_amounts(note: CreditNote, amounts: Mapping[int, Decimal] | None, amount: Decimal | None) -> None:
    """Raise ReferenceTaken unless the note takes back these amounts, and no units."""
    truth = "total" if note.invoice.order.prices_include_tax else "net_total"
    lines = list(CreditNoteLine.objects.filter(credit_note=note).select_related("invoice_line"))
    same = not any(line.quantity for line in lines if not takes_off(line.invoice_line))
    if amount is not None:
        same = same and summed(getattr(line, truth) for line in lines) == amount
    elif len(lines) == len(amounts or {}):
        same = same and {line.invoice_line_id: getattr(line, truth) for line in lines} == dict(amounts or {})
    else:
        same = same and summed(getattr(line, truth) for line in lines) == summed((amounts or {}).values())
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
    return any(_is_charge(one.row) and one.units and one.total for one in left_of(invoice))


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
        credit_amounts(invoice, wanted, gross=order.prices_include_tax).total
        for invoice, wanted in _plan(order, quantities, with_charges=with_charges)
    )


def _require_known(invoice: Invoice, left: Sequence[Left], rows: Iterable[int]) -> None:
    if set(rows) - {one.row.pk for one in left}:
        raise CreditExceedsInvoice(f"{invoice} has no such row", invoice=invoice.number)


def _claim(invoice: Invoice, left: Sequence[Left], quantities: Mapping[int, int] | None) -> list[Wanted]:
    """Return the rows of an invoice with the units that are credited of each; all that are left, unless said."""
    _require_known(invoice, left, quantities or ())
    wanted = []
    for one in left:
        units = one.units if quantities is None else quantities.get(one.row.pk, 0)
        if units < 0 or units > one.units:
            raise CreditExceedsInvoice(
                f"Only {one.units} of {one.row.sku or one.row.name} are left to credit on {invoice}",
                invoice=invoice.number,
                sku=one.row.sku,
                left=one.units,
            )
        wanted.append(Wanted(one, one.row.quantity - one.units, units))
    return wanted


def _plan(order: Order, quantities: Mapping[int, int], *, with_charges: bool) -> list[tuple[Invoice, list[Wanted]]]:
    """Share units of order lines out over the invoices that bill them, oldest first."""
    missing = {line_id: units for line_id, units in quantities.items() if units > 0}
    issued = Invoice.objects.filter(order=order, number__isnull=False).order_by("pk")
    plan = []
    for invoice in issued:
        invoice.order = order
        wanted = []
        for one in left_of(invoice):
            row = one.row
            units = min(missing.get(row.order_line_id or 0, 0), one.units)
            if units and row.order_line_id:
                missing[row.order_line_id] -= units
            wanted.append(Wanted(one, row.quantity - one.units, units))
        if not any(one.units for one in wanted):
            continue
        if with_charges:
            wanted = [replace(one, units=one.left.units) if _is_charge(one.row) else one for one in wanted]
        plan.append((invoice, wanted))
    if missing := {line_id: units for line_id, units in missing.items() if units}:
        raise CreditExceedsInvoice(
            f"Of {order}, not as many units are invoiced and not credited yet",
            missing=[{"line": line_id, "units": units} for line_id, units in missing.items()],
        )
    return plan


def _draft(
    invoice: Invoice, wanted: Sequence[Wanted], *, reference: str, reason: str, actor: Actor, at: datetime
) -> CreditNote:
    note = draft_credit_note(invoice, wanted=wanted, reference=reference, reason=without_cards(reason)[:300], at=at)
    fact = CreditNoteDrafted(order_id=note.order_id, quiet=invoice.order.quiet, credit_note_id=note.pk)
    emit(fact, actor=actor, at=at)
    return note


@service
def issue_credit_note(
    credit_note_id: int, *, goes_back: bool = False, actor: Actor = SYSTEM, at: datetime | None = None
) -> CreditNote:
    """Give a credit note its number and date, and take it off the invoice. Issuing twice changes nothing.

    A credit over all of an invoice cancels it. `goes_back`: who calls sends back what is paid too much then; else that
    stays with the order, unless it was promised for the same cause.
    """
    order, note = take_credit_note(credit_note_id)
    if note.status != CreditNote.Status.DRAFT:
        return note
    when = at or open_moment(note.legal_entity_id, caught_up(note.created_at))
    lines = list(CreditNoteLine.objects.filter(credit_note=note))
    orders.record_credit(
        order.pk,
        reference=note.reference,
        quantities={line: units for line, units in units_by_line(lines).items() if units},
        total=note.total,
        actor=actor,
        at=when,
    )
    reduces_what_is_owed = note.invoice.open_amount + note.invoice.written_off_total >= note.total
    take_off(order, note, actor=actor, at=when)
    note.overpaid = Overpaid.NOTHING if reduces_what_is_owed else _overpaid(note, goes_back=goes_back)
    refunds = list(Refund.objects.filter(credit_note=note).values_list("status", flat=True))
    step = ""
    if reduces_what_is_owed:
        step = "apply"
    elif refunds and all(status == Refund.Status.SUCCEEDED for status in refunds):
        step = "pay_out"
    number_note(order, note, lines, step, actor=actor, at=when)
    return note


def _overpaid(note: CreditNote, *, goes_back: bool) -> CreditNote.Overpaid:
    """Say what becomes of what is paid too much by a credit note that is being issued."""
    cause = Q(credit_note=note) | Q(order=note.order_id, reference=note.reference)
    promised = Refund.objects.filter(cause).exclude(status=Refund.Status.REJECTED)
    ways = set(promised.values_list("to_credit", flat=True))
    if not ways:
        return Overpaid.GOES_BACK if goes_back else Overpaid.STAYS
    return Overpaid.STORE_CREDIT if ways == {True} else Overpaid.GOES_BACK


@service
def take_off(order: Order, note: CreditNote, *, actor: Actor, at: datetime) -> None:
    """Take a credit note in hand off its invoice, also in the ledger; it has its day, and no number yet."""
    _take_off(note.invoice, note.total, actor=actor, at=at)
    note.issued_at = at
    note.issued_on = timezone.localdate(at)
    post_credit_note(order, note, actor=actor)


@service
def number_note(
    order: Order,
    note: CreditNote,
    lines: Sequence[CreditNoteLine],
    step: str,
    *,
    written_again: bool = False,
    actor: Actor,
    at: datetime,
) -> None:
    """Draw the number of a credit note in hand, last of all; `step` says what becomes of the credit."""
    number = number_document(note, lines)
    advance(note, *filter(None, ("issue", step)), actor=actor, note=note.reason, at=at)
    fact = CreditNoteIssued(
        order_id=order.pk,
        quiet=order.quiet,
        credit_note_id=note.pk,
        credit_note=number,
        applied=step == "apply",
        written_again=written_again,
    )
    emit(fact, actor=actor, at=at)


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
    if invoice.credited_total >= invoice.total and invoice.status != Invoice.Status.CANCELLED:
        advance(invoice, "cancel", actor=actor, note=CREDITED_IN_FULL(), at=at)
    elif (was_open and invoice.open_amount <= 0) or (was_given_up and not invoice.written_off_total):
        advance(invoice, "settle", actor=actor, at=at)
    else:
        invoice.save(update_fields=["credited_total", "written_off_total"])
    if too_much:
        tell_write_offs(invoice.order, actor=actor, at=at)
    if was_open and invoice.open_amount <= 0:
        tell_if_arrears(invoice.order, invoice, actor=actor, at=at)
