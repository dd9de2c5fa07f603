"""Money that an order under way waits for again: nothing more of it leaves until that is there."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from core.actors import Actor
from core.service import service
from orders import guards
from orders.models import Hold, Order, OrderStatus

from .holds import active_holds, lift_holds, place_hold

UNDER_WAY = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)


@service
def ask_for_more(order: Order, *, reason: Callable[..., Any], actor: Actor, at: datetime) -> None:
    """Keep in the house what is not paid any more, until it is; let go where nothing is missing.

    On an order in hand. `reason` says, with the `amount` that is missing, why it waits.
    """
    if order.status not in UNDER_WAY:
        return
    missing = guards.payment_missing(order)
    waiting = [hold for hold in active_holds(order) if hold.kind == Hold.Kind.PAYMENT and hold.auto_release == "paid"]
    if not missing:
        if waiting:
            lift_holds(order, because="paid", actor=actor, at=at)
    elif not waiting:
        place_hold(
            order.pk,
            kind=Hold.Kind.PAYMENT,
            reason=reason(amount=f"{missing.normalize():f} {order.currency}"),
            blocks=("release", "ship"),
            auto_release="paid",
            actor=actor,
            at=at,
        )
