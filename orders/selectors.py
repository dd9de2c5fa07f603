"""What screens and services read about orders."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value
from django.db.models.functions import Cast, Coalesce

from core import seat
from core.often import Slot, Word, one_of
from customers.models import Customer
from customers.selectors import written_down_for
from inventory.models import Allocation, Product
from inventory.selectors import kits_with
from orders import guards
from orders.models import OWED, Draft, Hold, Order, OrderException, OrderLine, OrderStatus, Replacement, parts_in
from orders.searching import first_found, search
from orders.standing import allowed_actions, blocked_because, display_status, need, next_step
from pricing.models import Channel
from pricing.services import TRIAL

__all__ = [
    "active_holds",
    "allowed_actions",
    "arrived",
    "awaiting_payment",
    "buyers_on",
    "blocked_because",
    "display_status",
    "drafts",
    "first_found",
    "for_lists",
    "in_line",
    "is_late",
    "known_to",
    "late",
    "lendable",
    "lent",
    "need",
    "next_step",
    "number_of_reference",
    "on_credit",
    "open_exceptions",
    "orders",
    "owing",
    "parked",
    "search",
    "sold",
    "spoken_for",
    "waiting_for",
    "with_sku",
    "with_standing",
    "with_their_kits",
]

S = OrderStatus
GONE = frozenset({S.CANCELLED, S.EXPIRED})
LIVE = frozenset({S.PLACED, S.VERIFIED, S.CONFIRMED, S.FULFILLING, S.FULFILLED})
# The same, said so that the index of live orders is used whoever is asked about.
IS_LIVE = Q(status__in=[Word(one.value) for one in sorted(LIVE)])
# Not confirmed: money may still have to come in.
AWAITING = frozenset({S.PLACED, S.VERIFIED})
# As long as an order is one of these, its rank decides something.
WAITING = frozenset({S.PLACED, S.VERIFIED, S.CONFIRMED, S.FULFILLING})
# Nobody has begun to work on these: what is tied to them may still go to somebody else.
UNBEGUN = frozenset({S.PLACED, S.VERIFIED, S.CONFIRMED})
PROMISED = frozenset({S.CONFIRMED, S.FULFILLING, S.FULFILLED})
# How those who wait are served: who lent units first.
SERVED = (F("lent_until").asc(nulls_last=True), "order__rank", "order")
# Long texts and reasons that no list shows.
HEAVY = ("explanation", "sourcing", "tax_breakdown", "gift_note")


def orders(channels: Iterable[str] | None = None) -> QuerySet[Order]:
    """Return the orders that were placed, with channel, customer and method; of some channels only if asked."""
    rows = Order.objects.select_related("channel", "customer", "shipping_method").exclude(status=S.DRAFT)
    return rows if channels is None else rows.filter(channel__code__in=set(channels))


def offered(channels: Iterable[str] | None = None) -> QuerySet[Order]:
    """Return what was offered as a quotation and was not changed before it was accepted; of some channels if asked."""
    rows = Order.objects.filter(draft__offered_at__isnull=False, draft__valid_until__isnull=False)
    return rows if channels is None else rows.filter(channel__code__in=set(channels))


def for_lists(rows: QuerySet[Order]) -> QuerySet[Order]:
    """Leave out what no list shows."""
    return rows.defer(*HEAVY)


def drafts() -> QuerySet[Order]:
    """Return what is still being put together, the youngest first."""
    return Order.objects.filter(status=S.DRAFT).select_related("channel", "customer").order_by("-pk")


def parked() -> QuerySet[Draft]:
    """Return the drafts somebody may go on with, what was changed last first, each with how many lines it has."""
    lines = OrderLine.objects.filter(order=OuterRef("order")).order_by().values("order").annotate(n=Count("pk"))
    rows = Draft.objects.filter(open=True).select_related("order__customer", "order__channel").defer("typed")
    return rows.annotate(lines=Coalesce(Subquery(lines.values("n")), 0)).order_by("-changed_at")


def late(today: date | None = None) -> Q:
    """Return the condition of orders that are not there on the day that was promised."""
    day = today or seat.today()
    return Q(promised_on__lt=day, status__in=PROMISED) & ~Q(fulfillment_status=Order.Fulfillment.DELIVERED)


def is_late(order: Order, today: date | None = None) -> bool:
    """Whether an order is not there on the day that was promised."""
    return (
        order.promised_on is not None
        and order.promised_on < (today or seat.today())
        and order.status in PROMISED
        and order.fulfillment_status != Order.Fulfillment.DELIVERED
    )


def sold(start: datetime, end: datetime, *, rows: QuerySet[Order] | None = None) -> QuerySet[Order]:
    """Return the orders placed in a span of time that stand; what somebody tried out is none."""
    placed = (Order.objects.all() if rows is None else rows).filter(placed_at__gte=start, placed_at__lt=end)
    return placed.exclude(status__in=[S.DRAFT, *GONE]).exclude(channel__code=TRIAL)


def arrived(first: date, last: date, *, rows: QuerySet[Order] | None = None) -> QuerySet[Order]:
    """Return the orders with a promise that arrived within some days, both included."""
    begun, over = seat.began(first), seat.began(last + timedelta(days=1))
    found = (Order.objects.all() if rows is None else rows).filter(delivered_at__gte=begun, delivered_at__lt=over)
    return found.filter(first_promised_on__isnull=False)


def with_sku(rows: QuerySet[Order], sku: str) -> QuerySet[Order]:
    """Narrow orders to those with a line of a SKU."""
    return rows.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), sku=sku.strip().upper())))


def buyers_on(channels: Iterable[str] | None) -> Q:
    """Return the condition of customers with an order (of channels); one linked by an e-mail address says nothing."""
    theirs = Order.objects.filter(customer=OuterRef("pk"), found_by_email=False).exclude(status=S.DRAFT).order_by()
    if channels is not None:
        theirs = theirs.filter(channel__in=Channel.objects.filter(code__in=set(channels)))
    # One look into the index per customer: of EXISTS, PostgreSQL would make a list of all buyers for every page.
    return Q(pk=Subquery(theirs.values("customer")[:1]))


def known_to(channels: Iterable[str]) -> Q:
    """Return the condition of the customers whom a sender limited to channels may name."""
    return written_down_for(channels) | buyers_on(channels)


def awaiting_payment() -> QuerySet[Order]:
    """Return the accepted orders that wait for money."""
    awaits = Q(payment_terms=guards.PREPAID) | Q(deposit_total__gt=0)
    return Order.objects.filter(awaits, status=S.VERIFIED, active_holds=0)


def active_holds() -> QuerySet[Hold]:
    """Return what stops orders now, the oldest first."""
    return Hold.objects.filter(status=Hold.Status.ACTIVE).select_related("order").order_by("created_at", "pk")


def part_holds(order: Order) -> list[Hold]:
    """Return the active holds on lines or pieces of work of an order; one that has no holds asks nobody."""
    if not order.active_holds:
        return []
    parts = active_holds().filter(Q(line__isnull=False) | ~Q(work=""), order=order)
    return list(parts.select_related("line").order_by("pk"))


def part_holds_of(of: Collection[Order]) -> dict[int, list[Hold]]:
    """Return the active holds on parts of many orders, by the id of the order; where none has holds, nobody asks."""
    if not (held := [order.pk for order in of if order.active_holds]):
        return {}
    parts = active_holds().filter(Q(line__isnull=False) | ~Q(work=""), order__in=held)
    found: dict[int, list[Hold]] = {}
    for hold in parts.select_related(None).order_by("pk"):
        found.setdefault(hold.order_id, []).append(hold)
    return found


def open_exceptions() -> QuerySet[OrderException]:
    """Return what waits for a person, the oldest first."""
    closed = [OrderException.Status.RESOLVED, OrderException.Status.DISMISSED]
    return OrderException.objects.exclude(status__in=closed).select_related("order", "owner").order_by("created_at")


def number_of_reference(channel: Channel, reference: str) -> str | None:
    """Return the number of the order that a channel sent with this reference, if it did."""
    if not reference:
        return None
    found = Order.objects.filter(channel=channel, external_reference=reference)
    return found.values_list("number", flat=True).first()


def with_standing(
    rows: QuerySet[Customer],
    *,
    channel_id: int,
    reference: str = "",
    goods_key: str,
    since: datetime,
    until: datetime,
) -> QuerySet[Any]:
    """Add to customers the numbers of an order with this reference, and of one for the same goods in a span of time.

    One statement tells who buys, and whether the same was sent a moment ago.
    """
    twins = Order.objects.filter(
        customer=OuterRef("pk"), goods_key=goods_key, placed_at__range=(since, until)
    ).exclude(status__in=[*GONE, S.DRAFT])
    known = Order.objects.filter(channel=channel_id, external_reference=reference)
    known = known if reference else known.none()
    return rows.annotate(
        twin=Subquery(twins.order_by("-pk").values("number")[:1]),
        same_reference=Subquery(known.order_by().values("number")[:1]),
    )


def on_credit(customer_id: int | Slot, currency: str | Slot) -> QuerySet[Order]:
    """Return the orders of a customer that use up the credit limit, which is in a currency."""
    return Order.objects.filter(
        customer=customer_id, currency=currency, payment_terms__in=guards.ON_CREDIT, status__in=LIVE
    )


def owing(customer_id: int | Slot, currency: str | Slot) -> QuerySet[Order]:
    """Return the orders of a customer that count against the credit limit: on account, or with an invoice not paid.

    A debt that came back (a payment charged back, a write-off taken back) is one, whatever the terms, and though its
    order is closed.
    """
    counts = IS_LIVE & Q(payment_terms__in=guards.ON_CREDIT) | OWED
    return Order.objects.filter(counts, customer=customer_id, currency=currency)


def in_line() -> QuerySet[OrderLine]:
    """Return the lines that wait for units; who was to pay first and has not stands in no line."""
    return OrderLine.objects.filter(backordered__gt=0, order__status__in=LIVE, order__stock_lapsed=False)


def lendable(product_ids: Iterable[int] | Slot, *, today: date | Slot | None = None) -> QuerySet[Allocation]:
    """Return what is tied to confirmed orders that want it later and miss nothing but what they lent already.

    What ships complete lends nothing, and no part of a kit is lent.
    """
    theirs = OrderLine.objects.filter(order=OuterRef("reservation__order"))
    tied = Allocation.objects.filter(
        one_of("stock_item__product_id", product_ids),
        quantity__gt=F("consumed") + F("released"),
        stock_item__warehouse__active=True,
        reservation__order__status=S.CONFIRMED,
        reservation__order__all_later=True,
        reservation__order__ship_complete=False,
        reservation__order__requested_delivery_on__isnull=False,
        reservation__order__starts_on__gt=today or seat.today(),
    )
    same = theirs.filter(position=OuterRef("key"), product=OuterRef("stock_item__product"))
    return tied.filter(Exists(same), ~Exists(theirs.filter(backordered__gt=F("lent"))))


# Of what is lendable: the last day on which it must be back, and its units.
SAFE_ON = F("reservation__order__starts_on")
TIED = F("quantity") - F("consumed") - F("released")


def lent(product_ids: Iterable[int] | None = None) -> QuerySet[OrderLine]:
    """Return the lines that lent units, the first to get them back first; of some products only if asked."""
    rows = OrderLine.objects.filter(lent__gt=0, order__status__in=LIVE)
    rows = rows if product_ids is None else rows.filter(product__in=list(product_ids))
    return rows.order_by("lent_until", "order__rank", "order", "position")


def waiting_for(product_ids: Iterable[int], *, limit: int | None = None) -> list[int]:
    """Return the orders that wait for units of products, or for kits made of them now or once, as they are served.

    Who lent units gets them back first, then the lowest rank. No more than `limit` lines of them are looked at.
    """
    wanted = set(product_ids)
    rows = in_line().filter(Q(product__in=wanted) | kits_with(wanted))
    ranked = rows.order_by(*SERVED).values_list("order", flat=True)
    return list(dict.fromkeys(ranked[:limit]))


def spoken_for(product_ids: Iterable[int], *, rank: int) -> dict[int, int]:
    """Return, per product on a shelf, the units for which orders wait that stand before a new one of this rank.

    Of equal ranks who is there already stands in front. Who waits for a kit waits for its parts.
    """
    wanted = set(product_ids)
    kits = in_line().filter(kits_with(wanted), kind=Product.Kind.KIT)
    first = Q(order__rank__lte=rank) | Q(lent__gt=0)
    ahead = [
        lines.filter(first).order_by().values_list("product").annotate(frozen=frozen, units=units)
        for lines, frozen in (
            (_waiting_lines(wanted), Cast(Value(None), TextField())),
            (kits, Cast("parts", TextField())),
        )
        for units in (Sum("backordered"),)
    ]
    found: dict[int, int] = defaultdict(int)
    for product, frozen, units in ahead[0].union(ahead[1], all=True):
        if frozen is None:
            found[product] += units
        for part, per in parts_in(json.loads(frozen)) if frozen else ():
            if part in wanted:
                found[part] += per * units
    return dict(found)


def with_their_kits(product_ids: Iterable[int]) -> set[int]:
    """Return products, kits with them for which orders wait, other parts of these, kits with those, and so on.

    They share one supply.
    """
    kits = in_line().filter(kind=Product.Kind.KIT).order_by().values_list("product", Cast("parts", TextField()))
    known = [(kit, parts_in(json.loads(frozen))) for kit, frozen in kits.distinct()]
    found = set(product_ids)
    while more := {
        product
        for kit, parts in known
        if not found.isdisjoint(group := {kit, *(part for part, _per in parts)})
        for product in group - found
    }:
        found |= more
    return found


def _waiting_lines(product_ids: Iterable[int]) -> QuerySet[OrderLine]:
    return in_line().filter(product__in=list(product_ids))


def sent_again(order_id: int) -> dict[str, Order]:
    """Return the orders that bring once more what parcels of an order lost, by the number of the parcel."""
    rows = Replacement.objects.filter(replaced=order_id).exclude(order__status__in=GONE).select_related("order")
    return {row.reference: row.order for row in rows}
