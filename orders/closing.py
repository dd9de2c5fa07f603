"""What was sent and is not closed: the reasons, in the order in which the guard of the last step asks them.

Every order that was sent has exactly one of them, so that the lists behind the reasons add up to the list of all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from core import seat
from orders import guards
from orders.models import Order, OrderStatus

HOLD, DELIVERY, GRACE, INVOICE, BALANCE, RETURN, EXCEPTION, READY = (
    "hold", "delivery", "grace", "invoice", "balance", "return", "exception", "ready",
)  # fmt: skip
DELIVERED, INVOICED = Order.Fulfillment.DELIVERED, Order.Invoiced.INVOICED
ON_THE_ROAD = [code for code in Order.Fulfillment.values if code != DELIVERED]
TO_INVOICE = [code for code in Order.Invoiced.values if code != INVOICED]
# A hold that stops the last step; which steps it stops is kept as a list.
STOPPED = Q(active_holds__gt=0, stops__contains='"complete"')
FREE = Q(active_holds=0) | (Q(active_holds__gt=0) & ~Q(stops__contains='"complete"'))


@dataclass(frozen=True)
class Reason:
    """Why an order is not closed. `arrived`: the customer has the goods, so that it is for us to settle."""

    code: str
    label: Any
    rows: Callable[[date], Q]
    arrived: bool = True


def _arrived(today: date) -> Q:
    return FREE & (Q(fulfillment_status=DELIVERED) | Q(closes_on__lte=today))


def _on_the_road(**more: Any) -> Q:
    return FREE & Q(fulfillment_status__in=ON_THE_ROAD, **more)


def _billed(today: date) -> Q:
    return _arrived(today) & Q(invoice_status=INVOICED)


REASONS = {
    one.code: one
    for one in (
        Reason(READY, _("May be closed now"), lambda today: _settled(today, open_exceptions=0)),
        Reason(INVOICE, _("Not invoiced"), lambda today: _arrived(today) & Q(invoice_status__in=TO_INVOICE)),
        Reason(BALANCE, _("Balance open"), lambda today: _billed(today) & Q(balance_due__gt=0)),
        Reason(RETURN, _("Return open"), lambda today: _billed(today) & Q(balance_due__lte=0, open_returns__gt=0)),
        Reason(EXCEPTION, _("Exception open"), lambda today: _settled(today, open_exceptions__gt=0)),
        Reason(HOLD, _("On hold"), lambda today: STOPPED),
        Reason(GRACE, _("Grace period"), lambda today: _on_the_road(closes_on__gt=today), arrived=False),
        Reason(DELIVERY, _("On its way"), lambda today: _on_the_road(closes_on=None), arrived=False),
    )
}


def _settled(today: date, **more: Any) -> Q:
    return _billed(today) & Q(balance_due__lte=0, open_returns=0, **more)


def unclosed(reason: str = "", *, today: date | None = None) -> QuerySet[Order]:
    """Return what was sent and is not closed for a reason; for any of ours to settle where none is named."""
    day = today or seat.today()
    rows = Order.objects.filter(status=OrderStatus.FULFILLED).annotate(stops=Cast("blocked_transitions", TextField()))
    if reason:
        return rows.filter(REASONS[reason].rows(day))
    return rows.filter(STOPPED | _arrived(day))


def reason_of(order: Order) -> str:
    """Name why an order that was sent is not closed."""
    if "complete" in order.blocked_transitions:
        return HOLD
    if not guards.has_arrived(order):
        return GRACE if order.closes_on else DELIVERY
    if order.invoice_status != INVOICED:
        return INVOICE
    if order.balance_due > 0:
        return BALANCE
    if order.open_returns:
        return RETURN
    return EXCEPTION if order.open_exceptions else READY
