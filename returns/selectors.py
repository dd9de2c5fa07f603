"""What may come back, and how returns stand: read only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import DecimalField, F, Prefetch, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import selectors as billing_selectors
from billing.models import InvoiceLine, Refund
from core import seat
from core.actors import Actor
from core.models import exact
from core.sight import seen
from customers.models import Customer
from inventory.models import Warehouse
from orders.models import Order, OrderLine
from returns.eligibility import GOODS, Answer, Buyer, Line, Terms, judge
from returns.models import ReturnLine, ReturnPolicy, ReturnRequest

Status = ReturnRequest.Status
# Somebody still has to do something.
OPEN = (
    Status.REQUESTED,
    Status.AUTHORIZED,
    Status.IN_TRANSIT,
    Status.PARTIALLY_RECEIVED,
    Status.RECEIVED,
    Status.INSPECTED,
    Status.RESOLVED,
)
STAFF = frozenset({"staff", "system"})


@dataclass(frozen=True)
class ReturnableLine:
    """A line of an order of which so many units may come back, until a day if there is one."""

    line: OrderLine
    quantity: int
    until: date | None


def returnable_lines(order: Order, *, staff: bool = False, at: datetime | None = None) -> list[ReturnableLine]:
    """Return the lines of an order of which something may come back now."""
    lines = lines_with_claims(order)
    answer = judge_lines(order, lines, staff=staff, at=at or timezone.now())
    units = answer.units()
    return [ReturnableLine(line, units[line.pk], answer.until) for line in lines if line.pk in units]


def lines_with_claims(order: Order) -> list[OrderLine]:
    """Return the lines of an order, each with the units that wait for an answer (`requested`)."""
    waiting = Q(return_lines__return_request__status=Status.REQUESTED)
    lines = OrderLine.objects.filter(order=order).select_related("product").order_by("position")
    return list(lines.annotate(requested=Coalesce(Sum("return_lines__quantity", filter=waiting), 0)))


def judge_lines(order: Order, lines: Iterable[OrderLine], *, staff: bool, at: datetime) -> Answer:
    """Ask the rules about lines as `lines_with_claims` returns them."""
    seen = [
        Line(
            key=line.pk,
            kind=line.kind,
            shipped=line.shipped,
            delivered=line.delivered,
            authorized=line.return_authorized,
            requested=getattr(line, "requested", 0),
        )
        for line in lines
    ]
    delivered_on = seat.day_of(order.delivered_at) if order.delivered_at else None
    buyer = Buyer(is_consumer=is_consumer(order), is_staff=staff)
    return judge(seen, delivered_on=delivered_on, today=seat.day_of(at), terms=terms_of(order), buyer=buyer)


# Until here what goes back may become something else.
UNSETTLED = tuple(one for one in OPEN if one != Status.RESOLVED)


def may_choose(found: ReturnRequest) -> bool:
    """Say whether what goes back of a return can still be changed."""
    return found.status in UNSETTLED


def is_staff(actor: Actor) -> bool:
    """Say whether somebody of the house asks."""
    return actor.kind in STAFF


def is_consumer(order: Order) -> bool:
    """Say whether the buyer has the rights of a consumer."""
    if order.customer is None:
        return not order.bill_to.company
    return order.customer.kind == Customer.Kind.PERSON


def policy_of(order: Order) -> ReturnPolicy | None:
    """Return the policy of the order's channel, else the one of all channels, if there is any."""
    own_or_common = Q(channel=order.channel_id) | Q(channel__isnull=True)
    return ReturnPolicy.objects.filter(own_or_common).order_by(Coalesce("channel", 0).desc()).first()


def terms_of(order: Order) -> Terms:
    """Return how long customers may return."""
    policy = policy_of(order)
    if policy is None:
        return Terms()
    return Terms(policy.days, policy.withdrawal_days, policy.refunds_delivery, policy.offers_credit)


def may_be_credit(order: Order) -> bool:
    """Say whether what goes back of an order can become store credit: it is somebody's, and came in another way."""
    return order.customer_id is not None and billing_selectors.is_paid_otherwise(order)


def offers_credit(order: Order) -> bool:
    """Say whether customers are asked if they want store credit instead of their money."""
    return may_be_credit(order) and terms_of(order).offers_credit


def why_not(reason: str) -> str:
    """Say in words why units may not come back."""
    return {
        "not_goods": _("Services and digital items cannot be given back."),
        "not_delivered": _("It has not been delivered yet."),
        "too_late": _("The time to return it is over."),
        "already_returned": _("All of it is on a return already."),
    }.get(reason, "")


def takes_all_goods_back(found: ReturnRequest, credited: Mapping[int, int]) -> bool:
    """Say whether, with these units of a return, every good of its order was given back by withdrawal."""
    withdrawn = Q(
        return_lines__return_request__status__in=(Status.RESOLVED, Status.CLOSED),
        return_lines__return_request__is_withdrawal=True,
        return_lines__resolution=ReturnLine.Resolution.REFUND,
    )
    # The return itself may be resolved by now: its units are those that are credited.
    withdrawn &= ~Q(return_lines__return_request=found.pk)
    goods = OrderLine.objects.filter(order=found.order_id, kind__in=GOODS)
    lines = goods.annotate(before=Coalesce(Sum("return_lines__received", filter=withdrawn), 0))
    return all(line.before + credited.get(line.pk, 0) >= line.quantity - line.cancelled for line in lines)


def charges_left_to_credit(order: Order) -> QuerySet[InvoiceLine]:
    """Return the charges on invoices of an order of which something is left; a discount follows the goods."""
    rows = InvoiceLine.objects.filter(invoice__order=order, invoice__number__isnull=False, order_line__isnull=True)
    back = Coalesce(Sum("credits__quantity"), 0)
    money = exact(Coalesce(Sum("credits__total"), Value(Decimal(0)), output_field=DecimalField()))
    left = rows.filter(total__gte=0).annotate(back=back, money=money).filter(back__lt=F("quantity"))
    return left.filter(Q(money__lt=exact(F("total"))) | Q(total=0)).order_by("pk")


def charges_given_back(order: Order) -> bool:
    """Say whether an earlier return took the delivery charges back."""
    return ReturnRequest.objects.filter(order=order, with_charges=True).exists()


def settled_at(refund_id: int) -> datetime | None:
    """Return when the money of a refund was sent."""
    return Refund.objects.filter(pk=refund_id).values_list("settled_at", flat=True).first()


def goes_to(found: ReturnRequest) -> Warehouse | None:
    """Return where the customer sends it: the warehouse that was named, else the first one of the house."""
    return found.warehouse or Warehouse.objects.filter(active=True).order_by("last_resort", "priority", "pk").first()


def return_rows() -> QuerySet[ReturnRequest]:
    """Return returns with what lists and pages show of them."""
    lines = ReturnLine.objects.select_related("order_line__product").order_by("order_line__position")
    return ReturnRequest.objects.select_related("order__channel", "order__customer", "warehouse").prefetch_related(
        Prefetch("lines", lines)
    )


def returns_of(order: Order) -> list[ReturnRequest]:
    """Return the returns of an order, oldest first, with their lines."""
    return list(seen(return_rows()).filter(order=order).order_by("pk"))


def open_returns_of(customer: Customer) -> QuerySet[ReturnRequest]:
    """Return the returns of a customer that somebody still has to do something about, the newest first."""
    return (
        ReturnRequest.objects.filter(order__customer=customer, status__in=OPEN).select_related("order").order_by("-pk")
    )


def returns_among(orders: Iterable[int], *, limit: int) -> list[ReturnRequest]:
    """Return the latest returns of some orders, with their lines."""
    return list(seen(return_rows()).filter(order__in=list(orders)).order_by("-pk")[:limit])
