"""What one customer orders: read for the page about them, bounded however much they ordered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Sum, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from core.money import Money, round_amount
from core.sight import seen
from customers.models import Customer
from orders import guards
from orders.credit import MONEY, STRAY_DEBT
from orders.models import OWED, Order, OrderLine, OrderStatus
from orders.selectors import GONE, HEAVY, IS_LIVE, LIVE

S = OrderStatus
# How far back a page looks order by order; sums know no such end.
NEWEST = 200
USUAL_DAYS = 730
SHOWN_OF_USUAL = (
    *("product", "order", "sku", "quantity", "net_total", "total"),
    *("order__currency", "order__prices_include_tax"),
    *("product__sku", "product__name", "product__names", "product__kind"),
)


@dataclass(frozen=True)
class Newest:
    """The latest orders of a customer, the newest first, as primary key and number; perhaps not all they have."""

    numbers: dict[int, str]

    @property
    def is_all(self) -> bool:
        """Whether there are no older ones."""
        return len(self.numbers) < NEWEST


@dataclass(frozen=True)
class Figures:
    """What the orders of a customer in one currency come to.

    `value` is what was agreed less what was cancelled and credited, of orders that stand; `account` is what
    they owe on documents (invoiced − credited − written off − paid + refunded, invariant I3), below zero what we
    owe them; `on_credit` is what is due of open orders on account, `written_off` what of their invoices nobody
    expects. `shipped` and `came_back` count orders.
    """

    currency: str
    orders: int
    value: Decimal
    account: Decimal
    on_credit: Decimal
    written_off: Decimal
    shipped: int
    came_back: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def average(self) -> Money:
        """Return the value of an order on average."""
        return Money(self.value / (self.orders or 1), self.currency).rounded()


@dataclass(frozen=True)
class Glance:
    """What one wants to know of a customer at a glance: open orders, and what they owe on credit in their currency."""

    open: int = 0
    on_credit: Decimal = Decimal(0)


@dataclass(frozen=True)
class Usual:
    """A product a customer buys: how often and how much of it lately, and what they paid last."""

    line: OrderLine
    times: int
    quantity: int
    last_at: datetime | None

    @property
    def price(self) -> Money:
        """Return what they paid last for one unit, less discount: net or gross, as the order says."""
        order = self.line.order
        paid = self.line.total if order.prices_include_tax else self.line.net_total
        return Money(paid / self.line.quantity, order.currency).rounded()


def newest(customer: Customer) -> Newest:
    """Return the latest orders of a customer."""
    rows = seen(Order.objects.filter(customer=customer)).order_by("-pk").values_list("pk", "number")
    return Newest(dict(rows[:NEWEST]))


def rows_of(pks: Iterable[int]) -> list[Order]:
    """Return orders for a list, the newest first."""
    return list(Order.objects.filter(pk__in=list(pks)).defer(*HEAVY).order_by("-pk"))


def going_on(customer: Customer) -> QuerySet[Order]:
    """Return the orders of a customer that are not there yet, the newest first."""
    rows = seen(Order.objects.filter(customer=customer, status__in=LIVE)).defer(*HEAVY).order_by("-pk")
    return rows.exclude(status=S.FULFILLED, fulfillment_status=Order.Fulfillment.DELIVERED)


def at_a_glance(customers: Iterable[Customer]) -> dict[int, Glance]:
    """Return how some customers stand, in one statement over their live orders and those with an open invoice."""
    known = {one.pk: one for one in customers}
    if not known:
        return {}
    live, same = IS_LIVE, Q(currency=F("customer__currency"))
    lent = live & Q(payment_terms__in=guards.ON_CREDIT)
    rows = Order.objects.filter(live | OWED, customer__in=list(known)).order_by().values("customer")
    owed = Case(When(lent, F("balance_due")), default=STRAY_DEBT, output_field=MONEY)
    sums = rows.annotate(open=Count("pk", filter=live), owed=Sum(owed, filter=same))
    found = {row["customer"]: (row["open"], row["owed"]) for row in sums}
    glances = {pk: found.get(pk, (0, None)) for pk in known}
    return {pk: Glance(count, _exact(owed, known[pk].currency)) for pk, (count, owed) in glances.items()}


def figures_of(customer: Customer) -> list[Figures]:
    """Return what all orders of a customer come to, per currency: one statement, answered by an index alone."""
    standing = ~Q(status__in=GONE)
    lent = Q(status__in=LIVE, payment_terms__in=guards.ON_CREDIT)
    came_back = Q(return_status__in=[Order.Returned.PARTIALLY_RETURNED, Order.Returned.RETURNED])
    rows = seen(Order.objects.filter(customer=customer)).exclude(status=S.DRAFT).order_by().values("currency")
    # Only columns of the index `order_customer_sums`: what is due is therefore added up, not read (invariant I3).
    kept = F("total") - F("cancelled_total") - F("credited_total")
    settled = F("paid_total") - F("refunded_total") + F("written_off_total")
    sums = rows.annotate(
        orders=Count("currency", filter=standing),
        value=Sum(kept, filter=standing),
        account=Sum(F("invoiced_total") - F("credited_total") - settled),
        on_credit=Sum(kept - settled, filter=lent),
        written_off=Sum("written_off_total"),
        shipped=Count("shipped_at"),
        came_back=Count("currency", filter=came_back),
        first_at=Min("placed_at", filter=standing),
        last_at=Max("placed_at", filter=standing),
    )
    found = [_figures(**row) for row in sums]
    return sorted(found, key=lambda one: (-one.orders, one.currency))


def _figures(
    *, currency: str, value: object, account: object, on_credit: object, written_off: object, **rest: object
) -> Figures:
    amounts = (_exact(amount, currency) for amount in (value, account, on_credit, written_off))
    value, account, on_credit, written_off = amounts
    figures = {"value": value, "account": account, "on_credit": on_credit, "written_off": written_off}
    return Figures(currency=currency, **figures, **rest)  # type: ignore[arg-type]


def _exact(amount: object, currency: str) -> Decimal:
    return round_amount(Decimal(str(amount or 0)), currency)


def usual(pks: Iterable[int], *, limit: int = 8, now: datetime | None = None) -> list[Usual]:
    """Return what was bought most often with some orders, over the last 24 months, in two statements."""
    since = (now or timezone.now()) - timedelta(days=USUAL_DAYS)
    lines = (
        OrderLine.objects.filter(order__in=list(pks), order__placed_at__gte=since, quantity__gt=F("cancelled"))
        .exclude(order__status__in=[S.DRAFT, *GONE])
        .order_by()
    )
    bought = lines.values("product").annotate(
        times=Count("order", distinct=True),
        units=Sum(F("quantity") - F("cancelled")),
        last_at=Max("order__placed_at"),
    )
    top = {row["product"]: row for row in bought.order_by("-times", "-units", "-last_at", "product")[:limit]}
    newest_first = Window(RowNumber(), partition_by="product", order_by=[F("order__placed_at").desc(), F("pk").desc()])
    last = lines.filter(product__in=list(top)).annotate(place=newest_first).filter(place=1)
    last = last.select_related("order", "product").only(*SHOWN_OF_USUAL)
    by_product = {line.product_id: line for line in last}
    return [
        Usual(by_product[product], row["times"], row["units"], row["last_at"])
        for product, row in top.items()
        if product in by_product
    ]
