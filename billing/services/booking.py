"""What each cause of money writes into the ledger, from the rows in hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from billing import postings
from billing.models import (
    CreditNote,
    DistanceSale,
    Invoice,
    InvoicePayment,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    Refund,
    StoreCreditGrant,
    WriteOff,
)
from billing.postings import NOTHING, STORE_CREDIT, Leg, Posting
from billing.services.ledger import open_day, post
from billing.services.sellers import books_of_order, books_of_payment, seller_of_money
from core.actors import Actor
from core.money import round_amount
from core.service import service
from orders.models import Order


@service
def post_invoice(order: Order, invoice: Invoice, *, actor: Actor) -> None:
    """Write an invoice that is being issued: who owes, for what, with which tax."""
    post(of_invoice(order, invoice), actor=actor)
    _count_distance_sale(invoice, invoice.pk, invoice.tax_breakdown)


def of_invoice(order: Order, invoice: Invoice) -> Posting:
    """Return the posting of an invoice in hand."""
    return Posting(
        "invoice",
        postings.source_of("invoice", invoice.pk),
        invoice.legal_entity_id,
        invoice.currency,
        _day_of(invoice),
        postings.document_legs(_said(invoice), customer_id=order.customer_id, invoice_id=invoice.pk),
        text=str(order.number),
        links={"order": order.pk, "invoice": invoice.pk},
    )


@service
def post_credit_note(order: Order, note: CreditNote, *, actor: Actor) -> None:
    """Write a credit note that is being issued: the invoice, turned round."""
    found = Posting(
        "credit_note",
        postings.source_of("creditnote", note.pk),
        note.legal_entity_id,
        note.currency,
        _day_of(note),
        postings.document_legs(_said(note), customer_id=order.customer_id, invoice_id=note.invoice_id, sign=-1),
        text=str(order.number),
        links={"order": order.pk, "invoice": note.invoice_id, "credit_note": note.pk},
    )
    post(found, actor=actor)
    _count_distance_sale(note, note.invoice_id, note.tax_breakdown)


def _count_distance_sale(document: Invoice | CreditNote, invoice_id: int, parts: Iterable[dict[str, Any]]) -> None:
    """Keep what consumers in other member states buy with an invoice, or give back with a credit note."""
    net = sum((Decimal(part["net"]) for part in parts if part.get("distance")), start=NOTHING)
    if not net:
        return
    DistanceSale.objects.create(
        entity_id=document.legal_entity_id,
        invoice_id=invoice_id,
        credit_note=document if isinstance(document, CreditNote) else None,
        billed_on=_day_of(document),
        currency=document.currency,
        net=-net if isinstance(document, CreditNote) else net,
    )


def _day_of(document: Invoice | CreditNote) -> date:
    if document.issued_on is None:
        raise ValueError("A draft is not written into the ledger")
    return document.issued_on


def _said(document: Invoice | CreditNote) -> dict[str, object]:
    names = ("tax_breakdown", "ship_to", "seller", "net_total", "tax_total", "rounding", "total")
    return {name: getattr(document, name) for name in names}


@service
def post_capture(order: Order, payment: Payment, amount: Decimal, *, actor: Actor, at: datetime) -> None:
    """Write money that came in just now; `payment.captured` counts it already."""
    post(of_capture(order, payment, amount, at=at), actor=actor)


def of_capture(order: Order, payment: Payment, amount: Decimal, *, at: datetime) -> Posting:
    """Return the posting of money that came in just now."""
    entity = books_of_order(order.pk)
    free = None
    if payment.refunded or payment.charged_back:
        free = min(amount, payment.kept - matched(payment))
    return Posting(
        "payment",
        postings.source_of("payment", payment.pk, postings.places(payment.captured)),
        entity,
        payment.currency,
        open_day(entity, timezone.localdate(at)),
        postings.payment_legs(
            amount,
            account=postings.money_account(payment.method, payment.gateway),
            customer_id=order.customer_id,
            free=free,
        ),
        text=str(order.number),
        links={"order": order.pk, "payment": payment.pk},
    )


def matched(payment: Payment) -> Decimal:
    """Return what of a payment settles invoices."""
    found = InvoicePayment.objects.filter(payment=payment).aggregate(sum=Sum("amount"))["sum"]
    return round_amount(Decimal(found or 0), payment.currency)


@dataclass(frozen=True)
class Match:
    """So much of a payment settles an invoice now; `settled` is all of the payment that ever did."""

    payment: Payment
    invoice: Invoice
    amount: Decimal
    settled: Decimal


def of_match(order: Order, match: Match, *, at: datetime) -> Posting:
    """Return the posting of a payment that settles an invoice."""
    invoice, payment = match.invoice, match.payment
    day = max(timezone.localdate(at), _day_of(invoice))
    return Posting(
        "match",
        postings.source_of("invoice", invoice.pk, f"billing.payment:{payment.pk}", postings.places(match.settled)),
        invoice.legal_entity_id,
        invoice.currency,
        open_day(invoice.legal_entity_id, day),
        postings.match_legs(match.amount, customer_id=order.customer_id, invoice_id=invoice.pk),
        text=str(order.number),
        links={"order": order.pk, "invoice": invoice.pk, "payment": payment.pk},
    )


@service
def post_match_freed(order: Order, row: InvoicePayment, amount: Decimal, *, actor: Actor, at: datetime) -> None:
    """Write the opposite of some of a match: its invoice was credited meanwhile, and the money is free again."""
    invoice = row.invoice
    left = postings.places(row.amount - amount)
    posting = Posting(
        "match",
        postings.source_of("invoice", invoice.pk, f"billing.payment:{row.payment_id}", f"free:{left}"),
        invoice.legal_entity_id,
        invoice.currency,
        open_day(invoice.legal_entity_id, timezone.localdate(at)),
        postings.match_legs(-amount, customer_id=order.customer_id, invoice_id=invoice.pk),
        text=str(order.number),
        links={"order": order.pk, "invoice": invoice.pk, "payment": row.payment_id},
    )
    post(posting, actor=actor)


@service
def post_payment_taken_back(
    order: Order, payment: Payment, matches: Iterable[InvoicePayment], *, actor: Actor, at: datetime
) -> None:
    """Write the opposite of a payment in hand, and of what it settled: it was another's money."""
    account = postings.money_account(payment.method, payment.gateway)
    found = []
    for one in matches:
        invoice = one.invoice
        found.append(
            Posting(
                "match",
                postings.source_of("invoice", invoice.pk, f"billing.payment:{payment.pk}", "back"),
                invoice.legal_entity_id,
                invoice.currency,
                open_day(invoice.legal_entity_id, timezone.localdate(at)),
                postings.match_legs(-one.amount, customer_id=order.customer_id, invoice_id=invoice.pk),
                text=str(order.number),
                links={"order": order.pk, "invoice": invoice.pk, "payment": payment.pk},
            )
        )
    entity = books_of_payment(order.pk, payment.pk)
    paid = Posting(
        "payment",
        postings.source_of("payment", payment.pk, "back"),
        entity,
        payment.currency,
        open_day(entity, timezone.localdate(at)),
        postings.taken_back_legs(payment.captured, account=account, customer_id=order.customer_id),
        text=str(order.number),
        links={"order": order.pk, "payment": payment.pk},
    )
    post(*found, paid, actor=actor)


@service
def post_write_off(order: Order, invoice: Invoice, row: WriteOff, *, actor: Actor) -> None:
    """Write what nobody expects any more of an invoice, or expects after all."""
    found = Posting(
        "write_off",
        postings.source_of("writeoff", row.pk),
        invoice.legal_entity_id,
        invoice.currency,
        open_day(invoice.legal_entity_id, timezone.localdate(row.at)),
        postings.write_off_legs(row.amount, kind=row.kind, customer_id=order.customer_id, invoice_id=invoice.pk),
        text=str(order.number),
        links={"order": order.pk, "invoice": invoice.pk},
    )
    post(found, actor=actor)


@service
def post_grant(grant: StoreCreditGrant, *, actor: Actor) -> None:
    """Write store credit that was given by hand, or taken back."""
    entity = seller_of_money()
    found = Posting(
        "store_credit",
        postings.source_of("storecreditgrant", grant.pk),
        entity,
        grant.currency,
        open_day(entity, timezone.localdate(grant.at)),
        postings.grant_legs(grant.amount, customer_id=grant.customer_id),
        text=grant.reason,
    )
    post(found, actor=actor)


@service
def post_refund(order: Order, refund: Refund, *, actor: Actor, at: datetime) -> None:
    """Write money that goes back just now; `refund.payment.refunded` does not count it yet."""
    payment, entity = refund.payment, books_of_payment(order.pk, refund.payment_id)
    matches = list(InvoicePayment.objects.filter(payment=payment).values_list("invoice_id", "amount"))
    free = payment.kept - sum((amount for _, amount in matches), start=NOTHING)
    credited: Iterable[tuple[int, Decimal]] = ()
    if refund.amount > free:
        first = refund.credit_note.invoice_id if refund.credit_note else 0
        credited = _credited({invoice_id for invoice_id, _ in matches} | ({first} if first else set()), first=first)
    found = Posting(
        "refund",
        sent_as(refund),
        entity,
        refund.currency,
        open_day(entity, timezone.localdate(at)),
        postings.refund_legs(
            refund.amount,
            account=STORE_CREDIT if refund.to_credit else postings.money_account(payment.method, payment.gateway),
            customer_id=order.customer_id,
            free=free,
            credited=credited,
        ),
        text=str(order.number),
        links={"order": order.pk, "payment": payment.pk, "refund": refund.pk, "credit_note": refund.credit_note_id},
    )
    post(found, actor=actor)


def sent_as(refund: Refund) -> str:
    """Name the cause of money that is sent back: once more, where the bank returned it before."""
    return postings.source_of("refund", refund.pk, *([refund.returns] if refund.returns else []))


@service
def post_returned_refund(order: Order, refund: Refund, *, actor: Actor, at: datetime) -> None:
    """Write that money did not go back after all: what was written for it, turned round."""
    sent = LedgerTransaction.objects.get(source=sent_as(refund))
    entries = LedgerEntry.objects.filter(transaction=sent).select_related("account").order_by("pk")
    found = Posting(
        "refund",
        postings.source_of("refund", refund.pk, "back", refund.returns),
        sent.entity_id,
        sent.currency,
        open_day(sent.entity_id, timezone.localdate(at)),
        tuple(
            Leg(one.account.kind, -one.amount, one.account.detail, one.customer_id, one.invoice_id) for one in entries
        ),
        text=str(order.number),
        links={"order": order.pk, "payment": refund.payment_id, "refund": refund.pk},
    )
    post(found, actor=actor)


def _credited(invoices: set[int], *, first: int) -> list[tuple[int, Decimal]]:
    """Return by how much more than all of them was paid and credited on invoices, the one that is meant first."""
    rows = LedgerEntry.objects.filter(invoice__in=invoices).values("invoice").annotate(open=Sum("amount")).order_by()
    over = {row["invoice"]: -Decimal(row["open"]) for row in rows if row["open"] < 0}
    return sorted(over.items(), key=lambda one: (one[0] != first, one[0]))
