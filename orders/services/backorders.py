"""Units that turn out never to have been there: lost to the orders that had them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from inventory import services as inventory
from orders import promise
from orders.derivation import restate
from orders.events import AllocationLost, UnitsAwaited
from orders.models import Movement, Order, OrderException, OrderLine
from orders.outlook import Demanding
from orders.sentences import SHORTFALL, UNITS_LOST
from pricing import services as pricing

from .book import lines_of, move_units, save_figures
from .exceptions import open_exception, shortfall_key
from .promising import places_of, promise_lines, repromise, waiting

DATED = ("sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later")


@service
def lose_allocations(drops: Sequence[Sequence[int]], *, warehouse_id: int, reason: str, actor: Actor = SYSTEM) -> int:
    """Turn units that are gone, as (reservation, position, units), into backorders and put them before a person.

    Returns how many orders lost some.
    """
    now = timezone.now()
    lost: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for reservation_id, position, units in drops:
        lost[reservation_id][position] += units
    bereft: list[int] = []
    locked = list(Order.objects.locked().select_related("channel").filter(reservation_id__in=list(lost)))
    known = inventory.whereabouts(lost)
    code = next((one.code for one in pricing.warehouses() if one.pk == warehouse_id), "")
    for order in locked:
        lines = lines_of(order)
        wanted, there = lost[order.reservation_id or 0], known[order.reservation_id or 0]
        tied = Counter[int]()
        for (position, _code), units in there.tied.items():
            tied[position] += units
        # Units that left, were given back or are not wanted any more since then are nobody's loss.
        missing = {
            line: units
            for line in lines
            if (untied := line.allocated - tied[line.position]) > 0
            and (units := min(untied, wanted.get(line.position, 0)))
        }
        if not missing:
            continue
        bereft.append(order.pk)
        move_units(lines, Movement.Kind.UNALLOCATED, {line.pk: units for line, units in missing.items()}, at=now)
        gone = {line.position: units for line, units in missing.items()}
        parcels = order.sourcing.get("parcels", [])
        places = promise.gone_from(parcels, there.tied + there.left, gone, first=code)
        replan(order, lines, gone, places)
        moved = repromise(order, (), cause=SHORTFALL, at=now)
        promise_lines(order, lines)
        restate(order, lines=lines)
        save_figures(order, *DATED)
        emit(AllocationLost(order_id=order.pk, quiet=order.quiet), *moved, actor=actor, at=now)
        named = ", ".join(f"{units} × {line.sku}" for line, units in missing.items())
        open_exception(
            category="shortfall",
            severity=OrderException.Severity.CRITICAL,
            title=UNITS_LOST(order=order, units=named, reason=reason),
            dedupe_key=shortfall_key(order.pk),
            order_id=order.pk,
            payload={"lines": {str(line.position): units for line, units in missing.items()}, "reason": reason},
            actor=actor,
        )
    if bereft:
        emit(UnitsAwaited(order_ids=bereft), actor=actor, at=now)
    return len(bereft)


def replan(
    order: Order, lines: Sequence[OrderLine], missing: Mapping[int, int], places: Mapping[promise.Where, int]
) -> None:
    """Move units that are missing now, on the object, from their parcels at `places` into those of what comes next."""
    parcels = order.sourcing.get("parcels", [])
    for (position, code), units in places.items():
        parcels = promise.bereft(parcels, {position: units}, [], warehouse=code)
    waits = waiting(lines, missing, places_of(order), demand=Demanding(order.rank, order.pk))
    order.sourcing = {**order.sourcing, "parcels": [*parcels, *waits]}
