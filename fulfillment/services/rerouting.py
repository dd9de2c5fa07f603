"""Work goes to another warehouse before anybody fetches for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import service
from fulfillment.errors import NotPlanned
from fulfillment.events import FulfillmentRerouted
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from fulfillment.sentences import MOVED_AWAY, SENT_FROM
from inventory import services as inventory
from inventory.models import Warehouse
from orders import selectors as order_selectors
from orders import services as orders
from orders.models import OrderException
from orders.services import Alternative

from .leaving_waves import leave_wave
from .picking import short_pick_key
from .work import Status, lines_of, lock_work


def ways_elsewhere(work: FulfillmentOrder, lines: Sequence[FulfillmentLine] | None = None) -> list[Alternative]:
    """Say what it would mean to do a piece of work in each other warehouse, the best way first."""
    if work.warehouse is None:
        return []
    held = lines_of(work) if lines is None else lines
    return orders.alternatives(
        work.order, [line.order_line for line in held], _units_of(held), at_warehouse=work.warehouse
    )


@service
def reroute_fulfillment(
    fulfillment_order_id: int, *, warehouse_id: int, reason: str, actor: Actor
) -> FulfillmentOrder:
    """Send planned work to another warehouse, with the units that are tied for it.

    What was not found is solved by that, and its shelf is counted: the books are wrong there. Until then those units
    are sold to nobody.

    Raises NotPlanned once somebody may fetch for it: it is pulled back first. Raises NotReroutable where goods are
    invoiced, may not be handled or would be taxed otherwise, and InsufficientStock where they are not there.
    """
    work = lock_work(fulfillment_order_id)
    if work.status != Status.PLANNED or work.warehouse_id is None:
        raise NotPlanned(_("Only planned work goes to another warehouse; pull it back first"))
    leave_wave(work, why=MOVED_AWAY(), actor=actor)
    lines, source = lines_of(work), work.warehouse_id
    units, target = _units_of(lines), Warehouse.objects.filter(pk=warehouse_id).first()
    short_pick = _close_short_pick(work, target, actor=actor)
    order = orders.reroute_units(
        work.order_id, units=units, from_warehouse=source, to_warehouse=warehouse_id, reason=reason, actor=actor
    )
    work.warehouse = target
    work.ship_by_on = order.ship_by_on
    work.save(update_fields=["warehouse", "ship_by_on"])
    bins = {
        one.key: one.bin
        for one in (inventory.open_allocations(order.reservation_id) if order.reservation_id else ())
        if one.warehouse_id == warehouse_id
    }
    for line in lines:
        line.bin = bins.get(line.order_line.position, "")
    FulfillmentLine.objects.bulk_update(lines, ["bin"])
    event = FulfillmentRerouted(
        order_id=work.order_id, fulfillment_order_id=work.pk, from_warehouse_id=source, quiet=order.quiet
    )
    emit(event, actor=actor)
    if short_pick is not None:
        missing = missing_units(lines, short_pick.payload.get("parts", {}).get("missing", {}))
        inventory.count_missing(warehouse_id=source, missing=missing, actor=actor)
    return work


def _close_short_pick(work: FulfillmentOrder, target: Warehouse | None, *, actor: Actor) -> OrderException | None:
    """Close what asked somebody to look for the goods: they come from elsewhere. Returns it, if there was such."""
    known = order_selectors.open_exceptions().filter(dedupe_key=short_pick_key(work)).first()
    if known is not None:
        orders.close_exceptions([known.pk], resolution=SENT_FROM(place=target.name if target else ""), actor=actor)
    return known


def missing_units(lines: Sequence[FulfillmentLine], parts: Mapping[str, int]) -> Mapping[int, int]:
    """Return the units that were not found, by product; of kits those of `parts`, by SKU, if somebody said which."""
    units: dict[int, int] = defaultdict(int)
    of_kits: dict[int, int] = defaultdict(int)
    for line in lines:
        for part in line.order_line.parts:
            if not parts:
                of_kits[part["product"]] += part["per"] * line.quantity
            elif part["sku"] in parts:
                of_kits[part["product"]] = parts[part["sku"]]
        if not line.order_line.parts:
            units[line.order_line.product_id] += line.quantity
    for product, count in of_kits.items():
        units[product] += count
    return units


def _units_of(lines: Sequence[FulfillmentLine]) -> Mapping[int, int]:
    """Return the units of work by the position of their line."""
    units: dict[int, int] = {}
    for line in lines:
        units[line.order_line.position] = units.get(line.order_line.position, 0) + line.quantity
    return units
