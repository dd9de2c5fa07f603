"""Orders whose day has come: they were wanted later, or held something that was not released."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import held, hold, service
from core.updating import update_each
from orders.events import WorkDue
from orders.models import Order, OrderStatus

from .promising import set_start

AT_ONCE = 500
ON_OUR_HANDS = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)


def begin_orders(now: datetime | None = None) -> int:
    """Let work begin on every order whose day has come, some hundred in a transaction. Returns how many."""
    when = now or timezone.now()
    due = Order.objects.filter(status__in=ON_OUR_HANDS, starts_on__lte=timezone.localdate(when))
    begun = 0
    while ids := list(due.order_by("starts_on", "pk").values_list("pk", flat=True)[:AT_ONCE]):
        begun += _begin(ids, actor=SYSTEM, at=when)
    return begun


@service
def _begin(order_ids: Sequence[int], *, actor: Actor, at: datetime) -> int:
    locked = Order.objects.locked().select_related("channel").filter(pk__in=order_ids)
    orders = [held(Order, order.pk) or hold(order) for order in locked]
    for order in orders:
        set_start(order, at=at)
    update_each(Order, ["starts_on", "all_later"], [(one.pk, one.starts_on, one.all_later) for one in orders])
    emit(*[WorkDue(order_id=order.pk, quiet=order.quiet) for order in orders], actor=actor, at=at)
    return len(orders)
