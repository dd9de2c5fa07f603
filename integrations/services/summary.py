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

from .refused import REFUSED

ZERO = Decimal(0)


@dataclass
class Summary:
    """The account of a file. Amounts in the currency of the file.

    rows_amount = orders − rounding − credits + price_differences + unmatched + rejected + corrections:
    the file on the left, the database on the right. `rounding` is what lines gained when prices of less
    than a cent were rounded to one.
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
    rounding: Decimal
    debts_due: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def accounted_amount(self) -> Decimal:
        """What the database and the lists say about the same rows."""
        kept = self.orders_amount - self.rounding - self.credits_amount + self.price_differences
        return kept + self.unmatched_amount + self.rejected_amount + self.corrections_amount

    @property
    def difference(self) -> Decimal:
        """What is missing; zero when every cent is accounted for."""
        return round(self.rows_amount - self.accounted_amount, 6)

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
        return {key: _plain(value) if isinstance(value, Decimal) else value for key, value in data.items()}


def _plain(amount: Decimal) -> str:
    """Write an amount to the cent, and further where it has more."""
    exact = round(amount, 6).normalize()
    return f"{exact:.2f}" if exact == round(exact, 2) else f"{exact:f}"


def _exact(amount: Decimal | None) -> Decimal:
    """Take a sum of the database: SQLite adds in binary, and errs far behind the last decimal."""
    return round(amount, 3) if amount is not None else ZERO


def _rounding(plan: Plan) -> Decimal:
    rows = [row for order in plan.orders for row in order.rows]
    return sum((round_amount(row.amount, CURRENCY) - row.amount for row in rows), start=ZERO)


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
        exceptions_by_reason={
            "unmatched_cancellation": sum(1 for one in plan.cancellations if one.unmatched),
            **({REFUSED: 1} if plan.rejected else {}),
        },
        rejected=[{"line": row.line, "reason": row.reason, "amount": str(row.amount)} for row in plan.rejected],
        rows_amount=plan.amount,
        orders_amount=goods + charges + _rounding(plan),
        rounding=_rounding(plan),
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
        found["outcome"]: (found["count"], _exact(found["amount"]))
        for found in rows.values("outcome").annotate(count=Count("id"), amount=Sum("amount"))
    }
    ours = rows.filter(outcome__in=[outcome.IMPORTED, outcome.CHARGE]).values("reference")
    orders = Order.objects.filter(channel__code="import", number__in=ours)
    totals = orders.aggregate(
        total=Sum("total"),
        charges=Sum("charges_total"),
        shipping=Sum("shipping_total"),
        discount=Sum("discount_total"),
    )
    charges = _exact(totals["charges"]) + _exact(totals["shipping"]) - _exact(totals["discount"])
    returned = rows.filter(outcome=outcome.RETURNED)
    credits = CreditNote.objects.filter(reference__in=returned.values("reference")).exclude(status="draft")
    credited = _exact(credits.aggregate(total=Sum("total"))["total"])
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
        orders_amount=_exact(totals["total"]),
        rounding=_rounding(plan),
        goods_amount=_exact(totals["total"]) - charges,
        charges_amount=charges,
        credits_amount=credited,
        price_differences=differences if has_returns else ZERO,
        unmatched_amount=amounts.get(outcome.UNMATCHED, (0, ZERO))[1],
        rejected_amount=amounts.get(outcome.REJECTED, (0, ZERO))[1],
        corrections_amount=amounts.get(outcome.STOCK, (0, ZERO))[1],
    )
