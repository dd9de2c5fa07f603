"""Billing told afterwards: what was invoiced and paid long ago or over the counter, written in one go."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.models import Invoice, InvoiceLine
from billing.postings import Posting
from billing.services.asking import keep_money_there, say_on_paper
from billing.services.booking import of_capture, of_invoice
from billing.services.common import summed, take_order
from billing.services.drafting import draft_invoice
from billing.services.invoicing import PER_ORDER, Shipped, issue, issue_invoice, shipped_of
from billing.services.ledger import post
from billing.services.matching import Purse, insert_matches, match_money, of_matches, open_invoices, tell_order
from billing.services.payments import record
from core.actors import Actor
from core.service import already_paid, service
from orders import services as orders
from orders.models import Order

# What a shipment and an invoice of this unit would owe: the invoice, and its money. Both are written here.
DEBT, ITS_DEBT = "billing.handlers.draft_invoice", "billing.handlers.collect_payment"
Draft = tuple[Invoice, list[InvoiceLine]]


@service
def bill_and_pay_through(
    order_id: int,
    *,
    paid_at: datetime,
    method: str,
    reference: str = "",
    actor: Actor,
    issued_at: datetime | None = None,
) -> list[Invoice]:
    """Invoice everything of an order that has left, and write down that it was all paid at that moment.

    What the books of a shop tell afterwards: its invoices were issued at `issued_at`, or as they were paid.
    `reference` is what the terminal or the bank calls the payment.
    The debts of its shipments find their invoices written.
    """
    issued_at = issued_at or paid_at
    order = take_order(order_id)
    known = list(Invoice.objects.filter(order=order).order_by("pk"))
    untouched = not known and not order.paid_total and not order.authorized_total
    billed = {invoice.source_reference for invoice in known}
    parcels = [parcel for parcel in _to_bill(order, issued_at) if parcel.reference not in billed]
    drafts = [_draft(order, parcel, issued_at, first=not known and not i) for i, parcel in enumerate(parcels)]
    already_paid(DEBT, order.history_thread())
    money = {"method": method, "reference": reference}
    if untouched:
        return _issue_as_paid(order, drafts, money=money, actor=actor, at=paid_at, issued_at=issued_at)
    told = [invoice for invoice in known if invoice.number is None]
    for invoice in told:
        issue_invoice(invoice.pk, actor=actor, at=issued_at)
    for invoice, lines in drafts:
        keep_money_there(order, invoice, actor=actor, at=issued_at)
        issue(order, invoice, lines, actor=actor, at=issued_at, paid_at=paid_at)
        told.append(invoice)
    _pay_what_is_open(order, money=money, actor=actor, at=paid_at)
    if paid_at <= issued_at:
        say_on_paper(told)
    already_paid(ITS_DEBT, order.history_thread())
    return list(Invoice.objects.filter(order=order).order_by("pk"))


def _to_bill(order: Order, at: datetime) -> list[Shipped]:
    """Return what left, parcel by parcel or as a whole; charges alone leave with the order."""
    parcels = shipped_of(order)
    if parcels and order.channel.invoice_policy != PER_ORDER:
        return parcels
    return [Shipped(str(order.number), {}, parcels[-1].at if parcels else at)]


def _draft(order: Order, parcel: Shipped, at: datetime, *, first: bool) -> Draft:
    day = timezone.localdate(parcel.at)
    return draft_invoice(
        order, reference=parcel.reference, units=parcel.units or None, supplied_on=day, first=first, at=at
    )


def _issue_as_paid(
    order: Order, drafts: list[Draft], *, money: dict[str, Any], actor: Actor, at: datetime, issued_at: datetime
) -> list[Invoice]:
    """Write payment, matches and invoices with one statement each: nothing else is there to look at."""
    owed = summed(max(Decimal(0), invoice.total) for invoice, _ in drafts)
    purses: list[Purse] = []
    books: list[Posting] = []
    if owed:
        payment = record(order, **money, amount=owed, gateway="manual", posted=True, actor=actor, at=at)
        purses.append(Purse(payment, Decimal(0)))
        books.append(of_capture(order, payment, owed, at=at))
        orders.record_payment(order.pk, authorized=Decimal(0), paid=owed, refunded=Decimal(0), actor=actor, at=at)
    for invoice, _lines in drafts:
        invoice.issued_on = timezone.localdate(issued_at)
        for purse in purses:
            purse.settle(invoice, invoice.open_amount)
        books.append(of_invoice(order, invoice))
    matches = {(key, one.payment.pk): part for one in purses for key, part in one.new.items()}
    insert_matches(matches, on_paper=at <= issued_at, at=at)
    post(*books, *of_matches(order, purses, {}, at=at), actor=actor)
    for invoice, lines in drafts:
        paid = invoice.paid_total
        issue(order, invoice, lines, paid=paid, actor=actor, at=issued_at, paid_at=at, posted=True)
    return [invoice for invoice, _ in drafts]


def _pay_what_is_open(order: Order, *, money: dict[str, Any], actor: Actor, at: datetime) -> None:
    purses = match_money(order, capture=True, actor=actor, at=at)
    if owed := summed(invoice.open_amount for invoice in open_invoices(order)):
        record(order, **money, amount=owed, gateway="manual", actor=actor, at=at)
        purses = match_money(order, capture=False, actor=actor, at=at)
    stands = summed(one.payment.reserved for one in purses), summed(one.payment.captured for one in purses)
    # What came before the goods left was told then.
    if purses and stands != (order.authorized_total, order.paid_total):
        tell_order(order, actor=actor, at=at)
