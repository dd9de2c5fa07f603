"""What every service of returns begins with: the order in hand, and the return as it stands."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from core.actors import Actor
from core.outbox import emit
from core.service import service
from orders.errors import UnknownOrder
from orders.models import Order
from returns.errors import UnknownReturn
from returns.events import ReturnEvent
from returns.models import ReturnLine, ReturnRequest


def take_order(order_id: int) -> Order:
    """Lock the order that something is to come back of.

    The order is the gate of its returns: who holds it holds them too, so two tabs cannot claim the
    same piece, and a return is never locked on its own.
    """
    order = Order.objects.locked().select_related("channel", "customer").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder(f"There is no order {order_id}")
    return order


def take_return(return_id: int) -> ReturnRequest:
    """Lock the order of a return and read the return."""
    order = Order.objects.locked().select_related("channel", "customer").filter(returns=return_id).first()
    if order is None:
        raise UnknownReturn(f"There is no return {return_id}")
    found = ReturnRequest.objects.get(pk=return_id)
    found.order = order
    return found


def lines_of(found: ReturnRequest) -> list[ReturnLine]:
    """Read the lines of a return in hand, with what was ordered."""
    lines = ReturnLine.objects.filter(return_request=found).select_related("order_line__product")
    return list(lines.order_by("order_line__position"))


def units_of(lines: Iterable[ReturnLine], field: str = "quantity") -> dict[int, int]:
    """Return units by order line."""
    return {line.order_line_id: units for line in lines if (units := getattr(line, field))}


@service
def tell(
    kind: type[ReturnEvent], found: ReturnRequest, *, actor: Actor, at: datetime | None = None, **more: Any
) -> None:
    """Emit a fact about a return."""
    fact = kind(
        order_id=found.order_id,
        return_id=found.pk,
        return_number=str(found.number),
        quiet=found.order.quiet,
        **more,
    )
    emit(fact, actor=actor, at=at)
