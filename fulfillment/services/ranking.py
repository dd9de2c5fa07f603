"""The queues of the warehouses follow the ranks of their orders."""

from collections.abc import Sequence

from core.service import service
from core.updating import update_each
from fulfillment.models import FulfillmentOrder
from fulfillment.selectors import OPEN_WORK
from orders.models import Order


@service
def follow_ranks(order_ids: Sequence[int]) -> int:
    """Give the open work on orders the rank they have now, in one statement. Returns how much of it changed."""
    # The work is locked before the ranks are read: whoever comes later reads ranks that are at least as young.
    open_work = FulfillmentOrder.objects.locked().filter(order_id__in=order_ids, status__in=OPEN_WORK)
    works = list(open_work.values_list("pk", "order_id", "rank"))
    ranks = dict(Order.objects.filter(pk__in={order for _pk, order, _rank in works}).values_list("pk", "rank"))
    moved = [(pk, ranks[order]) for pk, order, rank in works if rank != ranks[order]]
    if moved:
        update_each(FulfillmentOrder, ["rank"], moved)
    return len(moved)
