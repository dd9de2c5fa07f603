"""Invoices: drafted where the goods leave, numbered and issued on their own, final from then on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from billing import chain
from billing.chaining import series_key
from billing.errors import NothingToInvoice, UnknownDocument
from billing.events import InvoiceDrafted, InvoiceIssued
from billing.models import CreditNote, DocumentLine, Invoice, InvoiceLine
from billing.services.asking import keep_money_there
from billing.services.booking import post_invoice
from billing.services.common import moment, take_invoice, take_order, units_by_line
from billing.services.drafting import draft_invoice
from billing.services.ledger import open_moment
from core.actors import SYSTEM, Actor
from core.numbering import draw_sealed
from core.outbox import caught_up, emit
from core.service import service
from core.transitions import advance
from orders import services as orders
from orders.models import Movement, Order
from pricing.models import Channel

DAYS_TO_PAY = {"net14": 14, "net30": 30}
PER_ORDER = Channel.InvoicePolicy.PER_ORDER


@dataclass
class Shipped:
    """What left the building under one reference."""

    reference: str
    units: dict[int, int]
    at: datetime


def shipped_of(order: Order) -> list[Shipped]:
    """Return what left the building, parcel by parcel, in the order in which it did."""
    rows = Movement.objects.filter(line__order=order, kind=Movement.Kind.SHIPPED).order_by("pk")
    found: dict[str, Shipped] = {}
    for line_id, reference, quantity, at in rows.values_list("line_id", "reference", "quantity", "at"):
        parcel = found.setdefault(reference, Shipped(reference, {}, at))
        parcel.units[line_id] = parcel.units.get(line_id, 0) + quantity
    return list(found.values())


@service
def issue_for_shipment(order_id: int, reference: str, *, actor: Actor = SYSTEM) -> Invoice | None:
    """Draft the invoice for what left the building; a debt numbers and issues it.

    By the policy of the channel it is the parcel that is billed, or the whole order once all of it has
    left. Asking twice returns the first invoice; nothing to bill yet returns none.
    """
    order = take_order(order_id)
    if order.channel.invoice_policy == PER_ORDER:
        return _draft_whole(order, actor=actor)
    if known := billed_by(order, reference):
        return known
    parcel = next((one for one in shipped_of(order) if one.reference == reference), None)
    if parcel is None:
        return None
    try:
        return _draft(order, reference, parcel.units, supplied_on=parcel.at, actor=actor, at=caught_up(parcel.at))
    except NothingToInvoice:
        # It was billed in advance, with the order.
        return None


@service
def invoice_what_left(order_id: int, *, actor: Actor = SYSTEM) -> Invoice | None:
    """Draft the invoice of an order that is billed as a whole, once an edit leaves nothing of it to wait for.

    Its last parcel left before, and no other one will ask. Asking twice returns the first invoice.
    """
    order = take_order(order_id)
    return _draft_whole(order, actor=actor) if order.channel.invoice_policy == PER_ORDER else None


@service
def invoice_order(order_id: int, *, actor: Actor, at: datetime | None = None) -> Invoice:
    """Draft an invoice over everything of an order that stands on none yet.

    For orders of charges alone, which nothing ships, and for what staff want to bill at once.
    Raises NothingToInvoice.
    """
    order = take_order(order_id)
    reference = str(order.number)
    again = Invoice.objects.filter(order=order, source_reference__startswith=reference).count()
    if again:
        reference = f"{reference}/{again + 1}"
    return _draft(order, reference, None, supplied_on=order.shipped_at, actor=actor, at=moment(at))


def _draft_whole(order: Order, *, actor: Actor) -> Invoice | None:
    """Draft one invoice over the order, once everything of it has left."""
    reference = str(order.number)
    if known := billed_by(order, reference):
        return known
    if order.fulfillment_status not in (
        Order.Fulfillment.SHIPPED,
        Order.Fulfillment.PARTIALLY_DELIVERED,
        Order.Fulfillment.DELIVERED,
    ):
        return None
    left = order.shipped_at or timezone.now()
    try:
        return _draft(order, reference, None, supplied_on=left, actor=actor, at=caught_up(left))
    except NothingToInvoice:
        return None


def billed_by(order: Order, reference: str) -> Invoice | None:
    """Return the invoice that bills a shipment, cancelled or not: nothing is billed twice."""
    return Invoice.objects.filter(order=order, source_reference=reference).order_by("pk").first()


def _draft(
    order: Order,
    reference: str,
    units: Mapping[int, int] | None,
    *,
    supplied_on: datetime | None,
    actor: Actor,
    at: datetime,
) -> Invoice:
    day = timezone.localdate(supplied_on) if supplied_on else None
    invoice, _lines = draft_invoice(order, reference=reference, units=units, supplied_on=day, at=at)
    emit(
        InvoiceDrafted(order_id=order.pk, quiet=order.quiet, invoice_id=invoice.pk),
        actor=actor,
        at=at,
    )
    return invoice


@service
def issue_invoice(invoice_id: int, *, actor: Actor = SYSTEM, at: datetime | None = None) -> Invoice:
    """Give a draft its number and date: final from now on. Issuing twice changes nothing.

    Unless `at` says otherwise it carries the moment the goods left; that at which it is written, where it had to wait
    for a worker; and now where that month is closed.
    """
    return _issue_once(*take_invoice(invoice_id), actor=actor, at=at)


@service
def issue_drafted(invoice_id: int) -> Invoice | None:
    """Issue what was drafted. None where it was discarded meanwhile: what it billed is not wanted any more."""
    try:
        order, invoice = take_invoice(invoice_id)
    except UnknownDocument:
        return None
    return _issue_once(order, invoice, actor=SYSTEM, at=None)


@service
def _issue_once(order: Order, invoice: Invoice, *, actor: Actor, at: datetime | None) -> Invoice:
    if invoice.status != Invoice.Status.DRAFT:
        return invoice
    lines = list(InvoiceLine.objects.filter(invoice=invoice).order_by("position"))
    when = at or open_moment(invoice.legal_entity_id, caught_up(invoice.created_at))
    keep_money_there(order, invoice, actor=actor, at=when)
    issue(order, invoice, lines, actor=actor, at=when)
    return invoice


@service
def issue(
    order: Order,
    invoice: Invoice,
    lines: list[InvoiceLine],
    *,
    paid: Decimal = Decimal(0),
    actor: Actor,
    at: datetime,
    paid_at: datetime | None = None,
    posted: bool = False,
    note: str = "",
) -> None:
    """Tell the order and the ledger, then draw the number, last of all: only then is its series locked.

    `paid` is what of it is matched already in the same breath; in history it may have come later, at `paid_at`,
    and the order, which has nothing open then, closes at that moment. `posted`: it stands in the ledger already.
    `note` says why, where one is written again: what that bills the order counts already.
    """
    paid_at = paid_at or at
    if not invoice.replaces_id:
        orders.record_invoice(
            order.pk,
            reference=invoice.source_reference,
            quantities=units_by_line(lines),
            charges=sorted({line.charge_position for line in lines if line.charge_position is not None}),
            total=invoice.total,
            actor=actor,
            at=paid_at,
        )
    invoice.issued_at = at
    invoice.issued_on = timezone.localdate(at)
    invoice.due_on = due_on(order, invoice.issued_on)
    invoice.paid_total = paid
    settled = invoice.total <= paid
    if not posted:
        post_invoice(order, invoice, actor=actor)
    number = number_document(invoice, lines)
    payment = ["settle"] if settled else ["pay_in_part"] if paid else []
    if paid_at == at or not payment:
        advance(invoice, "issue", *payment, actor=actor, note=note, at=at)
    else:
        advance(invoice, "issue", actor=actor, at=at)
        advance(invoice, *payment, actor=actor, at=paid_at)
    fact = InvoiceIssued(
        order_id=order.pk,
        quiet=order.quiet,
        invoice_id=invoice.pk,
        invoice=number,
        settled=settled,
    )
    emit(fact, actor=actor, at=at)


def due_on(order: Order, issued_on: date) -> date:
    """Return until when an invoice is to be paid under the terms of its order."""
    return issued_on + timedelta(days=DAYS_TO_PAY.get(order.payment_terms, 0))


def number_document(document: Invoice | CreditNote, lines: Iterable[DocumentLine]) -> str:
    """Draw and return the next number of a document that says all it has to, and chain it to the one before.

    Without gap per seller and series, whichever year it is. The numbers of another seller begin with his
    prefix, and imported history has a series of its own.
    """
    seller = document.legal_entity
    kind, short = (chain.INVOICE, "INV") if isinstance(document, Invoice) else (chain.CREDIT_NOTE, "CN")
    stem = "-".join(part for part in (seller.prefix, document.series, short) if part)
    head = {name: getattr(document, name) for name in chain.HEAD[kind]}
    rows = [{name: getattr(line, name) for name in chain.LINE[kind]} for line in lines]
    document.digest = chain.digest_of(kind, stem, head, rows)
    document.place, document.seal = draw_sealed(series_key(kind, seller.code, document.series), document.digest)
    document.number = number = chain.number_of(stem, document.place)
    return number
