"""How an order stands, in words: pure functions of its own columns, for API, portal and back office alike."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django_fsm import can_proceed

from core.reader import retold, spoken_amount
from orders import guards
from orders.models import Order, OrderStatus
from orders.verification import failed

S = OrderStatus
# Where an order goes next, and what its guards are asked about.
NEXT = {S.DRAFT: "place", S.PLACED: "verify", S.VERIFIED: "confirm", S.CONFIRMED: "release", S.FULFILLED: "complete"}
HOLDABLE = frozenset({S.PLACED, S.VERIFIED, S.CONFIRMED, S.FULFILLING})
# The transitions that have an action of their own, in the order of an order's life.
ACTIONS = ("verify", "confirm", "release", "complete", "cancel")


def allowed_actions(order: Order) -> list[str]:
    """Return what may be done with an order now, by its state, guards and holds."""
    actions = [name for name in ACTIONS if can_proceed(getattr(order, name))]
    if order.status in HOLDABLE:
        actions.append("hold")
    if order.active_holds:
        actions.append("release-hold")
    if order.status in HOLDABLE and failed(order.checks):
        actions += ["waive-check", "check-again"]
    return actions


def blocked_because(order: Order) -> str:
    """Return the one sentence that says why an order does not move on, or nothing."""
    if is_partly_held(order):
        whole = "" if order.status == S.FULFILLING else guards.why_not(order, NEXT[S(order.status)])
        return whole or _("Part of it is on hold: %(reason)s") % {"reason": order.hold_reason}
    if order.status == S.FULFILLING:
        return order.hold_reason if order.active_holds else ""
    name = NEXT.get(S(order.status))
    return guards.why_not(order, name) if name else ""


def is_partly_held(order: Order) -> bool:
    """Whether only a part of an order is on hold, and the rest of it goes on."""
    return bool(order.active_holds and not order.blocked_transitions and order.status in HOLDABLE)


def display_status(order: Order) -> str:
    """Return the state of an order as people say it."""
    if order.status in HOLDABLE and order.active_holds:
        return _("Partly on hold") if is_partly_held(order) else _("On hold")
    told = _TOLD.get(S(order.status))
    return (told(order) if told else "") or str(order.get_status_display())


def _told_placed(order: Order) -> str:
    return _("Being checked")


def _told_verified(order: Order) -> str:
    return _("Waiting for payment") if guards.payment_missing(order) else ""


def _told_confirmed(order: Order) -> str:
    if guards.begins_later(order):
        return _("Begins later")
    return _("Waiting for stock") if guards.why_not(order, "release") else ""


def _told_fulfilling(order: Order) -> str:
    shipped = order.fulfillment_status != Order.Fulfillment.UNFULFILLED
    return _("Partly shipped") if shipped else _("Being prepared")


def _told_fulfilled(order: Order) -> str:
    if order.fulfillment_status == Order.Fulfillment.DELIVERED:
        return _("Delivered")
    if order.fulfillment_status == Order.Fulfillment.PARTIALLY_DELIVERED:
        return _("Partly delivered")
    return _("On its way")


_TOLD = {
    S.PLACED: _told_placed,
    S.VERIFIED: _told_verified,
    S.CONFIRMED: _told_confirmed,
    S.FULFILLING: _told_fulfilling,
    S.FULFILLED: _told_fulfilled,
}


def need(order: Order) -> str:
    """Name what an order needs to get on, or nothing: the key to its sentence and to what helps."""
    # A check that stops an order is both; lifting its hold settles both.
    if order.active_holds and order.status in HOLDABLE:
        return "hold"
    if order.open_exceptions:
        return "exception"
    ask = _NEEDS.get(S(order.status))
    return ask(order) if ask else ""


def _need_placed(order: Order) -> str:
    return "check" if failed(order.checks) else "verification"


def _need_verified(order: Order) -> str:
    return "payment" if guards.payment_missing(order) else "confirmation"


def _need_confirmed(order: Order) -> str:
    return "stock" if guards.why_not(order, "release") else "release"


def _need_fulfilled(order: Order) -> str:
    if order.fulfillment_status != Order.Fulfillment.DELIVERED:
        return "delivery"
    if order.invoice_status != Order.Invoiced.INVOICED:
        return "invoice"
    if order.balance_due > 0:
        return "collection"
    return "return" if order.open_returns else "completion"


_NEEDS: dict[str, Callable[[Order], str]] = {
    S.DRAFT: lambda order: "placement",
    S.PLACED: _need_placed,
    S.VERIFIED: _need_verified,
    S.CONFIRMED: _need_confirmed,
    S.FULFILLING: lambda order: "work",
    S.FULFILLED: _need_fulfilled,
}


def next_step(order: Order) -> str:
    """Return the one sentence that says what somebody should do about an order now, or nothing."""
    say = _SENTENCES.get(need(order))
    return say(order) if say else ""


def _settle_hold(order: Order) -> str:
    return _("Settle the hold: %(reason)s") % {"reason": retold(order.hold_reason)}


def _look_at_check(order: Order) -> str:
    reason = retold(failed(order.checks)[0]["reason"])
    return _("Look at the check and waive it, or cancel: %(reason)s") % {"reason": reason}


def _wait_for_payment(order: Order) -> str:
    missing = spoken_amount(guards.payment_missing(order), order.currency)
    return _("Wait for the payment of %(amount)s, or record it") % {"amount": missing}


_SENTENCES: dict[str, Callable[[Order], str]] = {
    "exception": lambda order: _("Solve the open exception"),
    "hold": _settle_hold,
    "placement": lambda order: _("Place the order, or discard it"),
    "check": _look_at_check,
    "verification": lambda order: _("Verify the order"),
    "payment": _wait_for_payment,
    "confirmation": lambda order: _("Confirm the order"),
    "stock": lambda order: guards.why_not(order, "release"),
    "release": lambda order: _("Release it to the warehouse"),
    "work": lambda order: _("Pick, pack and ship it"),
    "delivery": lambda order: _("Wait for the delivery"),
    "invoice": lambda order: _("Write the invoice"),
    "collection": lambda order: _("Collect %(amount)s") % {"amount": spoken_amount(order.balance_due, order.currency)},
    "return": lambda order: _("Settle the open return"),
    "completion": lambda order: _("Complete the order"),
}
