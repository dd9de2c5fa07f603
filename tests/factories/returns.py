"""Orders that came as far as returns need them, and returns on their way, all through services."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing import services as billing
from core import outbox
from core.actors import SYSTEM, Actor
from orders.models import Order, OrderLine
from returns import services as returns
from returns.models import ReturnLine, ReturnRequest
from returns.services import Decision
from tests.factories.billing import place, ship_all
from tests.factories.catalog import make_warehouse

CUSTOMER = Actor("customer", "C-000001")
MAYA = Actor("staff", "maya")


def delivered_order(
    goods: Mapping[str, int] | None = None, *, paid: bool = True, at: datetime | None = None, **given: Any
) -> Order:
    """Return an order that arrived, was invoiced, and was paid unless said otherwise."""
    order = place(goods, **given)
    ship_all(order, at=at)
    outbox.drain()
    if paid:
        pay(order, at=at)
    return again(order)


def pay(order: Order, amount: str | None = None, *, at: datetime | None = None) -> None:
    """Let money come in: all that is due, unless said otherwise."""
    due = Decimal(amount) if amount else again(order).balance_due
    billing.record_payment(
        order.pk,
        method="bank_transfer",
        amount=due,
        reference=f"paid-{order.number}-{due}",
        actor=SYSTEM,
        at=at,
    )
    outbox.drain()


def again(order: Order) -> Order:
    """Read an order anew."""
    return Order.objects.get(pk=order.pk)


def units(order: Order, goods: Mapping[str, int]) -> dict[int, int]:
    """Return units by line id, from units by SKU."""
    lines = {line.sku: line.pk for line in OrderLine.objects.filter(order=order)}
    return {lines[sku]: n for sku, n in goods.items()}


def requested(order: Order, goods: Mapping[str, int], *, actor: Actor = CUSTOMER, **given: Any) -> ReturnRequest:
    """Ask to give something back."""
    return returns.request_return(order.pk, quantities=units(order, goods), actor=actor, **given)


def authorized(order: Order, goods: Mapping[str, int], **given: Any) -> ReturnRequest:
    """Ask, and be allowed."""
    return returns.authorize_return(requested(order, goods, **given).pk, actor=MAYA)


def received(order: Order, goods: Mapping[str, int], **given: Any) -> ReturnRequest:
    """Ask, be allowed, and all of it is back in Hamburg."""
    found = authorized(order, goods, **given)
    return returns.receive_return(found.pk, warehouse_id=make_warehouse("HAM").pk, actor=MAYA)


def inspected(
    order: Order, goods: Mapping[str, int], *, decision: Decision | None = None, **given: Any
) -> ReturnRequest:
    """Have it back and looked at: all is well unless said otherwise."""
    found = received(order, goods, **given)
    return returns.inspect_return(found.pk, decisions=decide(found, decision), actor=MAYA)


def decide(found: ReturnRequest, decision: Decision | None = None) -> dict[int, Decision]:
    """Decide the same about every line of which something is here."""
    here = ReturnLine.objects.filter(return_request=found, received__gt=0)
    return dict.fromkeys(here.values_list("pk", flat=True), decision or Decision("restock"))


def resolved(order: Order, goods: Mapping[str, int], **given: Any) -> ReturnRequest:
    """Return something from the wish to the money: every debt is paid."""
    found = inspected(order, goods, **given)
    returns.resolve_return(found.pk, actor=MAYA)
    outbox.drain()
    return ReturnRequest.objects.get(pk=found.pk)


def days_ago(days: int) -> datetime:
    """Return a moment in the past."""
    return timezone.now() - timedelta(days=days)
