"""What was owed on a day, by customer and by for how long: from the ledger as it stood then, not from today's state.

Only what is dated up to the day counts, so a later payment or credit changes nothing of it. All of it together is the
balance of the receivables on that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from billing import postings
from billing.models import LedgerAccount, LedgerEntry
from core.money import round_amount
from customers.models import Customer

# Not due; 1 to 30, 31 to 60, 61 to 90 and more than 90 days overdue; paid, or sent back, without an invoice.
BUCKETS = ("not_due", "to_30", "to_60", "to_90", "over_90", "unassigned")
PER_PAGE = 50
_SUMS = """
    WITH items AS (
        SELECT e.customer_id, e.invoice_id, SUM(e.amount) AS open FROM billing_ledgerentry e
        WHERE e.account_id = %s AND e.booked_on <= %s
        GROUP BY e.customer_id, e.invoice_id HAVING ABS(SUM(e.amount)) > 0.0004
    )
    SELECT {who}
        SUM(CASE WHEN i.invoice_id IS NOT NULL AND (v.due_on IS NULL OR v.due_on >= %s) THEN i.open ELSE 0 END),
        SUM(CASE WHEN v.due_on < %s AND v.due_on >= %s THEN i.open ELSE 0 END),
        SUM(CASE WHEN v.due_on < %s AND v.due_on >= %s THEN i.open ELSE 0 END),
        SUM(CASE WHEN v.due_on < %s AND v.due_on >= %s THEN i.open ELSE 0 END),
        SUM(CASE WHEN v.due_on < %s THEN i.open ELSE 0 END),
        SUM(CASE WHEN i.invoice_id IS NULL THEN i.open ELSE 0 END),
        SUM(i.open) AS total
    FROM items i LEFT JOIN billing_invoice v ON v.id = i.invoice_id {rest}
"""


@dataclass(frozen=True)
class Aged:
    """What a customer owed on a day, bucket by bucket; guests together have no customer."""

    customer: Customer | None
    amounts: dict[str, Decimal]
    total: Decimal


def currencies_of(entity_id: int) -> list[str]:
    """Return in which currencies customers of a seller ever owed anything."""
    rows = LedgerAccount.objects.filter(entity=entity_id, kind=postings.RECEIVABLE)
    return list(rows.order_by("pk").values_list("currency", flat=True))


def receivable(entity_id: int, currency: str, day: date) -> Decimal:
    """Return the balance of the receivables at the end of a day."""
    rows = LedgerEntry.objects.filter(account=_account(entity_id, currency), booked_on__lte=day)
    return round_amount(Decimal(rows.aggregate(sum=Sum("amount"))["sum"] or 0), currency)


def totals(entity_id: int, currency: str, day: date) -> Aged:
    """Return what all customers owed on a day, in one statement."""
    account = _account(entity_id, currency)
    if not account:
        return _aged(None, [0] * (len(BUCKETS) + 1), currency)
    return _aged(None, _ask("", "", account, day)[0], currency)


def rows(entity_id: int, currency: str, day: date, *, start: int = 0, limit: int = PER_PAGE) -> list[Aged]:
    """Return the customers who owed most on a day, or had something with us; guests are one row."""
    account = _account(entity_id, currency)
    if not account:
        return []
    sorting = "GROUP BY i.customer_id ORDER BY total DESC, i.customer_id LIMIT %s OFFSET %s"
    found = _ask("i.customer_id,", sorting, account, day, limit, start)
    customers = Customer.objects.in_bulk([key for key, *_sums in found if key])
    return [_aged(customers.get(key), sums, currency) for key, *sums in found]


def _account(entity_id: int, currency: str) -> int:
    rows = LedgerAccount.objects.filter(entity=entity_id, kind=postings.RECEIVABLE, currency=currency)
    return rows.values_list("pk", flat=True).first() or 0


def _ask(who: str, rest: str, account: int, day: date, *more: int) -> list[Any]:
    edges = [day, day, day, *(day - timedelta(days=n) for n in (30, 30, 60, 60, 90, 90))]
    days = [connection.ops.adapt_datefield_value(one) for one in edges]
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(who=who, rest=rest), [account, *days, *more])
        return list(cursor.fetchall())


def _aged(customer: Customer | None, sums: Sequence[Any], currency: str) -> Aged:
    amounts = [round_amount(Decimal(str(sum_ or 0)), currency) for sum_ in sums]
    return Aged(customer, dict(zip(BUCKETS, amounts, strict=False)), amounts[-1])
