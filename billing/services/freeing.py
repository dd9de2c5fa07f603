"""Money that settled more of an invoice than its credit notes left: it is there for the order's next invoice."""

from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum

from billing import selectors
from billing.models import Invoice, InvoicePayment, Payment, Refund
from billing.services.booking import post_match_freed
from core.actors import Actor
from core.money import round_amount
from core.service import service
from orders.models import Order

NOTHING = Decimal(0)


@service
def free_what_was_credited(order: Order, *, actor: Actor, at: datetime) -> None:
    """Let what settled too much of the invoices of an order in hand settle nothing again.

    What went back to the customer before, or is on its way there, is not free: it only stops to count as settled.
    """
    over = Invoice.objects.filter(order=order, paid_total__gt=F("total") - F("credited_total"), credited_total__gt=0)
    for invoice in over.filter(paid_total__gt=0).order_by("pk"):
        excess = min(invoice.paid_total, invoice.paid_total + invoice.credited_total - invoice.total)
        rows = InvoicePayment.objects.filter(invoice=invoice, amount__gt=0).select_related("payment").order_by("-pk")
        for row in rows:
            row.invoice = invoice
            part = min(row.amount, excess)
            if part <= 0 or _is_promised(row.payment):
                continue
            excess -= part
            gone = max(NOTHING, _matched(row.payment) - row.payment.kept)
            InvoicePayment.objects.filter(pk=row.pk).update(amount=F("amount") - part)
            invoice.paid_total -= part
            if (free := part - gone) > 0:
                post_match_freed(order, row, free, actor=actor, at=at)
        invoice.save(update_fields=["paid_total"])


def _is_promised(payment: Payment) -> bool:
    """Whether money of a payment is on its way back: until it arrives, nobody knows what is left."""
    over = (*selectors.GONE, Refund.Status.SUCCEEDED)
    return Refund.objects.filter(payment=payment).exclude(status__in=over).exists()


def _matched(payment: Payment) -> Decimal:
    rows = InvoicePayment.objects.filter(payment=payment).aggregate(sum=Sum("amount"))
    return round_amount(rows["sum"] or NOTHING, payment.currency)
