"""What is open of a line stands on another one from now on: its stock, its parcels, and what holds it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from core.service import service
from inventory import services as inventory
from orders.models import Hold
from orders.promise import GOODS

from .reworking import Rework


@service
def part_stock(work: Rework) -> None:
    """Let units that are tied to a line be tied to the one that took over what is open of it, where they lie.

    They are free at no time, and no day that was promised moves.
    """
    order = work.order
    to = {position: line.position for position, line in work.parted.items()}
    if not to:
        return
    left = Counter[tuple[int, str]]()
    if order.reservation_id is not None:
        left = inventory.whereabouts([order.reservation_id])[order.reservation_id].left
        tied = Counter[tuple[int, int]]()
        for one in inventory.open_allocations(order.reservation_id):
            tied[one.key, one.warehouse_id] += one.quantity
        passings = [
            inventory.Passing(order.reservation_id, key, warehouse_id, units, to[key])
            for (key, warehouse_id), units in sorted(tied.items())
            if key in to
        ]
        inventory.pass_on(passings, to_reservation=order.reservation_id, actor=work.actor)
    parcels = [_parted(one, to, left) for one in order.sourcing.get("parcels", [])]
    order.sourcing = {**order.sourcing, "parcels": parcels}


def _parted(parcel: dict[str, Any], to: Mapping[int, int], left: Mapping[tuple[int, str], int]) -> dict[str, Any]:
    """Return a parcel with what has left on the line it was on, and what is open on the one that took it over."""
    lines: dict[str, int] = {}
    for name, units in parcel["lines"].items():
        position = int(name)
        gone = units if position not in to else 0
        if position in to and parcel["kind"] == GOODS:
            gone = min(units, left.get((position, parcel["warehouse"]), 0))
        lines |= {name: gone} if gone else {}
        lines |= {str(to[position]): units - gone} if units > gone else {}
    return {**parcel, "lines": lines}


@service
def part_holds(lines: Mapping[int, int]) -> None:
    """Let what holds a line in the house hold the one, by its id, that took over what is open of it."""
    for old, new in lines.items():
        Hold.objects.filter(line=old, status=Hold.Status.ACTIVE).update(line=new)
