"""Invoices that are paid in all but name: the money lies in the bank file, or the provider is paying it out."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Q

from billing import dunning, selectors
from billing.models import BankLine, Invoice, Payment


def nearly_paid(invoices: Iterable[Invoice]) -> dict[int, str]:
    """Return, by invoice, why nobody is reminded of it though it is open: all of that is on its way already."""
    rows = list(invoices)
    if not rows:
        return {}
    in_file, taken = _on_the_worklist(), _being_taken({one.order_id for one in rows})
    found: dict[int, str] = {}
    for one in rows:
        if in_file.get(one.pk, Decimal(0)) >= one.open_amount:
            found[one.pk] = dunning.IN_THE_BANK_FILE
        elif taken.get(one.pk, Decimal(0)) >= one.open_amount:
            found[one.pk] = dunning.BEING_TAKEN
    return found


def _on_the_worklist() -> dict[int, Decimal]:
    """Return, by invoice, what transfers bring for it that are certain and only wait for somebody to book them."""
    certain = BankLine.objects.filter(status=BankLine.Status.OPEN, confidence=BankLine.Confidence.EXACT)
    found: dict[int, Decimal] = defaultdict(Decimal)
    for proposal in certain.values_list("proposal", flat=True):
        for invoice_id, part in proposal:
            found[int(invoice_id)] += Decimal(part)
    return found


def _being_taken(order_ids: Iterable[int]) -> dict[int, Decimal]:
    """Return, by invoice, what its provider is asked for at this moment; it settles the oldest invoice first."""
    charged = Q(unattended=True, status__in=selectors.UNDECIDED)
    payments = Payment.objects.filter(Q(capturing__gt=0) | charged, order__in=list(order_ids))
    coming: dict[int, Decimal] = defaultdict(Decimal)
    for payment in payments:
        coming[payment.order_id] += payment.capturing or payment.amount
    if not coming:
        return {}
    found: dict[int, Decimal] = {}
    waiting = Invoice.objects.filter(order__in=list(coming), status__in=selectors.WAITING)
    for invoice in waiting.order_by("issued_on", "pk"):
        found[invoice.pk] = min(coming[invoice.order_id], invoice.open_amount)
        coming[invoice.order_id] -= found[invoice.pk]
    return found
