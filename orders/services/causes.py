"""Causes of exceptions: seen by themselves, and closed by themselves when they are gone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core.actors import SYSTEM
from core.models import Delivery, OutgoingMail
from core.service import service
from orders import categories, guards, selectors
from orders.models import Hold, Order, OrderException, OrderLine
from orders.sentences import CAUSE_GONE, CHECK_FAILED, LATE_FOR_STOCK, LATE_ON_ITS_WAY, PAYMENT_LAPSES

from .exceptions import OPEN, close_exceptions, open_exception, part_payment_key

AT_ONCE = 500
# A customer who has not paid is called so long before the order lapses.
LAPSES_WITHIN = timedelta(hours=24)
OVER = (*selectors.GONE, "completed")


def close_what_is_over(order_id: int) -> int:
    """Close the open exceptions of an order that have lost their cause. Returns how many."""
    return _close_over(list(_closing_themselves().filter(order=order_id)))


def sweep_exceptions() -> int:
    """Close every open exception that has lost its cause, where no event said so. Returns how many."""
    closed, after = 0, 0
    while True:
        rows = _closing_themselves().filter(pk__gt=after).order_by("pk")
        batch = list(rows[:AT_ONCE])
        if not batch:
            return closed
        closed += _close_over(batch)
        after = batch[-1].pk


def _closing_themselves() -> "QuerySet[OrderException]":
    """Return what is open and closes by itself; what somebody opened again has a reason that we do not know."""
    return OrderException.objects.filter(status__in=OPEN, category__in=list(categories.OVER), resolution="")


@service
def _close_over(exceptions: Sequence[OrderException]) -> int:
    kinds: dict[str, list[OrderException]] = defaultdict(list)
    for one in exceptions:
        kinds[one.category].append(one)
    over = [pk for code, rows in kinds.items() if code in categories.OVER for pk in categories.OVER[code](rows)]
    return close_exceptions(over, resolution=CAUSE_GONE(), actor=SYSTEM) if over else 0


def watch_late(now: datetime | None = None) -> int:
    """Put before a person what is not there on its day, and who has not paid and soon lapses. Returns how many."""
    when = now or timezone.now()
    return _open_late(when) + _open_lapsing(when)


def _open_late(when: datetime) -> int:
    # Whoever closed it after the day was over knew that it is late: it is not told again before another day passes.
    decided = Q(status__in=OPEN) | Q(closed_at__date__gt=OuterRef("promised_on"))
    known = OrderException.objects.filter(decided, order=OuterRef("pk"), category__in=("late", "backorder"))
    late = Order.objects.filter(selectors.late(timezone.localdate(when)), quiet=False).filter(~Exists(known))
    rows = list(late.order_by("promised_on", "pk")[:AT_ONCE])
    missing: dict[int, str] = {}
    for line in OrderLine.objects.filter(order__in=rows, backordered__gt=0).order_by("-position"):
        missing[line.order_id] = f"{line.backordered} × {line.sku}"
    for order in rows:
        day = order.promised_on.isoformat() if order.promised_on else ""
        units = missing.get(order.pk)
        open_exception(
            category="backorder" if units else "late",
            title=LATE_FOR_STOCK(units=units, day=day) if units else LATE_ON_ITS_WAY(order=order, day=day),
            dedupe_key=f"late:{order.pk}",
            order_id=order.pk,
            payload={"promised_on": day},
            at=when,
        )
    return len(rows)


def _open_lapsing(when: datetime) -> int:
    known = OrderException.objects.filter(order=OuterRef("pk"), category="payment_due")
    due = Order.objects.filter(
        status__in=selectors.AWAITING, payment_due_at__gt=when, payment_due_at__lte=when + LAPSES_WITHIN
    )
    rows = list(due.filter(~Exists(known)).order_by("payment_due_at", "pk")[:AT_ONCE])
    for order in rows:
        open_exception(
            category="payment_due",
            severity=OrderException.Severity.INFO,
            title=PAYMENT_LAPSES(order=order),
            dedupe_key=f"payment-due:{order.pk}",
            order_id=order.pk,
            due_at=order.payment_due_at,
            at=when,
        )
    return len(rows)


@service
def report_failed_check(hold_id: int) -> None:
    """Put an order before a person whose check failed, as long as that stops it."""
    hold = Hold.objects.select_related("order").filter(pk=hold_id, status=Hold.Status.ACTIVE).first()
    if hold is None or not hold.check_name or hold.order.quiet:
        return
    open_exception(
        category="check",
        title=CHECK_FAILED(order=hold.order, reason=hold.reason),
        dedupe_key=f"check:{hold.order_id}:{hold.check_name}",
        order_id=hold.order_id,
        payload={"check": hold.check_name, "hold": hold.pk},
    )


def _orders(exceptions: Iterable[OrderException]) -> dict[int, Order]:
    return Order.objects.select_related("channel").in_bulk({one.order_id for one in exceptions if one.order_id})


@categories.over("late", "backorder")
def arrived_or_redated(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order is not late any more: it arrived, is over, or has another day."""
    orders = _orders(exceptions)
    return {one.pk for one in exceptions if one.order_id and not selectors.is_late(orders[one.order_id])}


@categories.over("shortfall")
def units_found(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order is over: that its units were found is told when they are."""
    orders = _orders(exceptions)
    return {one.pk for one in exceptions if one.order_id and orders[one.order_id].status in OVER}


@categories.over("check")
def passed(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose hold was lifted."""
    holds = {one.payload.get("hold"): one.pk for one in exceptions}
    keys = [key for key in holds if key]
    still = set(Hold.objects.filter(pk__in=keys, status=Hold.Status.ACTIVE).values_list("pk", flat=True))
    return {pk for hold, pk in holds.items() if hold not in still}


@categories.over("payment_failed", "payment_due")
def paid_or_over(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order waits for no money any more."""
    orders = _orders(exceptions)
    waits = {pk for pk, one in orders.items() if one.status in selectors.AWAITING and guards.payment_missing(one)}
    return {one.pk for one in exceptions if one.order_id not in waits}


@categories.over("payment")
def rest_came_or_over(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those of orders paid in part whose rest came, or that are over. Other money is for a person to settle."""
    in_part = [one for one in exceptions if one.dedupe_key == part_payment_key(one.order_id)]
    return paid_or_over(in_part)


@categories.over("mail")
def sent_after_all(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose mail was sent, or is not there any more."""
    mails = {one.pk: one.payload.get("mail") for one in exceptions}
    refused = OutgoingMail.objects.filter(pk__in=[pk for pk in mails.values() if pk])
    still = set(refused.exclude(status=OutgoingMail.Status.SENT).values_list("pk", flat=True))
    return {pk for pk, mail in mails.items() if mail not in still}


@categories.over("dead_debt")
def done_after_all(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose work was done or is tried again."""
    debts = {one.pk: one.payload.get("delivery") for one in exceptions}
    dead = Delivery.objects.filter(pk__in=[pk for pk in debts.values() if pk], status=Delivery.Status.DEAD)
    still = set(dead.values_list("pk", flat=True))
    return {pk for pk, debt in debts.items() if debt not in still}
