"""What a customer knows a payment by: what he wrote on the transfer, or the invoices it paid; no id of a machine."""

import re
from typing import Any

from django.db.models import Aggregate, CharField, OuterRef, QuerySet, Subquery
from django.utils.text import Truncator

from billing import postings
from billing.cards import without_cards
from billing.models import BankBooking, InvoicePayment, LedgerTransaction, Payment

# Transfers of a statement are booked under this name (services.bank); nobody but us knows it.
OURS = re.compile(r"BANK-\d+")
LONGEST = 60


class Listed(Aggregate):
    """Texts after each other, with commas between them; in no order."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ',')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Say it as SQLite does."""
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def with_words(heads: "QuerySet[LedgerTransaction]") -> "QuerySet[LedgerTransaction]":
    """Read with transactions what `known_as` says of their payments: no statement more."""
    matched = InvoicePayment.objects.filter(payment=OuterRef("payment")).exclude(amount=0, taken_back=0)
    paid = matched.order_by().values("payment")
    return heads.annotate(
        wrote=Subquery(BankBooking.objects.filter(payment=OuterRef("payment")).values("line__text")[:1]),
        paid=Subquery(paid.annotate(numbers=Listed("invoice__number")).values("numbers")),
    )


def known_as(head: Any, payment: Payment) -> str:
    """Return what the customer knows the payment of a transaction by; `head` was read `with_words`."""
    if head.kind == LedgerTransaction.Kind.PAYMENT and (wrote := head.wrote or _typed(payment)):
        return Truncator(without_cards(wrote)).chars(LONGEST)
    if head.paid:
        return ", ".join(sorted(head.paid.split(",")))
    return str(head.order.number) if head.order else ""


def _typed(payment: Payment) -> str:
    """Return what staff read on a transfer and wrote down."""
    is_transfer = payment.gateway == postings.MANUAL and payment.method == "bank_transfer"
    return payment.reference if is_transfer and not OURS.fullmatch(payment.reference) else ""
