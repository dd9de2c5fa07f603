"""The account of one customer: read for the page about them, bounded however much they bought."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum, Window
from django.db.models.functions import RowNumber

from billing.models import CreditNote, Invoice, Payment, Refund, WriteOff
from billing.selectors import WAITING, open_amount
from core import seat
from core.money import Money, round_amount
from core.sight import seen
from customers.models import Customer

Entry = Invoice | CreditNote | Payment | Refund | WriteOff


@dataclass(frozen=True)
class Unpaid:
    """What is open on the invoices of a customer in one currency, what of it is late, and what waits longest."""

    count: int
    amount: Money
    overdue_count: int
    overdue: Money
    oldest_id: int


@dataclass(frozen=True)
class Posting:
    """A document or a payment on the account of a customer: what it adds to their debt, and the debt after it."""

    entry: Entry
    at: datetime
    amount: Money
    balance: Money


def unpaid(customer: Customer, *, today: date | None = None) -> list[Unpaid]:
    """Return, per currency, what is open on the invoices of a customer, in one statement."""
    # Only columns of the index `invoice_waiting`: these all wait for money, so the day alone makes them late.
    late = Q(due_on__lt=today or seat.today())
    rows = seen(Invoice.objects.filter(order__customer=customer, status__in=WAITING)).annotate(
        nth=_per_currency(RowNumber(), order_by=["due_on", "pk"]),
        count=_per_currency(Count("order")),
        open=_per_currency(Sum(open_amount())),
        late=_per_currency(Count("order", filter=late)),
        missing=_per_currency(Sum(open_amount(), filter=late)),
    )
    oldest = rows.filter(nth=1).order_by("due_on", "pk")
    return [
        Unpaid(
            count=row["count"],
            amount=_money(row["open"], row["currency"]),
            overdue_count=row["late"],
            overdue=_money(row["missing"], row["currency"]),
            oldest_id=row["pk"],
        )
        for row in oldest.values("pk", "currency", "count", "open", "late", "missing")
    ]


def _per_currency(expression: Any, *, order_by: list[str] | None = None) -> Window:
    return Window(expression, partition_by="currency", order_by=order_by)


def statement(
    orders: Iterable[int], *, balances: dict[str, Decimal], with_write_offs: bool = False, limit: int = 12
) -> list[Posting]:
    """Return the latest postings of some orders, the newest first, each with the balance it left behind.

    `balances` is what the customer owes now, per currency: the newest posting leaves it, and every older one
    what was owed before the next. Four statements, or five with what was written
    off, however many postings there are.
    """
    keys = list(orders)
    issued = Q(order__in=keys, number__isnull=False)
    invoices = Invoice.objects.filter(issued).order_by("-issued_at", "-pk")[:limit]
    notes = CreditNote.objects.filter(issued).order_by("-issued_at", "-pk")[:limit]
    payments = Payment.objects.filter(order__in=keys, captured__gt=0).order_by("-captured_at", "-pk")[:limit]
    settled = Refund.objects.filter(order__in=keys, status=Refund.Status.SUCCEEDED)
    refunds = settled.order_by("-settled_at", "-pk")[:limit]
    entries: list[tuple[datetime, Entry, Decimal]] = [
        *((row.issued_at or row.created_at, row, row.total) for row in invoices),
        *((row.issued_at or row.created_at, row, -row.total) for row in notes),
        *((row.captured_at or row.created_at, row, -row.captured) for row in payments),
        *((row.settled_at or row.created_at, row, row.amount) for row in refunds),
    ]
    if with_write_offs:
        given_up = WriteOff.objects.filter(invoice__order__in=keys).select_related("invoice").order_by("-at", "-pk")
        entries += [(row.at, row, -row.amount) for row in given_up[:limit]]
    entries.sort(key=lambda one: (one[0], one[1].pk), reverse=True)
    left = dict(balances)
    postings = []
    for at, entry, amount in entries[:limit]:
        currency = entry.currency
        balance = left.get(currency, Decimal(0))
        postings.append(Posting(entry, at, Money(amount, currency), Money(balance, currency)))
        left[currency] = balance - amount
    return postings


def _money(amount: object, currency: str) -> Money:
    return Money(round_amount(Decimal(str(amount or 0)), currency), currency)
