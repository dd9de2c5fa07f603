"""Keeps what an order was, at the moment it becomes another one."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from core.actors import Actor
from core.service import service
from orders.models import Order, OrderCharge, OrderLine, OrderVersion
from orders.versions import record_of


@service
def keep_version(
    order: Order,
    lines: Sequence[OrderLine],
    charges: Sequence[OrderCharge],
    *,
    actor: Actor,
    at: datetime | None = None,
) -> int:
    """Keep an order in hand, which is about to be changed, as it stands; returns the version that ends."""
    OrderVersion.objects.create(
        order=order,
        version=order.version,
        record=record_of(order, lines, charges),
        ended_at=at or timezone.now(),
        ended_by=str(actor),
    )
    return order.version
