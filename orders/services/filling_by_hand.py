"""What is missing of an order is sent from a place that the rules keep out: somebody overrules them, with a reason."""

from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.service import note_change, service
from customers.addresses import PostalAddress
from orders.errors import NothingToTake
from orders.models import Order, OrderLine
from pricing import services as pricing

from .filling import serve, take_in_line
from .rerouting import Alternative, alternatives
from .routing import Routed


def ways_for_missing(order: Order) -> list[Alternative]:
    """Return the places that could send something of what an order waits for, the best first. Writes nothing."""
    lines = list(OrderLine.objects.filter(order=order, backordered__gt=0).select_related("product"))
    if not lines or order.reservation_id is None:
        return []
    missing = {line.position: line.backordered for line in lines}
    ways = alternatives(order, lines, missing, at_warehouse=None)
    return [way for way in ways if way.is_possible or way.helps_in_part]


@service
def fill_from(order_id: int, *, warehouse_id: int, reason: str, actor: Actor) -> Order:
    """Tie what a place has to the missing units of an order, whatever the rules say. Raises NothingToTake."""
    now = timezone.now()
    line = take_in_line([order_id])
    order = line[0].order if line else None
    way = next((way for way in ways_for_missing(order) if way.warehouse.pk == warehouse_id), None) if order else None
    if order is None or way is None:
        raise NothingToTake(_("Nothing of what is missing is there any more"))
    there = pricing.places_for(order.shipping_method, PostalAddress.from_dict(order.shipping_address).country)
    place = next(one for one in there if one.warehouse_id == warehouse_id)
    line[0].routed = Routed([replace(place, cannot=frozenset(), last_resort=False)])
    if not serve(line, actor=actor, at=now, asked=[order_id]).filled:
        raise NothingToTake(_("Nothing of what is missing is there any more"))
    note_change(order, "orders.filled_by_hand", actor=actor, after={"from": way.warehouse.code}, note=reason)
    return order
