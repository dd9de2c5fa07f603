"""What screens and callers read about documents and money."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Count, DecimalField, F, Model, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from billing import dunning
from billing.models import CreditNote, Dispute, DistanceSale, Invoice, Payment, Payout, PayoutRow, Refund, Reminder
from core import seat
from core.models import exact
from core.money import round_amount
from core.sight import seen
from orders import guards
from orders.models import Order, OrderStatus
from pricing.models import Channel

M = TypeVar("M", bound=Model)
# A refund that was refused or failed sends no money back.
GONE = (Refund.Status.FAILED, Refund.Status.REJECTED)
UNDECIDED = (Payment.Status.PENDING, Payment.Status.REQUIRES_ACTION)
WAITING = (Invoice.Status.ISSUED, Invoice.Status.PARTIALLY_PAID)


def _of_channels(rows: QuerySet[M], channels: Iterable[str] | None) -> QuerySet[M]:
    return rows if channels is None else rows.filter(order__channel__code__in=set(channels))


def invoices(channels: Iterable[str] | None = None) -> QuerySet[Invoice]:
    """Return the invoices that were issued, with their orders; of some channels only if asked."""
    rows = Invoice.objects.filter(number__isnull=False).select_related("order", "replaces", "replaced_by")
    return _of_channels(rows, channels)


def credit_notes(channels: Iterable[str] | None = None) -> QuerySet[CreditNote]:
    """Return the credit notes that were issued, with invoice and order."""
    rows = CreditNote.objects.filter(number__isnull=False).select_related("order", "invoice")
    return _of_channels(rows, channels)


def payments(channels: Iterable[str] | None = None) -> QuerySet[Payment]:
    """Return the payments, with their orders."""
    return _of_channels(Payment.objects.select_related("order"), channels)


def refunds(channels: Iterable[str] | None = None) -> QuerySet[Refund]:
    """Return the refunds, with order, payment and credit note."""
    return _of_channels(Refund.objects.select_related("order", "payment", "credit_note", "again_of"), channels)


def disputes(channels: Iterable[str] | None = None) -> QuerySet[Dispute]:
    """Return the disputes, with order and payment."""
    return _of_channels(Dispute.objects.select_related("order", "payment"), channels)


def payouts(channels: Iterable[str] | None = None) -> QuerySet[Payout]:
    """Return the payouts, with the rows of the bank that are them; none for who sees some channels only."""
    rows = Payout.objects.select_related("bank_line")
    return rows if channels is None else rows.none()


def rows_of_payout(payout: Payout) -> QuerySet[PayoutRow]:
    """Return out of what a payout was paid, with what each belongs to and its order."""
    about = ("payment__order", "refund__order", "dispute__order", "payout")
    return PayoutRow.objects.filter(payout=payout).select_related(*about)


def overdue(today: date | None = None) -> Q:
    """Return the condition of invoices that should have been paid by now."""
    return Q(status__in=WAITING, due_on__lt=today or seat.today())


def open_amount() -> Combinable:
    """Return the expression for what is still to be paid of an invoice that waits for money."""
    return F("total") - F("paid_total") - F("credited_total")


@dataclass(frozen=True)
class MoneyOfOrder:
    """The money of one order, as its page shows it."""

    invoices: list[Invoice]
    credit_notes: list[CreditNote]
    payments: list[Payment]
    refunds: list[Refund]


def money_of(order: Order) -> MoneyOfOrder:
    """Return documents, payments and refunds of an order, oldest first, in four statements."""
    return MoneyOfOrder(
        list(Invoice.objects.filter(order=order).order_by("pk")),
        list(CreditNote.objects.filter(order=order).select_related("invoice").order_by("pk")),
        list(Payment.objects.filter(order=order).order_by("pk")),
        list(Refund.objects.filter(order=order).select_related("payment").order_by("pk")),
    )


def overdue_sums(today: date | None = None) -> dict[str, tuple[int, Decimal]]:
    """Return, per currency, how many invoices are overdue and what is open on them."""
    rows = seen(Invoice.objects.filter(overdue(today))).order_by().values("currency")
    found = rows.annotate(open=Sum(open_amount()), count=Sum(1))
    return {row["currency"]: (row["count"], round_amount(Decimal(row["open"]), row["currency"])) for row in found}


# Directive 2006/112/EC art. 59c: who sold for no more in this calendar year and the one before is taxed at home.
DISTANCE_THRESHOLD = Decimal(10_000)
DISTANCE_CURRENCY = "EUR"
NEAR_THE_THRESHOLD = Decimal("0.8")
SUM = DecimalField(max_digits=20, decimal_places=3)


@dataclass(frozen=True)
class DistanceTurnover:
    """What a seller's consumers in other member states bought, net, in this calendar year and the one before.

    Amounts are in EUR; `apart` is what was billed in other currencies, which has to be added by who knows the rate.
    """

    this_year: Decimal
    last_year: Decimal
    apart: dict[str, Decimal]

    @property
    def share(self) -> Decimal:
        """Return how much of the threshold the larger of the two years reached."""
        return max(self.this_year, self.last_year, Decimal(0)) / DISTANCE_THRESHOLD

    @property
    def is_passed(self) -> bool:
        """Whether the threshold is passed."""
        return self.share > 1

    @property
    def is_near(self) -> bool:
        """Whether so much of it is reached that it is time to prepare."""
        return self.share >= NEAR_THE_THRESHOLD


NO_DISTANCE_SALES = DistanceTurnover(Decimal(0), Decimal(0), {})


def distance_turnovers(today: date | None = None) -> dict[int, DistanceTurnover]:
    """Return, by seller, the sales to consumers in other member states: issued invoices less credit notes.

    By the date of the documents; in one statement that reads an index over those sales alone.
    """
    start = (today or seat.today()).replace(month=1, day=1)
    since, until = start.replace(year=start.year - 1), start.replace(year=start.year + 1)
    rows = DistanceSale.objects.filter(billed_on__gte=since, billed_on__lt=until).order_by()
    sums: dict[int, dict[str, tuple[Decimal, Decimal]]] = {}
    nothing = Decimal(0)
    for entity_id, currency, this, last in rows.values_list("entity", "currency").annotate(
        this=Coalesce(Sum("net", filter=Q(billed_on__gte=start)), nothing, output_field=SUM),
        last=Coalesce(Sum("net", filter=Q(billed_on__lt=start)), nothing, output_field=SUM),
    ):
        sums.setdefault(entity_id, {})[currency] = (round_amount(this, currency), round_amount(last, currency))
    return {
        entity_id: DistanceTurnover(
            *found.pop(DISTANCE_CURRENCY, (nothing, nothing)),
            apart={currency: this + last for currency, (this, last) in sorted(found.items())},
        )
        for entity_id, found in sums.items()
    }


@dataclass(frozen=True)
class Bucket:
    """What is overdue for so many days, in one currency."""

    key: str
    least: int
    most: int | None
    currency: str
    count: int
    amount: Decimal


def in_bucket(key: str, today: date | None = None) -> Q:
    """Return the condition of overdue invoices that stand in one of the ageing buckets; nobody stands in another."""
    day = today or seat.today()
    for name, least, most in dunning.BUCKETS:
        if name == key:
            late = Q(due_on__lte=day - timedelta(days=least))
            return overdue(day) & (late if most is None else late & Q(due_on__gte=day - timedelta(days=most)))
    return Q(pk__in=[])


def ageing(today: date | None = None) -> list[Bucket]:
    """Return what is overdue, by currency and by how long, in one statement; the largest currency first."""
    sums: dict[str, Any] = {}
    for place, (key, _least, _most) in enumerate(dunning.BUCKETS):
        sums[f"count_{place}"] = Count("pk", filter=in_bucket(key, today))
        sums[f"open_{place}"] = Sum(open_amount(), filter=in_bucket(key, today))
    late = seen(Invoice.objects.filter(overdue(today))).order_by().values("currency")
    rows: list[Any] = list(late.annotate(n=Count("pk"), **sums))
    return [
        Bucket(
            key,
            least,
            most,
            row["currency"],
            row[f"count_{place}"],
            round_amount(Decimal(row[f"open_{place}"] or 0), row["currency"]),
        )
        for row in sorted(rows, key=lambda one: (-one["n"], one["currency"]))
        for place, (key, least, most) in enumerate(dunning.BUCKETS)
    ]


def days_overdue(invoice: Invoice) -> int:
    """Return for how many days an invoice should have been paid; none where it need not be."""
    if not invoice.is_overdue or invoice.due_on is None:
        return 0
    return (seat.today() - invoice.due_on).days


def stops_orders(invoice: Invoice) -> bool:
    """Whether an invoice is one for which the new orders of its customer were stopped."""
    if invoice.due_on is None or invoice.due_on >= seat.today():
        return False
    return Reminder.objects.filter(invoice=invoice, status=Reminder.Status.SENT, stops_orders=True).exists()


UNDER_WAY = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING, OrderStatus.FULFILLED)
AWAITED = (OrderStatus.PLACED, OrderStatus.VERIFIED, OrderStatus.CONFIRMED, OrderStatus.FULFILLING)


def payable(order: Order) -> Decimal:
    """Return what a customer can pay for an order now: what it waits for, or what is open on its invoices."""
    if order.status in (OrderStatus.DRAFT, OrderStatus.CANCELLED, OrderStatus.EXPIRED):
        return Decimal(0)
    # After an edit a confirmed order may wait for more.
    awaited = order.status in AWAITED
    missing = guards.payment_missing(order) if awaited else Decimal(0)
    if missing and order.status in UNDER_WAY and saved_means(order) is not None:
        # It is charged to the saved card when it leaves.
        missing = Decimal(0)
    if not missing and order.invoiced_total:
        invoices = Invoice.objects.filter(order=order, status__in=WAITING)
        # What is held or charged is taken for them without anybody's doing.
        missing = sum((one.open_amount for one in invoices), start=Decimal(0)) - order.authorized_total - coming(order)
    return round_amount(max(Decimal(0), min(missing, order.balance_due)), order.currency)


def is_before_the_goods(order: Order) -> bool:
    """Whether what a customer pays for now has not been billed yet, so that money can be held for it."""
    return order.invoice_status != Order.Invoiced.INVOICED and not (
        Invoice.objects.filter(order=order, status__in=WAITING).exists()
    )


def saved_means(order: Order) -> Payment | None:
    """Return the payment of an order whose means may be charged again, if its channel does that."""
    if order.channel.capture_policy != Channel.CapturePolicy.SAVED_MEANS:
        return None
    rows = Payment.objects.filter(order=order, captured__gt=0, unattended=False, hold_first=True).order_by("-pk")
    return next((one for one in rows if one.means.get("customer") and one.means.get("method")), None)


def last_checkout(order: Order) -> Payment | None:
    """Return the payment that was begun last on a provider's page, if any."""
    return Payment.objects.filter(order=order).exclude(gateway="manual").order_by("-pk").first()


def undecided(order: Order) -> list[Payment]:
    """Return the payments on a provider's page whose end only he knows, the youngest first."""
    rows = Payment.objects.filter(order=order, status__in=UNDECIDED, unattended=False).exclude(gateway="manual")
    return list(rows.order_by("-pk"))


def coming(order: Order) -> Decimal:
    """Return what is being charged again to what the customer paid with before."""
    rows = Payment.objects.filter(order=order, status__in=UNDECIDED, unattended=True)
    return sum((one.amount for one in rows), start=Decimal(0))


def credit_used(order: Order) -> tuple[Decimal, Decimal]:
    """Return what of an order store credit pays, held or taken, and what of that is taken; refunds are not counted."""
    came = order.paid_total or order.authorized_total
    rows = list(Payment.objects.filter(order=order, gateway="store_credit")) if came else []
    taken = sum((one.captured for one in rows), start=Decimal(0))
    return taken + sum((one.reserved for one in rows), start=Decimal(0)), taken


def is_paid_otherwise(order: Order) -> bool:
    """Say whether something of an order is paid that did not come from store credit, and has not gone back."""
    kept = Payment.objects.filter(order=order, captured__gt=F("refunded"))
    return kept.exclude(gateway="store_credit").exists()


def disputed(order: Order) -> dict[int, Decimal | None]:
    """Return, by payment, what the customer's bank asks back and may not go back a second time; None: all of it.

    While it is open nothing of the payment goes back; what was lost is gone already.
    """
    found: dict[int, Decimal | None] = {}
    for one in Dispute.objects.filter(order=order).exclude(status=Dispute.Status.WON).order_by("pk"):
        before = found.get(one.payment_id, Decimal(0))
        lost = None if before is None else before + one.taken - one.returned
        found[one.payment_id] = None if one.status == Dispute.Status.OPEN else lost
    return found


def waits_for_a_dispute(customer_id: int) -> bool:
    """Whether a payment of a customer is disputed, or nobody has said yet who bears it."""
    rest = exact(F("taken") - F("returned") - F("lost") - F("owed") - F("credit_back"))
    rows = Dispute.objects.filter(order__customer=customer_id).annotate(rest=rest)
    return rows.filter(Q(status=Dispute.Status.OPEN) | (Q(status=Dispute.Status.LOST) & ~Q(rest=0))).exists()


def refundable(order: Order) -> dict[int, Decimal]:
    """Return, by payment, what may still go back: taken, less what was sent back, promised or is disputed."""
    promised = Coalesce(
        Sum("refunds__amount", filter=~Q(refunds__status__in=GONE)),
        Decimal(0),
        output_field=DecimalField(max_digits=14, decimal_places=3),
    )
    rows = list(Payment.objects.filter(order=order, captured__gt=0).annotate(promised=promised).order_by("pk"))
    asked_back = disputed(order) if any(one.gateway != "manual" for one in rows) else {}
    left = {}
    for one in rows:
        lost = asked_back.get(one.pk, Decimal(0))
        # What the customer owes again is not here either, whoever has it by now.
        gone = max(lost or Decimal(0), one.charged_back)
        rest = Decimal(0) if lost is None else one.captured - gone - round_amount(one.promised, order.currency)
        left[one.pk] = max(Decimal(0), rest)
    return left


# Refunds that will never send money back.
REJECTED = (Refund.Status.REJECTED,)


def refund_due(order: Order, credit: Decimal, *, is_drafted: bool = True) -> Decimal:
    """Return how much of a credit goes back as money: what came in and is no longer owed.

    Counts credit notes that wait for their number and refunds that wait for the provider, which the
    figures of the order do not know yet. `is_drafted`: the credit in question is among those notes.
    """
    credited = _total(CreditNote.objects.filter(order=order).aggregate(sum=Sum("total"))["sum"], order)
    credited += Decimal(0) if is_drafted else credit
    # What was taken back only to be written again is owed as before.
    again = Invoice.objects.filter(order=order).exclude(replaces=None).aggregate(sum=Sum("total"))["sum"]
    credited -= _total(again, order)
    refunds = Refund.objects.filter(order=order).exclude(status__in=REJECTED)
    sent = _total(refunds.aggregate(sum=Sum("amount"))["sum"], order)
    owed = order.total - order.cancelled_total - credited
    return max(Decimal(0), min(credit, order.paid_total - sent - owed))


def sent_too_much(order: Order) -> Decimal:
    """Return how much more went back, or is promised, than came in and was no longer owed."""
    credited = _total(CreditNote.objects.filter(order=order).aggregate(sum=Sum("total"))["sum"], order)
    refunds = Refund.objects.filter(order=order).exclude(status__in=GONE)
    sent = _total(refunds.aggregate(sum=Sum("amount"))["sum"], order)
    owed = order.total - order.cancelled_total - credited - order.written_off_total
    return max(Decimal(0), owed + sent - order.paid_total)


def can_go_back(order: Order, amount: Decimal) -> Decimal:
    """Return how much of an amount the payments of an order still hold; the bank may be asking for some of it."""
    return min(amount, sum(refundable(order).values(), start=Decimal(0)))


def _total(amount: Decimal | None, order: Order) -> Decimal:
    return round_amount(amount or Decimal(0), order.currency)
