"""Orders in every state, built as everybody builds them: through services. They need `shop`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core import outbox
from core.actors import SYSTEM
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Order

ADA = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")


def run_debts() -> int:
    """Pay every debt that is due, and those they make. Returns how many."""
    return outbox.drain()


def order_input(lines: Mapping[str, int] | Sequence[LineInput] | None = None, **given: Any) -> OrderInput:
    """Return what a channel says about the order of api.md: two mugs and a tea for Ada, 22.06 EUR."""
    wanted = {"MUG-RED": 2, "TEA-1": 1} if lines is None else lines
    if isinstance(wanted, Mapping):
        wanted = [LineInput(sku=sku, quantity=quantity) for sku, quantity in wanted.items()]
    said: dict[str, Any] = {
        "channel": "api",
        "email": "ada@example.com",
        "customer_name": "Ada Byron",
        "shipping_address": ADA,
        "shipping_method": "standard",
        "lines": tuple(wanted),
    }
    return OrderInput(**{**said, **given})


def placed_order(lines: Mapping[str, int] | Sequence[LineInput] | None = None, **given: Any) -> Order:
    """Return an order that was just placed; without payment it is verified and waits for it."""
    return orders.place_order(order_input(lines, **given), actor=SYSTEM)


def confirmed_order(lines: Mapping[str, int] | Sequence[LineInput] | None = None, **given: Any) -> Order:
    """Return an order that is confirmed: bought by invoice, so that nobody waits for money."""
    return placed_order(lines, **{"payment_terms": "net14", **given})


def paid(order: Order, amount: Decimal | None = None) -> Order:
    """Let the money of an order come in, as billing reports it."""
    total = order.total if amount is None else amount
    return orders.record_payment(order.pk, authorized=Decimal(0), paid=total, refunded=Decimal(0), actor=SYSTEM)


def anew(order: Order) -> Order:
    """Return the order as it stands in the database."""
    return Order.objects.select_related("channel").get(pk=order.pk)


def shipped_order(lines: Mapping[str, int] | Sequence[LineInput] | None = None, **given: Any) -> Order:
    """Return an order whose parcels are on their way; its debts (invoice, mails) are still due."""
    order = confirmed_order(lines, **given)
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    return anew(order)


def delivered_order(lines: Mapping[str, int] | Sequence[LineInput] | None = None, **given: Any) -> Order:
    """Return an order whose parcels arrived; its debts (invoice, mails) are still due."""
    order = confirmed_order(lines, **given)
    fulfillment.fulfil_through(order.pk, through="delivered", actor=SYSTEM)
    return anew(order)
