"""What was sent and is not closed, as the daily close shows it: why, since when, and what settles it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.admin.links import page_of
from core.models import EventRecord
from core.reader import retold, spoken_amount, spoken_date
from core.sight import seen
from core.today import count
from fulfillment.models import Shipment
from orders import closing
from orders.closing import BALANCE, DELIVERY, EXCEPTION, GRACE, HOLD, INVOICE, READY, REASONS, RETURN
from orders.events import DAILY_CLOSE, DayClosed
from orders.models import Order, OrderException
from orders.selectors import HEAVY, open_exceptions
from returns.models import ReturnRequest
from returns.selectors import OPEN as OPEN_RETURNS

PER_PAGE = 50
ON_THE_ROAD = (Shipment.Status.IN_TRANSIT, Shipment.Status.OUT_FOR_DELIVERY, Shipment.Status.DELIVERY_FAILED)
STEP, MONEY_STEP = "admin:orders_order_do", "admin:billing_order_do"
# What settles a reason: the step of the order, who may take it, and its name.
STEPS = {
    READY: (STEP, "complete", "orders.operate_order", gettext_noop("Complete")),
    INVOICE: (MONEY_STEP, "invoice", "billing.operate_payment", gettext_noop("Invoice now")),
    BALANCE: (MONEY_STEP, "payment", "billing.operate_payment", gettext_noop("Record a payment")),
    HOLD: (STEP, "release-hold", "orders.release_hold", gettext_noop("Lift a hold")),
}


@dataclass(frozen=True)
class Row:
    """An order that is not closed."""

    order: Order
    label: str
    why: str
    tone: str
    since: datetime | None
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Page:
    """Some of the orders, the oldest first, and whether others come before and after."""

    rows: list[Row]
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Beside:
    """What the sentences of a page name besides the orders, read once for all of them."""

    returns: dict[int, ReturnRequest]
    exceptions: dict[int, OrderException]
    parcels: dict[int, Shipment]


def counts() -> list[tuple[str, str, int]]:
    """Return the reasons with how many orders have each, counted no further than anybody reads."""
    every = [("", _("Delivered, not closed"), count(closing.unclosed()))]
    return every + [(code, str(one.label), count(closing.unclosed(code))) for code, one in REASONS.items()]


def ready(most: int) -> list[int]:
    """Return the orders that may be closed now, as far as the reader sees them; the oldest `most`."""
    return list(seen(closing.unclosed(READY)).order_by("pk").values_list("pk", flat=True)[:most])


def page(reason: str, user: Any, *, after: int | None = None, before: int | None = None) -> Page:
    """Return a page of orders, read on from one of them."""
    rows = seen(closing.unclosed(reason)).defer(*HEAVY)
    if before is not None:
        some = list(rows.filter(pk__lt=before).order_by("-pk")[: PER_PAGE + 1])
        has_more, some = len(some) > PER_PAGE, some[:PER_PAGE][::-1]
        edges = (some[0].pk if some and has_more else None, some[-1].pk if some else None)
    else:
        some = list((rows if after is None else rows.filter(pk__gt=after)).order_by("pk")[: PER_PAGE + 1])
        has_more, some = len(some) > PER_PAGE, some[:PER_PAGE]
        edges = (some[0].pk if some and after is not None else None, some[-1].pk if some and has_more else None)
    beside = _beside(some)
    return Page([_row(order, user, beside) for order in some], *edges)


def last_close() -> tuple[datetime, int] | None:
    """Return when the house closed by itself last, and how many orders that was."""
    rows = EventRecord.objects.filter(thread=DAILY_CLOSE, name=DayClosed.name).order_by("-id")
    last = rows.first()
    return (last.at, int(last.payload.get("closed", 0))) if last else None


def _beside(orders: Iterable[Order]) -> Beside:
    by_reason: dict[str, list[int]] = {}
    for order in orders:
        by_reason.setdefault(closing.reason_of(order), []).append(order.pk)
    road = [*by_reason.get(DELIVERY, []), *by_reason.get(GRACE, [])]
    returns = ReturnRequest.objects.filter(order__in=by_reason.get(RETURN, []), status__in=OPEN_RETURNS)
    exceptions = open_exceptions().filter(order__in=by_reason.get(EXCEPTION, []))
    parcels = Shipment.objects.filter(order__in=road, status__in=ON_THE_ROAD)
    return Beside(
        {one.order_id: one for one in seen(returns).order_by("-pk")},
        {one.order_id: one for one in exceptions.order_by("-created_at") if one.order_id},
        {one.order_id: one for one in seen(parcels).order_by("-pk")},
    )


def _row(order: Order, user: Any, beside: Beside) -> Row:
    reason = closing.reason_of(order)
    url, action = _settled_by(order, reason, user, beside)
    return Row(
        order=order,
        label=str(REASONS[reason].label),
        why=SENTENCES[reason](order, beside),
        tone={READY: "good", DELIVERY: "info", GRACE: "info", EXCEPTION: "bad"}.get(reason, "warn"),
        since=order.delivered_at or order.shipped_at,
        url=url,
        action=action,
    )


def _settled_by(order: Order, reason: str, user: Any, beside: Beside) -> tuple[str, str]:
    """Return the address and the name of what settles a reason, as far as the person may do it."""
    if reason in STEPS:
        route, step, permission, name = STEPS[reason]
        back = f"?next={reverse('desk:close')}"
        url = reverse(route, args=[order.pk, step])
        return (f"{url}{back}", _(name)) if user.has_perm(permission) else ("", "")
    found: tuple[Any, str, str] = {
        RETURN: (beside.returns.get(order.pk), "returns.view_returnrequest", _("Settle the return")),
        EXCEPTION: (beside.exceptions.get(order.pk), "orders.view_orderexception", _("Open the exception")),
        DELIVERY: (beside.parcels.get(order.pk), "fulfillment.view_shipment", _("Look at the parcel")),
        GRACE: (beside.parcels.get(order.pk), "fulfillment.view_shipment", _("Look at the parcel")),
    }[reason]
    record, permission, words = found
    return (page_of(record), words) if record is not None and user.has_perm(permission) else ("", "")


def _why_return(order: Order, beside: Beside) -> str:
    found = beside.returns.get(order.pk)
    if found is None:
        return _("A return is open.")
    return _("Return %(number)s is open: %(status)s.") % {"number": found, "status": found.get_status_display()}


def _why_exception(order: Order, beside: Beside) -> str:
    found = beside.exceptions.get(order.pk)
    return retold(found.title) if found else _("An exception is open.")


def _why_grace(order: Order, beside: Beside) -> str:
    words = _("Nobody has said that it arrived; from %(day)s on it counts as arrived.")
    return words % {"day": spoken_date(order.closes_on)} if order.closes_on else ""


SENTENCES: dict[str, Callable[[Order, Beside], str]] = {
    READY: lambda order, beside: _("Nothing is in the way."),
    INVOICE: lambda order, beside: _("Not everything is on an invoice yet."),
    BALANCE: lambda order, beside: (
        _("%(amount)s is still to be paid.") % {"amount": spoken_amount(order.balance_due, order.currency)}
    ),
    RETURN: _why_return,
    EXCEPTION: _why_exception,
    HOLD: lambda order, beside: retold(order.hold_reason) or _("On hold"),
    GRACE: _why_grace,
    DELIVERY: lambda order, beside: _("It has left, and nobody has said that it arrived."),
}
