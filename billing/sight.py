"""Who is limited to channels sees the money of their orders."""

from typing import Any

from django.db.models import Q, QuerySet

from core import sight

Rows = QuerySet[Any]


@sight.hides("billing.bankline", "channel")
@sight.hides("billing.payout", "channel")
@sight.hides("billing.bankstatement", "channel")
@sight.hides("billing.bookexport", "channel")
@sight.hides("billing.storecredit", "channel")
def of_the_house(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return nothing: accounts, the books, and the credit of a customer, are of all channels."""
    return rows.none()


@sight.hides("billing.reminderlevel", "channel")
def of_channels(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what holds for those channels, and for all."""
    return rows.filter(Q(channel=None) | Q(channel__code__in=codes))


@sight.hides("billing.reminder", "channel")
def of_invoices(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what belongs to invoices of those channels."""
    return rows.filter(invoice__order__channel__code__in=codes)


@sight.hides("billing.invoice", "channel")
@sight.hides("billing.creditnote", "channel")
@sight.hides("billing.payment", "channel")
@sight.hides("billing.refund", "channel")
@sight.hides("billing.dispute", "channel")
@sight.hides("billing.ledgertransaction", "channel")
def of_orders(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what belongs to orders of those channels."""
    return rows.filter(order__channel__code__in=codes)
