"""What must be true before an order moves on: pure functions of the order's own columns, with the reason in words."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import seat
from core.money import Money
from core.reader import spoken_amount, spoken_date
from orders.verification import COMPLETE, failed

PREPAID = "prepaid"
# Terms on credit: the customer's limit is looked at.
ON_CREDIT = frozenset({"net14", "net30"})
# Terms under which goods leave before the money is in.
ON_ACCOUNT = ON_CREDIT | {"on_delivery", "in_store"}
TERMS = ON_ACCOUNT | {PREPAID}


def may(name: str) -> Callable[[Any], bool]:
    """Return the condition of a transition: nothing speaks against it."""

    def condition(order: Any) -> bool:
        return not why_not(order, name)

    condition.__name__ = f"may_{name}"
    return condition


def why_not(order: Any, name: str) -> str:
    """Return the one sentence that says why a transition may not happen now, or nothing."""
    if name in order.blocked_transitions:
        return str(order.hold_reason or _("On hold"))
    guard = GUARDS.get(name)
    return guard(order) if guard else ""


def payment_missing(order: Any) -> Decimal:
    """Return what must still come in before the order is confirmed, in its currency: all of it, or a deposit."""
    if order.payment_terms in ON_ACCOUNT and not order.deposit_total:
        return Decimal(0)
    covered = order.authorized_total + order.paid_total - order.refunded_total
    owed = order.total - order.cancelled_total - order.credited_total - order.written_off_total
    wanted = min(order.deposit_total, owed) if order.payment_terms in ON_ACCOUNT else owed
    return max(Decimal(0), wanted - covered)


def _place(order: Any) -> str:
    method = order.shipping_method
    if order.shipping_address or (method is not None and method.pickup):
        return ""
    # History that is told afterwards went somewhere, though nobody wrote down where.
    return _("No address to send it to") if COMPLETE in [check["name"] for check in failed(order.checks)] else ""


def _verify(order: Any) -> str:
    stopping = failed(order.checks)
    return str(stopping[0]["reason"]) if stopping else ""


def _confirm(order: Any) -> str:
    if missing := payment_missing(order):
        return _("Waiting for payment of %(amount)s") % {"amount": spoken_amount(missing, order.currency)}
    if order.promised_on is None:
        return _("No delivery date is promised yet")
    return ""


def begins_later(order: Any) -> bool:
    """Whether the day has still to come on which work on the first of an order begins."""
    return bool(order.all_later and order.starts_on and order.starts_on > seat.today())


def _release(order: Any) -> str:
    if begins_later(order):
        return _("Wanted later, or not released yet; work begins on %(day)s") % {"day": spoken_date(order.starts_on)}
    allocation = order.Allocation
    if order.allocation_status in (allocation.UNALLOCATED, allocation.BACKORDERED):
        return _("Waiting for stock")
    if order.ship_complete and order.allocation_status != allocation.ALLOCATED:
        return _("Ships complete only; waiting for the rest of the stock")
    return ""


def _fulfill(order: Any) -> str:
    shipped = (order.Fulfillment.SHIPPED, order.Fulfillment.PARTIALLY_DELIVERED, order.Fulfillment.DELIVERED)
    return "" if order.fulfillment_status in shipped else _("Not everything has been shipped")


def has_arrived(order: Any) -> bool:
    """Whether the customer has it: somebody said so, or nobody has said otherwise for as long as we wait."""
    if order.fulfillment_status == order.Fulfillment.DELIVERED:
        return True
    return order.closes_on is not None and order.closes_on <= seat.today()


def _complete(order: Any) -> str:
    if not has_arrived(order):
        if order.closes_on:
            return _("Nobody has said that it arrived; it counts as arrived on %(day)s") % {
                "day": spoken_date(order.closes_on)
            }
        return _("Not everything has been delivered")
    if order.invoice_status != order.Invoiced.INVOICED:
        return _("Not everything has been invoiced")
    if order.balance_due > 0:
        return _("%(amount)s not paid yet") % {"amount": Money(order.balance_due, order.currency)}
    if order.open_returns:
        return _("A return is open")
    if order.open_exceptions:
        return _("An exception is open")
    return ""


def _cancel(order: Any) -> str:
    if order.fulfillment_status != order.Fulfillment.UNFULFILLED:
        return _("Goods have already left the building")
    return ""


GUARDS: dict[str, Callable[[Any], str]] = {
    "place": _place,
    "verify": _verify,
    "confirm": _confirm,
    "release": _release,
    "fulfill": _fulfill,
    "complete": _complete,
    "cancel": _cancel,
}
