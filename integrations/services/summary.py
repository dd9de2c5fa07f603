"""What came of a file: counted, and added up to the cent."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from billing.models import CreditNote
from core.money import round_amount
from integrations.imports.base import Plan
from integrations.imports.online_retail import CURRENCY
from integrations.models import ImportBatch, ImportRow
from orders.models import Order, OrderException

ZERO = Decimal(0)


@dataclass
class Summary:
    """The account of a file. Amounts in the currency of the file.

    rows_amount = orders − credits + price_differences + unmatched + rejected + corrections + rounding:
    the file on the left, the database on the right.
    """

    dry_run: bool
    rows_total: int
    rows_by_outcome: dict[str, int]
    orders_by_status: dict[str, int]
    value_per_month: dict[str, str]
    exceptions_by_reason: dict[str, int]
    rejected: list[dict[str, Any]]
    rows_amount: Decimal
    orders_amount: Decimal
    goods_amount: Decimal
    charges_amount: Decimal
    credits_amount: Decimal
    price_differences: Decimal
    unmatched_amount: Decimal
    rejected_amount: Decimal
    corrections_amount: Decimal
    debts_due: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def accounted_amount(self) -> Decimal:
        """What the database and the lists say about the same rows."""
        kept = self.orders_amount - self.credits_amount + self.price_differences
        return kept + self.unmatched_amount + self.rejected_amount + self.corrections_amount

    @property
    def difference(self) -> Decimal:
        """What is missing; zero when every cent is accounted for."""
        return self.rows_amount - self.accounted_amount

    @property
    def rows_accounted(self) -> int:
        """Rows with an outcome."""
        return sum(self.rows_by_outcome.values())

    def as_json(self) -> dict[str, Any]:
        """Return plain values; amounts as strings."""
        data = asdict(self) | {
            "accounted_amount": self.accounted_amount,
            "difference": self.difference,
            "rows_accounted": self.rows_accounted,
            "currency": CURRENCY,
        }
        return {key: str(value) if isinstance(value, Decimal) else value for key, value in data.items()}


def summarize_plan(plan: Plan) -> Summary:
    """Tell what a run would do, without having done it."""
    outcome = ImportRow.Outcome
    matches = [match for one in plan.cancellations for match in one.matched]
    unmatched = [row for one in plan.cancellations for row in one.unmatched]
    goods = sum((row.amount for order in plan.orders for row in order.goods), start=ZERO)
    charges = sum((row.amount for order in plan.orders for row in order.charges), start=ZERO)
    months: Counter[str] = Counter()
    for order in plan.orders:
        months[f"{order.at:%Y-%m}"] += sum((row.amount for row in order.rows), start=ZERO)  # type: ignore[assignment]
    differences = sum((match.difference for match in matches), start=ZERO)
    counted = {
        outcome.IMPORTED: sum(len(order.goods) for order in plan.orders),
        outcome.CHARGE: sum(len(order.charges) for order in plan.orders),
        outcome.RETURNED: len(matches),
        outcome.STOCK: len(plan.corrections),
        outcome.UNMATCHED: len(unmatched),
        outcome.REJECTED: len(plan.rejected),
    }
    return Summary(
        dry_run=True,
        rows_total=plan.rows_total,
        rows_by_outcome={str(key): value for key, value in counted.items() if value},
        orders_by_status={"to be imported": len(plan.orders)},
        value_per_month={
            month: str(round_amount(Decimal(value), CURRENCY)) for month, value in sorted(months.items())
        },
        exceptions_by_reason={"unmatched_cancellation": sum(1 for one in plan.cancellations if one.unmatched)},
        rejected=[{"line": row.line, "reason": row.reason, "amount": str(row.amount)} for row in plan.rejected],
        rows_amount=plan.amount,
        orders_amount=goods + charges,
        goods_amount=goods,
        charges_amount=charges,
        credits_amount=-sum((match.row.amount for match in matches), start=ZERO) + differences,
        price_differences=differences,
        unmatched_amount=sum((row.amount for row in unmatched), start=ZERO),
        rejected_amount=sum((row.amount for row in plan.rejected), start=ZERO),
        corrections_amount=sum((row.amount for row in plan.corrections), start=ZERO),
    )


def summarize_batch(batch: ImportBatch, plan: Plan) -> Summary:
    """Tell what the database holds of a file: orders, charges, credits and everything that is none."""
    outcome = ImportRow.Outcome
    rows = ImportRow.objects.filter(batch=batch)
    amounts = {
        found["outcome"]: (found["count"], found["amount"] or ZERO)
        for found in rows.values("outcome").annotate(count=Count("id"), amount=Sum("amount"))
    }
    ours = rows.filter(outcome__in=[outcome.IMPORTED, outcome.CHARGE]).values("reference")
    orders = Order.objects.filter(channel__code="import", number__in=ours)
    totals = orders.aggregate(total=Sum("total"), charges=Sum("charges_total"), shipping=Sum("shipping_total"))
    charges = (totals["charges"] or ZERO) + (totals["shipping"] or ZERO)
    returned = rows.filter(outcome=outcome.RETURNED)
    credits = CreditNote.objects.filter(reference__in=returned.values("reference")).exclude(status="draft")
    credited = credits.aggregate(total=Sum("total"))["total"] or ZERO
    months = (
        orders.annotate(month=TruncMonth("placed_at")).values("month").annotate(value=Sum("total")).order_by("month")
    )
    exceptions = OrderException.objects.filter(dedupe_key__startswith=f"import:{batch.pk}:")
    rejected = rows.filter(outcome=outcome.REJECTED).order_by("line_number")
    differences = sum((match.difference for one in plan.cancellations for match in one.matched), start=ZERO)
    has_returns = outcome.RETURNED in amounts
    return Summary(
        dry_run=False,
        rows_total=plan.rows_total,
        rows_by_outcome={key: count for key, (count, _amount) in sorted(amounts.items())},
        orders_by_status=dict(orders.values_list("status").annotate(count=Count("id")).order_by("status")),
        value_per_month={f"{one['month']:%Y-%m}": str(round_amount(one["value"], CURRENCY)) for one in months},
        exceptions_by_reason=dict(exceptions.values_list("category").annotate(count=Count("id")).order_by("category")),
        rejected=[
            {"line": row.line_number, "reason": row.reason, "amount": str(row.amount)} for row in rejected.iterator()
        ],
        rows_amount=plan.amount,
        orders_amount=totals["total"] or ZERO,
        goods_amount=(totals["total"] or ZERO) - charges,
        charges_amount=charges,
        credits_amount=credited,
        price_differences=differences if has_returns else ZERO,
        unmatched_amount=amounts.get(outcome.UNMATCHED, (0, ZERO))[1],
        rejected_amount=amounts.get(outcome.REJECTED, (0, ZERO))[1],
        corrections_amount=amounts.get(outcome.STOCK, (0, ZERO))[1],
    )
