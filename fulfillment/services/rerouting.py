"""Work goes to another warehouse before anybody fetches for it."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import service
from fulfillment.errors import NotPlanned
from fulfillment.events import FulfillmentRerouted
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from inventory import services as inventory
from inventory.models import Warehouse
from orders import services as orders
from orders.services import Alternative

from .work import Status, lines_of, lock_work


def ways_elsewhere(work: FulfillmentOrder) -> list[Alternative]:
    """Say what it would mean to do a piece of work in each other warehouse."""
    if work.warehouse is None:
        return []
    lines = [line.order_line for line in lines_of(work)]
    return orders.alternatives(work.order, lines, _units_of(work), at_warehouse=work.warehouse)


@service
def reroute_fulfillment(
    fulfillment_order_id: int, *, warehouse_id: int, reason: str, actor: Actor
) -> FulfillmentOrder:
    """Send planned work to another warehouse, with the units that are tied for it.

    Raises NotPlanned once somebody may fetch for it: it is pulled back first. Raises NotReroutable where goods are
    invoiced, may not be handled or would be taxed otherwise, and InsufficientStock where they are not there.
    """
    work = lock_work(fulfillment_order_id)
    if work.status != Status.PLANNED or work.warehouse_id is None:
        raise NotPlanned(_("Only planned work goes to another warehouse; pull it back first"))
    units, source = _units_of(work), work.warehouse_id
    order = orders.reroute_units(
        work.order_id, units=units, from_warehouse=source, to_warehouse=warehouse_id, reason=reason, actor=actor
    )
    work.warehouse = Warehouse.objects.get(pk=warehouse_id)
    work.ship_by_on = order.ship_by_on
    work.save(update_fields=["warehouse", "ship_by_on"])
    bins = {
        one.key: one.bin
        for one in (inventory.open_allocations(order.reservation_id) if order.reservation_id else ())
        if one.warehouse_id == warehouse_id
    }
    lines = lines_of(work)
    for line in lines:
        line.bin = bins.get(line.order_line.position, "")
    FulfillmentLine.objects.bulk_update(lines, ["bin"])
    event = FulfillmentRerouted(
        order_id=work.order_id, fulfillment_order_id=work.pk, from_warehouse_id=source, quiet=order.quiet
    )
    emit(event, actor=actor)
    return work


def _units_of(work: FulfillmentOrder) -> Mapping[int, int]:
    """Return the units of work by the position of their line."""
    units: dict[int, int] = {}
    for line in lines_of(work):
        units[line.order_line.position] = units.get(line.order_line.position, 0) + line.quantity
    return units
