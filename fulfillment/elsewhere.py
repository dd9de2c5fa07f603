"""Goods that were not found where they should lie, and the warehouse that could send them instead."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.sight import limited_to, seen
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from fulfillment.services import SHORT_PICK, ways_elsewhere
from fulfillment.services.work import lines_of
from orders import selectors as orders
from orders.services import Alternative

# What each would cost and promise is worked out: for so many, of so many that are looked at.
OFFERED, LOOKED_AT = 3, 8


@dataclass(frozen=True)
class Offer:
    """Work that nobody can pick, and the best way to send it all the same."""

    work: FulfillmentOrder
    lines: list[FulfillmentLine]
    way: Alternative
    exception_id: int


def offers() -> list[Offer]:
    """Return the ways out of short picks, what waits longest first, as far as the one who asks may take them."""
    rows = seen(orders.open_exceptions().filter(category=SHORT_PICK)).order_by("created_at", "pk")[:LOOKED_AT]
    waiting = {one.payload.get("rest", ""): one.pk for one in rows}
    if not waiting:
        return []
    work = seen(FulfillmentOrder.objects.filter(number__in=waiting, status=FulfillmentOrder.Status.PLANNED))
    work = work.select_related("order__channel", "order__shipping_method", "warehouse")
    found = {str(one.number): one for one in work}
    return list(_possible([(found[number], pk) for number, pk in waiting.items() if number in found][:OFFERED]))


def _possible(waiting: list[tuple[FulfillmentOrder, int]]) -> Iterator[Offer]:
    mine = limited_to("warehouse")
    for work, exception_id in waiting:
        lines = lines_of(work)
        for way in ways_elsewhere(work, lines):
            if way.is_possible and (mine is None or way.warehouse.code in mine):
                yield Offer(work, lines, way, exception_id)
                break
