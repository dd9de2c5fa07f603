"""Promises that will be missed: told once each, before they are, and put before a person until the cause is gone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from inventory.models import GOODS
from orders import categories, promise
from orders.events import PromiseAtRisk
from orders.models import Order, OrderException, OrderLine, OrderStatus
from orders.sentences import CAUSE_GONE, COMES_LATE, NOT_LEFT, PROMISE_AT_RISK

from .book import save_figures, take_order
from .exceptions import OPEN, close_exceptions, open_exception
from .promising import calendars_of

# Promises of so many days are looked at; what is promised for later is seen when its time comes.
DAYS_AHEAD = 21
AT_ONCE = 500
CATEGORY = "promise"
ON_OUR_HANDS = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)
NOT_ALL_GONE = (Order.Fulfillment.UNFULFILLED, Order.Fulfillment.PARTIALLY_SHIPPED)


@dataclass(frozen=True)
class Risk:
    """When an order can be there at best, and why that is not in time."""

    expected_on: date
    because: str


def watch_promises(now: datetime | None = None) -> int:
    """Warn of every promise that will be missed, and close warnings without cause. Returns how many were warned of."""
    when = now or timezone.now()
    _let_go(when)
    today = timezone.localdate(when)
    near = _unshipped().filter(promised_on__range=(today, today + timedelta(days=DAYS_AHEAD)))
    new = near.filter(Q(at_risk_on__isnull=True) | ~Q(at_risk_on=F("promised_on")))
    warned = 0
    for batch in _batches(new):
        for order_id, risk in _risks(batch, at=when).items():
            warned += _warn(order_id, risk, at=when)
    return warned


def _unshipped() -> QuerySet[Order]:
    rows = Order.objects.filter(status__in=ON_OUR_HANDS, fulfillment_status__in=NOT_ALL_GONE)
    read = ("channel", "status", "promised_on", "at_risk_on", "sourcing", "fulfillment_status")
    return rows.select_related("channel").only(*read, "channel__handling_days")


def _batches(rows: QuerySet[Order]) -> Iterator[list[Order]]:
    """Read orders by the day that was promised, some hundred at a time."""
    after: tuple[date, int] | None = None
    while True:
        rest = rows
        if after is not None:
            rest = rows.filter(Q(promised_on__gt=after[0]) | Q(promised_on=after[0], pk__gt=after[1]))
        batch = list(rest.order_by("promised_on", "pk")[:AT_ONCE])
        if not batch:
            return
        yield batch
        last = batch[-1]
        after = (last.promised_on or date.max, last.pk)


def _risks(orders: Iterable[Order], *, at: datetime) -> dict[int, Risk]:
    """Return which of some orders will miss their promise, in one statement."""
    found = {order.pk: order for order in orders}
    still: dict[int, set[str]] = {pk: set() for pk in found}
    open_lines = OrderLine.objects.filter(order__in=found, kind__in=GOODS).filter(
        quantity__gt=F("cancelled") + F("shipped")
    )
    for order_id, position in open_lines.values_list("order_id", "position"):
        still[order_id].add(str(position))
    return {pk: risk for pk, order in found.items() if (risk := _risk(order, still[pk], at=at))}


def _risk(order: Order, still: set[str], *, at: datetime) -> Risk | None:
    """Look at the parcels of which something is open: whether the last of them can be there in time."""
    parcels = [one for one in order.sourcing.get("parcels", []) if still.intersection(one["lines"])]
    calendars = calendars_of({parcel["warehouse"] for parcel in parcels})
    days = [
        (promise.at_best(one, at=at, handling_days=order.channel.handling_days, calendars=calendars), one["kind"])
        for one in parcels
    ]
    if not days or order.promised_on is None:
        return None
    last, kind = max(days)
    return Risk(last, COMES_LATE if kind == promise.BACKORDER else NOT_LEFT) if last > order.promised_on else None


@service
def _warn(order_id: int, risk: Risk, *, actor: Actor = SYSTEM, at: datetime) -> bool:
    """Tell once that a promise will be missed, and put it before a person."""
    order = take_order(order_id)
    day = order.promised_on
    if order.status not in ON_OUR_HANDS or day is None or order.at_risk_on == day or day >= risk.expected_on:
        return False
    order.at_risk_on = day
    save_figures(order, "at_risk_on")
    emit(
        PromiseAtRisk(
            order_id=order.pk,
            promised_on=day.isoformat(),
            expected_on=risk.expected_on.isoformat(),
            because=risk.because,
            quiet=order.quiet,
        ),
        actor=actor,
        at=at,
    )
    open_exception(
        category=CATEGORY,
        title=PROMISE_AT_RISK(order=order, day=day, reason=risk.because),
        dedupe_key=f"{CATEGORY}:{order.pk}",
        order_id=order.pk,
        payload={"promised_on": day.isoformat(), "expected_on": risk.expected_on.isoformat()},
        actor=actor,
        at=at,
    )
    return True


def _let_go(at: datetime) -> None:
    """Close the warnings whose cause is gone: it left, it is over, it is promised for another day or will be there."""
    # What somebody opened again has a reason that we do not know.
    rows = OrderException.objects.filter(category=CATEGORY, status__in=OPEN, order__isnull=False, resolution="")
    ids = dict(rows.order_by("pk").values_list("pk", "order_id"))
    everything = list(ids.items())
    for start in range(0, len(everything), AT_ONCE):
        batch = dict(everything[start : start + AT_ONCE])
        orders = {order.pk: order for order in _unshipped().filter(pk__in=batch.values())}
        risks = _risks(orders.values(), at=at)
        _close(batch, orders, risks, at=at)


@categories.over(CATEGORY)
def left_or_redated(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order left, is over, or is promised for another day than the one that was at risk."""
    orders = Order.objects.in_bulk({one.order_id for one in exceptions if one.order_id})
    return {one.pk for one in exceptions if one.order_id and not _is_at_risk(orders[one.order_id])}


def _is_at_risk(order: Order) -> bool:
    on_our_hands = order.status in ON_OUR_HANDS and order.fulfillment_status in NOT_ALL_GONE
    return on_our_hands and order.at_risk_on == order.promised_on


def _close(
    exceptions: Mapping[int, int | None], orders: Mapping[int, Order], risks: Mapping[int, Risk], *, at: datetime
) -> None:
    moved = {pk for pk, order in orders.items() if order.at_risk_on != order.promised_on}
    over = [one for one, order_id in exceptions.items() if order_id not in risks or order_id in moved]
    if over:
        close_exceptions(over, resolution=CAUSE_GONE(), actor=SYSTEM, at=at)
