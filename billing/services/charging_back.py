"""Who bears a dispute that was lost, written down: the customer, who owes it again, or we; and the way back.

What the provider gives back afterwards takes back by itself what was decided: the customer's debt first.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from billing import postings
from billing.models import Dispute, Invoice, InvoicePayment, LedgerEntry, Payment
from billing.postings import NOTHING, Posting
from billing.sentences import CHARGED_BACK
from billing.services.booking import matched
from billing.services.ledger import open_day, post
from billing.services.matching import match_money, tell_order
from billing.services.sellers import books_of_payment
from billing.services.writing_off import take_back
from core.actors import Actor
from core.money import round_amount
from core.service import service
from core.transitions import advance
from orders.models import Order


def posting_of(
    order: Order,
    dispute: Dispute,
    kind: str,
    what: str,
    reached: Decimal,
    legs: tuple[postings.Leg, ...],
    *,
    at: datetime,
) -> Posting:
    """Return what a dispute writes into the ledger; `what` and the sum it has reached by now name it."""
    entity = books_of_payment(order.pk, dispute.payment_id)
    return Posting(
        kind,
        postings.source_of("dispute", dispute.pk, what, postings.places(reached)),
        entity,
        dispute.currency,
        open_day(entity, timezone.localdate(at)),
        legs,
        text=str(order.number),
        links={"order": order.pk, "payment": dispute.payment_id},
    )


@service
def bear_loss(
    order: Order, payment: Payment, dispute: Dispute, amount: Decimal, *, actor: Actor, at: datetime
) -> None:
    """Write so much of a dispute in hand off as our loss, or (below nothing) take some of that back."""
    dispute.lost += amount
    account = postings.money_account(payment.method, payment.gateway)
    legs = postings.loss_legs(amount, account=account)
    post(posting_of(order, dispute, "dispute", "lost", dispute.lost, legs, at=at), actor=actor)


@service
def charge_back(
    order: Order, payment: Payment, dispute: Dispute, amount: Decimal, *, actor: Actor, at: datetime
) -> None:
    """Let the customer owe it again: what settled nothing first, then the invoices it settled, the latest first."""
    dispute.owed += amount
    settles = matched(payment)
    free = max(NOTHING, payment.kept - settles)
    payment.charged_back += amount
    Payment.objects.filter(pk=payment.pk).update(charged_back=payment.charged_back)
    rows = list(InvoicePayment.objects.filter(payment=payment, amount__gt=0).select_related("invoice").order_by("-pk"))
    too_much = max(NOTHING, settles - payment.kept)
    for row in rows:
        part = min(too_much, row.amount)
        too_much -= part
        if part:
            _open_anew(order, row, part, actor=actor, at=at)
    owed = [(row.invoice_id, max(NOTHING, row.invoice.open_amount - _open_in_ledger(row.invoice))) for row in rows]
    account = postings.money_account(payment.method, payment.gateway)
    legs = postings.charge_back_legs(amount, account=account, customer_id=order.customer_id, free=free, owed=owed)
    # All that was ever owed names it: owed anew after the way back, it is another cause.
    reached = dispute.owed + dispute.owed_back
    post(posting_of(order, dispute, "charge_back", "owed", reached, legs, at=at), actor=actor)


def _open_anew(order: Order, row: InvoicePayment, part: Decimal, *, actor: Actor, at: datetime) -> None:
    row.amount -= part
    row.taken_back += part
    row.save(update_fields=["amount", "taken_back"])
    invoice = row.invoice
    invoice.paid_total -= part
    if invoice.written_off_total:
        # What waits for money has nothing written off.
        take_back(order, invoice, invoice.written_off_total, reason=CHARGED_BACK(), actor=actor, at=at)
    live = (Invoice.Status.PARTIALLY_PAID, Invoice.Status.PAID, Invoice.Status.WRITTEN_OFF)
    if invoice.status in live and invoice.unpaid > 0:
        advance(invoice, "reopen_in_part" if invoice.paid_total else "reopen", actor=actor, at=at)
    else:
        invoice.save(update_fields=["paid_total", "written_off_total"])


def _open_in_ledger(invoice: Invoice) -> Decimal:
    found = LedgerEntry.objects.filter(invoice=invoice).aggregate(sum=Sum("amount"))["sum"]
    # SQLite adds up as floats.
    return round_amount(Decimal(found or 0), invoice.currency)


@service
def take_debt_back(
    order: Order, payment: Payment, dispute: Dispute, amount: Decimal, *, actor: Actor, at: datetime
) -> None:
    """Let the customer owe so much of a dispute in hand no more: the payment is here again, and settles as before."""
    dispute.owed -= amount
    dispute.owed_back += amount
    payment.charged_back -= amount
    payment.overdrawn = payment.beyond
    Payment.objects.filter(pk=payment.pk).update(charged_back=payment.charged_back, overdrawn=payment.overdrawn)
    account = postings.money_account(payment.method, payment.gateway)
    free = payment.kept - matched(payment)
    legs = postings.debt_back_legs(amount, account=account, customer_id=order.customer_id, free=free)
    post(posting_of(order, dispute, "charge_back", "owed_back", dispute.owed_back, legs, at=at), actor=actor)
    match_money(order, capture=False, actor=actor, at=at)
    tell_order(order, actor=actor, at=at)
