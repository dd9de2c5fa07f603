"""What a customer owes on credit, part by part: read in one statement, each amount in one part only."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Case, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, Least

from core.money import round_amount
from core.often import RememberedValues
from customers.models import Customer
from orders import guards, selectors
from orders.models import CheckCatch, Hold, OrderLine
from orders.verification import CREDIT

MONEY = DecimalField(max_digits=20, decimal_places=6)
NOTHING = Value(Decimal(0), output_field=MONEY)
STANDS = F("invoiced_total") - F("credited_total") - F("written_off_total")
BILLED = STANDS - F("paid_total") + F("refunded_total")
# What is open on the invoices of an order that is closed, or on other terms. Money that is held for it pays them in a
# moment; and what went back beyond what came in is on no invoice.
STRAY_DEBT = Greatest(Least(BILLED - F("authorized_total"), STANDS, output_field=MONEY), NOTHING, output_field=MONEY)


@dataclass(frozen=True)
class Exposure:
    """What counts against the limit: invoices not paid, goods that left and are on no invoice, and open orders.

    An invoice counts whatever the terms and the status of its order; the other parts are those of open orders on
    account.
    `waiting` is what orders come to that wait for credit: nothing of it left, so it counts against nobody.
    """

    unpaid: Decimal
    unbilled: Decimal
    open: Decimal
    waiting: Decimal

    @property
    def total(self) -> Decimal:
        """Return what counts against the limit."""
        return self.unpaid + self.unbilled + self.open


def exposure_of(customer: Customer, *, but: int | None = None, let_pass: bool = True) -> Exposure:
    """Return what a customer owes on credit in their currency; `but` is an order that is left out.

    Without `let_pass`, what is open of orders that somebody let pass the check is left out: it counts against new
    orders, and does not take back those that were accepted before.
    The parts of an open order on account add up to what is due for it (`balance_due`): a payment in advance lessens
    its open part.
    """
    asked = {"customer_id": customer.pk, "currency": customer.currency, "but": but or 0}
    sums = next(iter(_SUMS[let_pass].rows(**asked)), (0, 0, 0, 0))
    unpaid, unbilled, ahead, waiting = (round_amount(Decimal(str(sum or 0)), customer.currency) for sum in sums)
    return Exposure(unpaid, unbilled, ahead, waiting)


def _sums(customer_id: Any, currency: Any, but: Any, *, let_pass: bool) -> QuerySet[Any, Any]:
    """Return one row of sums, or none where nothing counts."""
    waits = Exists(Hold.objects.filter(order=OuterRef("pk"), status=Hold.Status.ACTIVE, kind=Hold.Kind.CREDIT))
    gone = OrderLine.objects.filter(order=OuterRef("pk"), shipped__gt=F("invoiced")).order_by().values("order")
    gone = gone.annotate(sum=Sum(F("total") * (F("shipped") - F("invoiced")) / F("quantity"), output_field=MONEY))
    on_credit = selectors.IS_LIVE & Q(payment_terms__in=guards.ON_CREDIT)
    rows: Any = selectors.owing(customer_id, currency).exclude(pk=but).order_by()
    rows = rows.annotate(
        waits=waits,
        gone=Coalesce(Subquery(gone.values("sum")[:1], output_field=MONEY), NOTHING),
        unpaid=Case(
            When(on_credit, Greatest(BILLED, NOTHING, output_field=MONEY)), default=STRAY_DEBT, output_field=MONEY
        ),
    )
    rest = Case(When(on_credit, F("balance_due") - F("unpaid")), default=NOTHING, output_field=MONEY)
    rows = rows.annotate(rest=rest)
    rows = rows.annotate(
        unbilled=Greatest(NOTHING, Least(F("gone"), F("rest"), output_field=MONEY), output_field=MONEY)
    )
    rows = rows.annotate(ahead=F("rest") - F("unbilled"))
    counts = Q(waits=False) if let_pass else Q(waits=False, passed=False)
    if not let_pass:
        waived = CheckCatch.objects.filter(order=OuterRef("pk"), name=CREDIT, outcome=CheckCatch.Outcome.WAIVED)
        rows = rows.annotate(passed=Exists(waived))
    return (
        rows.values("customer_id")
        .annotate(
            all_unpaid=Sum("unpaid", output_field=MONEY),
            all_unbilled=Sum("unbilled", output_field=MONEY),
            all_open=Sum("ahead", filter=counts, output_field=MONEY),
            all_waiting=Sum("ahead", filter=Q(waits=True), output_field=MONEY),
        )
        .values_list("all_unpaid", "all_unbilled", "all_open", "all_waiting")
    )


# With each order on account, and each look at a limit.
_SUMS = {let_pass: RememberedValues(partial(_sums, let_pass=let_pass)) for let_pass in (True, False)}
