"""An order that waits for units: what it asks for, and what becomes of it when it gets some. On the objects only."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from inventory.services import Demand, Reserved, Turn
from orders import promise
from orders.models import Movement, Order, OrderLine

from .book import note_units
from .promising import releases
from .routing import Routed, with_later
from .sourcing import parcels_of


@dataclass
class InLine:
    """An order under its lock, with all its lines, and the lines that wait."""

    order: Order
    lines: list[OrderLine]
    routed: Routed = field(default_factory=lambda: Routed([]))

    @property
    def waiting(self) -> list[OrderLine]:
        """Return the lines of which something is missing."""
        return [line for line in self.lines if line.backordered]

    def turn(self) -> Turn:
        """Return what it asks for."""
        demand = [
            Demand(line.position, line.product_id, line.backordered, True, line.made_of) for line in self.waiting
        ]
        return Turn(self.order.reservation_id or 0, demand, self.routed.places, self.routed.costs)


def note_gain(one: InLine, turn: Turn, reserved: Reserved, *, at: datetime) -> list[Movement]:
    """Write onto the objects what an order got, and the parcels that follow from it."""
    order = one.order
    ids = {line.position: line.pk for line in one.lines}
    gained: dict[int, int] = defaultdict(int)
    for pick in reserved.picks:
        gained[ids[pick.key]] += pick.quantity
    noted = note_units(one.lines, Movement.Kind.ALLOCATED, gained, at=at)
    gained_parcels = parcels_of(reserved, turn.places, not_before=releases(one.lines, at))
    parcels = promise.refilled(order.sourcing.get("parcels", []), gained_parcels)
    order.sourcing = with_later(order.sourcing, reserved.decision, one.routed.told, at=at) | {"parcels": parcels}
    return noted
