"""The daily close: what may be closed is closed."""

from datetime import datetime

from django.utils import timezone

from core.actors import SYSTEM
from core.errors import DomainError
from core.outbox import emit
from core.service import service
from core.stopping import stopping
from orders import closing
from orders.events import DayClosed

from .settlement import complete_order

AT_ONCE = 500


def close_orders(now: datetime | None = None) -> int:
    """Complete every order that nothing speaks against, each by itself. Returns how many.

    Most close the moment their last condition is met; what is left are those whose grace period is over, or whose
    last hold or exception went without anybody looking at the order.
    """
    when = now or timezone.now()
    closed, after = 0, 0
    while not stopping.is_set():
        rows = closing.unclosed(closing.READY, today=timezone.localdate(when)).filter(pk__gt=after)
        some = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if not some:
            break
        after = some[-1]
        closed += sum(_close(order_id, when) for order_id in some)
    _tell(closed, when)
    return closed


def _close(order_id: int, at: datetime) -> bool:
    """Complete an order; one that somebody changed in between waits for the next time."""
    try:
        complete_order(order_id, actor=SYSTEM, at=at)
    except DomainError:
        return False
    return True


@service
def _tell(closed: int, at: datetime) -> None:
    emit(DayClosed(closed=closed, on=timezone.localdate(at).isoformat()), at=at)
