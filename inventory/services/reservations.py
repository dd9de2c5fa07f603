"""Stock is promised, given back and taken: one stock-locking call per transaction, decided under the lock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from core.actors import Actor
from core.inserting import insert_rows
from core.outbox import emit
from core.service import service
from core.updating import update_each
from inventory.costing import Costs
from inventory.errors import InsufficientStock, NotReserved
from inventory.events import StockReleased
from inventory.kits import needs_of, take_from
from inventory.models import Allocation, Product, Reservation, StockItem, StockMovement
from inventory.queueing import leave
from inventory.sourcing import Decision, Demand, Pick, Place, decide

from .shelf import Change, change_shelf, lock_shelf, lock_tied_shelf, open_ones, use_allocations, write_movements
from .tied import Tied


@dataclass(frozen=True)
class Reserved:
    """What was tied to a demand, what is short, and the decision with its reasons, ready to be stored."""

    reservation_id: int
    picks: list[Pick] = field(default_factory=list)
    short: dict[int, int] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """A demand that stands in line for more units, and the warehouses that serve it."""

    reservation_id: int
    demand: Sequence[Demand]
    places: Sequence[Place]
    costs: Costs | None = None


class Whereabouts(NamedTuple):
    """Where the units of a demand are tied, and from where they have left, by key and code of the warehouse."""

    tied: Counter[tuple[int, str]]
    left: Counter[tuple[int, str]]


class OpenAllocation(NamedTuple):
    """Units still tied to one line of a demand, and where they lie; of a kit, where the first of its parts does."""

    key: int
    warehouse_id: int
    product_id: int
    stock_item_id: int
    bin: str
    quantity: int


@service
def reserve(
    *,
    demand: Sequence[Demand],
    places: Sequence[Place],
    costs: Costs | None = None,
    rank: int = 0,
    expires_at: datetime | None = None,
    actor: Actor,
    at: datetime | None = None,
    partial: bool = False,
    kept: Mapping[int, int] | None = None,
) -> Reserved:
    """Promise stock to a demand, from the warehouses that serve it best.

    Raises InsufficientStock, before anything is written, when units of a line that may not wait
    are missing; with `partial` it takes what there is. Call it last: it locks the stock rows.
    `kept` are free units per product on a shelf that others, who stand in front, are about to get: they are left but
    by lines that may not wait, and StockReleased then has the line served.
    """
    shelf = lock_shelf(products=_on_shelves(demand), warehouses=[place.warehouse_id for place in places])
    free = _free(shelf)
    left = leave(free, kept or {}, demand)
    decision = decide(demand, free, places, costs)
    if not partial:
        refuse_shortage(demand, decision.short, shelf)
    reservation = Reservation(rank=rank, expires_at=expires_at, created_at=at or timezone.now())
    insert_rows([reservation])
    _tie([(reservation.pk, demand, decision)], shelf)
    if left and decision.short:
        emit(StockReleased(reservation_id=reservation.pk, product_ids=left), actor=actor, at=at)
    return Reserved(reservation.pk, decision.picks, decision.short, decision.as_dict())


@service
def allocate_more(
    reservation_id: int,
    *,
    demand: Sequence[Demand],
    places: Sequence[Place],
    costs: Costs | None = None,
    actor: Actor,
) -> Reserved:
    """Tie more units to a demand that waits; takes what there is and never refuses."""
    return allocate_in_turn([Turn(reservation_id, demand, places, costs)], actor=actor)[0]


@service
def allocate_in_turn(turns: Sequence[Turn], *, kept: Mapping[int, int] | None = None, actor: Actor) -> list[Reserved]:
    """Tie more units to demands that wait, one after the other as they stand in line; refuses none.

    The shelves are locked once for all of them, and written once. Who stands behind gets what is left then.
    `kept` free units per product are left to others, who stand in front.
    """
    shelf = lock_shelf(
        products=_on_shelves(one for turn in turns for one in turn.demand),
        warehouses={place.warehouse_id for turn in turns for place in turn.places},
    )
    free = _free(shelf)
    leave(free, kept or {})
    outcomes = []
    for turn in turns:
        decision = decide(turn.demand, free, turn.places, turn.costs)
        lines = {one.key: one for one in turn.demand}
        for pick in decision.picks:
            take_from(free, lines[pick.key], pick.warehouse_id, pick.quantity)
        outcomes.append((turn, decision))
    _tie([(turn.reservation_id, turn.demand, decision) for turn, decision in outcomes], shelf)
    return [
        Reserved(turn.reservation_id, decision.picks, decision.short, decision.as_dict())
        for turn, decision in outcomes
    ]


@service
def release(
    reservation_id: int,
    *,
    quantities: Mapping[int, int] | None = None,
    at_warehouse: Mapping[tuple[int, int], int] | None = None,
    actor: Actor,
    at: datetime | None = None,
) -> dict[int, int]:
    """Give units of a demand back to the shelf: those asked for as far as they are tied, or all.

    Asked for per key in `quantities`, or per key and warehouse in `at_warehouse`. Returns what was given
    back per key. What was tied last goes first.
    """
    shelf = lock_tied_shelf(reservation_id)
    given: dict[int, int] = defaultdict(int)
    gone: dict[tuple[int, int], int] = defaultdict(int)
    rows = open_ones().filter(reservation_id=reservation_id, stock_item_id__in=shelf).order_by("-pk")
    tied = Tied(rows, shelf)
    for lot in tied.lots:
        place = (lot.key, lot.warehouse_id)
        wanted = lot.units if quantities is None else quantities.get(lot.key, 0) - given[lot.key]
        if at_warehouse is not None:
            wanted = min(wanted, at_warehouse.get(place, 0) - gone[place])
        if (units := min(lot.units, wanted)) > 0:
            tied.use(lot, units)
            given[lot.key] += units
            gone[place] += units
    if not tied.uses:
        return {}
    change_shelf({pk: Change(reserved=-units) for pk, units in tied.used_of.items()})
    use_allocations(tied.uses, column="released")
    products = sorted({shelf[pk].product_id for pk in tied.used_of})
    emit(StockReleased(reservation_id=reservation_id, product_ids=products), actor=actor, at=at)
    return dict(given)


@service
def consume(
    reservation_id: int,
    *,
    warehouse_id: int,
    quantities: Mapping[int, int],
    reference: str,
    actor: Actor,
    at: datetime | None = None,
) -> None:
    """Let reserved units leave the building: off the shelf, off the promise, one movement per stock row.

    Raises NotReserved when a key has fewer units tied at this warehouse.
    """
    units = {(key, warehouse_id): count for key, count in quantities.items()}
    consume_everywhere(reservation_id, units=units, references={warehouse_id: reference}, actor=actor, at=at)


@service
def consume_everywhere(
    reservation_id: int,
    *,
    units: Mapping[tuple[int, int], int],
    references: Mapping[int, str],
    actor: Actor,
    at: datetime | None = None,
) -> None:
    """Let units of a demand leave several warehouses at once, so that the stock rows are locked in one go.

    `units` are per key and warehouse, `references` per warehouse. Raises NotReserved.
    """
    only = next(iter(references)) if len(references) == 1 else None
    shelf = lock_tied_shelf(reservation_id, warehouse_id=only)
    missing = {place: count for place, count in units.items() if count > 0}
    rows = open_ones().filter(reservation_id=reservation_id, stock_item_id__in=shelf).order_by("pk")
    tied = Tied(rows, shelf)
    for lot in tied.lots:
        place = (lot.key, lot.warehouse_id)
        if (count := min(lot.units, missing.get(place, 0))) > 0:
            tied.use(lot, count)
            missing[place] -= count
    if any(missing.values()):
        keys = {key: count for (key, _place), count in missing.items() if count}
        places = sorted({place for (_key, place), count in missing.items() if count})
        raise NotReserved("These units are not reserved at this warehouse", missing=keys, warehouses=places)
    if not tied.uses:
        return
    changes = {pk: Change(on_hand=-count, reserved=-count) for pk, count in tied.used_of.items()}
    change_shelf(changes)
    use_allocations(tied.uses, column="consumed")
    for warehouse_id, reference in references.items():
        here = {pk: change for pk, change in changes.items() if shelf[pk].warehouse_id == warehouse_id}
        write_movements(here.items(), kind=StockMovement.Kind.SHIPMENT, reference=reference, actor=actor, at=at)


@service
def hold_until(reservation_id: int, *, until: datetime | None) -> None:
    """Say until when units stay tied to a demand that nobody has settled; None is for good."""
    Reservation.objects.filter(pk=reservation_id).update(expires_at=until)


def expired(when: datetime, *, limit: int) -> list[int]:
    """Return the demands whose time is over, in the order of their keys."""
    due = Reservation.objects.filter(expires_at__lte=when)
    return list(due.order_by("pk").values_list("pk", flat=True)[:limit])


@service
def rank_reservation(reservation_id: int, *, rank: int, actor: Actor) -> None:
    """Say how early a demand is served, and how late it loses, when units are scarce: lower is better."""
    Reservation.objects.filter(pk=reservation_id).update(rank=rank)


@service
def rank_reservations(ranks: Mapping[int, int]) -> None:
    """Say so of many demands, by their ids, in one statement."""
    update_each(Reservation, ["rank"], sorted(ranks.items()))


def open_allocations(reservation_id: int) -> list[OpenAllocation]:
    """Return the units still tied to a demand, per line and shelf; a kit is named once, in whole kits."""
    units: dict[tuple[int, int, int, int, str], int] = defaultdict(int)
    first: dict[tuple[int, int], int] = {}
    rows = open_ones().filter(reservation_id=reservation_id).select_related("stock_item").order_by("key", "pk")
    for one in rows:
        item = one.stock_item
        if first.setdefault((one.key, item.warehouse_id), item.pk) == item.pk:
            product = one.kit_id or item.product_id
            units[one.key, item.warehouse_id, product, item.pk, item.bin] += one.open // one.per
    return [OpenAllocation(*where, quantity) for where, quantity in units.items()]


def whereabouts(reservation_ids: Iterable[int]) -> dict[int, Whereabouts]:
    """Return, by demand, which of its units are tied and which have left."""
    first: dict[tuple[int, int, str], int] = {}
    found: dict[int, Whereabouts] = defaultdict(lambda: Whereabouts(Counter(), Counter()))
    rows = Allocation.objects.filter(reservation_id__in=list(reservation_ids)).select_related("stock_item__warehouse")
    for one in rows.order_by("pk"):
        place = (one.key, one.stock_item.warehouse.code)
        # The first of its parts speaks for a kit.
        if first.setdefault((one.reservation_id, *place), one.stock_item_id) == one.stock_item_id:
            found[one.reservation_id].tied[place] += one.open // one.per
            found[one.reservation_id].left[place] += one.consumed // one.per
    return found


def _on_shelves(demand: Iterable[Demand]) -> set[int]:
    """Return the products whose shelves a demand takes from."""
    return {product for one in demand for product, _ in needs_of(one)}


def _free(shelf: Sequence[StockItem]) -> dict[tuple[int, int], int]:
    return {(row.product_id, row.warehouse_id): row.available for row in shelf}


def _tie(decided: Iterable[tuple[int, Sequence[Demand], Decision]], shelf: Sequence[StockItem]) -> None:
    """Write decisions down: the stock rows in one guarded statement, the allocations in another."""
    rows = {(row.product_id, row.warehouse_id): row.pk for row in shelf}
    promised: dict[int, int] = defaultdict(int)
    allocations = []
    for reservation_id, demand, decision in decided:
        lines = {one.key: one for one in demand}
        for pick in decision.picks:
            line = lines[pick.key]
            kit = line.product_id if line.parts else None
            for product, per in needs_of(line):
                stock_item_id, units = rows[product, pick.warehouse_id], per * pick.quantity
                promised[stock_item_id] += units
                tied = {"reservation_id": reservation_id, "stock_item_id": stock_item_id, "kit_id": kit, "per": per}
                allocations.append(Allocation(**tied, key=pick.key, quantity=units))
    if not allocations:
        return
    change_shelf({pk: Change(reserved=units) for pk, units in promised.items()})
    insert_rows(allocations)


def refuse_shortage(demand: Sequence[Demand], short: Mapping[int, int], shelf: Sequence[StockItem]) -> None:
    """Raise InsufficientStock when a line that may not wait is short, naming the whole demand per SKU."""
    lacking = {one.product_id for one in demand if short.get(one.key) and not one.may_backorder}
    if not lacking:
        return
    skus = dict(Product.objects.filter(pk__in=lacking).values_list("pk", "sku"))
    there: dict[int, int] = defaultdict(int)
    for row in shelf:
        there[row.product_id] += row.available
    if any(one.parts for one in demand):
        # Lines share units: what each of them would get counts, not what lies there.
        there = defaultdict(int)
        for one in demand:
            there[one.product_id] += one.quantity - short.get(one.key, 0)
    shortages = [
        {
            "sku": skus.get(product, str(product)),
            "requested": sum(one.quantity for one in demand if one.product_id == product),
            "available": there[product],
        }
        for product in sorted(lacking, key=lambda product: skus.get(product, ""))
    ]
    names = ", ".join(str(shortage["sku"]) for shortage in shortages)
    raise InsufficientStock(f"Not enough stock of {names}", shortages=shortages)
