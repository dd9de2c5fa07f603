"""What of an order is on hold by itself, while the rest goes on: read only."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from orders import selectors as orders
from orders.models import Hold, Order

# A hold on one of these keeps goods in the house.
STOPPING = frozenset({"release", "ship"})


@dataclass(frozen=True)
class HeldParts:
    """What of an order is on hold while the rest goes on: reasons by order line, and by number of the work."""

    lines: Mapping[int, str] = field(default_factory=dict)
    works: Mapping[str, str] = field(default_factory=dict)

    def why(self, number: str, line_ids: Collection[int]) -> str:
        """Say why a piece of work stays in the house, or nothing."""
        reasons = (self.lines[pk] for pk in line_ids if pk in self.lines)
        return self.works.get(number, "") or next(reasons, "")


def held_parts(order: Order) -> HeldParts:
    """Return what of an order is on hold by itself; where nothing of it is, nobody is asked."""
    return _parts(orders.part_holds(order))


def held_parts_of(of: Collection[Order]) -> dict[int, HeldParts]:
    """Return the same for many orders, by their id, in one statement; none where no order has a hold."""
    return {pk: _parts(holds) for pk, holds in orders.part_holds_of(of).items()}


def _parts(holds: Iterable[Hold]) -> HeldParts:
    stopping = [hold for hold in holds if not STOPPING.isdisjoint(hold.blocks)]
    return HeldParts(
        lines={hold.line_id: hold.reason for hold in stopping if hold.line_id is not None},
        works={hold.work: hold.reason for hold in stopping if hold.work},
    )
