"""Promises that move because supply does: for all who wait for a product, by rank, and for them alone."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from core import seat
from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import held, hold, service
from core.updating import update_each
from orders import outlook, promise
from orders.models import Order, OrderException, OrderLine, parts_in
from orders.promise import Wait
from orders.selectors import LIVE, SERVED, in_line, with_their_kits
from orders.sentences import FOUND_ELSEWHERE, RELEASE, SUPPLY, Cause
from pricing import services as pricing

from .exceptions import OPEN, close_exceptions, shortfall_key
from .filling import fill_backorders
from .promising import awaited, days_by_code, days_of, places_of, releases, repromise, waits_of, write_days

AT_ONCE = 500
# So many at a time are compared with what they were told: their parcels are read for that.
COMPARED = 2_000
DATED = ("sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later", "updated_at")


def redate_waiting(product_ids: Iterable[int], *, cause: Cause, actor: Actor = SYSTEM) -> int:
    """Work out anew when the missing units of products come, for everybody in line, and move what was promised.

    Only orders for which something changed are touched, some hundred in a transaction. Returns how many they were.
    """
    products = set(product_ids)
    changed = _changed(_line_up(products))
    for start in range(0, len(changed), AT_ONCE):
        _redate_some(changed[start : start + AT_ONCE], products, cause=cause, actor=actor)
    return len(changed)


def look_again(order_ids: Sequence[int], *, actor: Actor = SYSTEM) -> None:
    """Serve those who began to wait by what is free now, and tell them what they wait for now.

    While they were written others committed goods and receipts that they could not see, and that did not see them.
    Safe to repeat.
    """
    rows = in_line().filter(order__in=order_ids).values_list("product", "parts")
    if products := {one for product, parts in rows for one in (product, *(part for part, _per in parts_in(parts)))}:
        fill_backorders(products, actor=actor)
        for order_id in order_ids:
            _wait_anew(order_id, actor=actor)
        _close_what_was_found(order_ids, actor=actor)


def _close_what_was_found(order_ids: Sequence[int], *, actor: Actor) -> None:
    """Call nobody for a loss that is made up already."""
    told = OrderException.objects.filter(dedupe_key__in=[shortfall_key(pk) for pk in order_ids], status__in=OPEN)
    missing = OrderLine.objects.filter(order=OuterRef("order"), backordered__gt=0)
    if found := list(told.filter(~Exists(missing)).values_list("pk", flat=True)):
        close_exceptions(found, resolution=FOUND_ELSEWHERE(), actor=actor)


def redate_release(product_id: int, *, actor: Actor = SYSTEM) -> int:
    """Move the promises of those who ordered a product whose release date moved, be it tied to them or waited for.

    What has left stays. Returns how many orders with units of it were looked at, those that wait not counted.
    """
    tied = OrderLine.objects.filter(product=product_id, allocated__gt=0, order__status__in=LIVE)
    orders = list(tied.order_by("order").values_list("order", flat=True).distinct())
    for start in range(0, len(orders), AT_ONCE):
        _rerelease(orders[start : start + AT_ONCE], product_id, actor=actor)
    redate_waiting([product_id], cause=RELEASE, actor=actor)
    return len(orders)


@service
def _rerelease(order_ids: Sequence[int], product_id: int, *, actor: Actor) -> None:
    def rerelease(order: Order, lines: Sequence[OrderLine]) -> Cause | None:
        mine = [line for line in lines if line.product_id == product_id and line.allocated and not line.shipped]
        if not mine:
            return None
        release_on = mine[0].product.release_on
        since = release_on if release_on is not None and release_on > seat.today() else None
        parcels = promise.released_on(order.sourcing.get("parcels", []), {line.position for line in mine}, since)
        order.sourcing = {**order.sourcing, "parcels": parcels}
        return RELEASE

    _move(order_ids, rerelease, actor=actor)


def _line_up(product_ids: set[int]) -> dict[int, list[Wait]]:
    """Give those who wait the units that come, by rank; return what each order waits for."""
    product_ids = with_their_kits(product_ids)
    ahead = outlook.outlooks(outlook.figures(product_ids), whole=True)
    codes = {warehouse.pk: warehouse.code for warehouse in pricing.warehouses()}
    today = seat.today()
    lines = in_line().filter(product__in=product_ids)
    rows = lines.order_by(*SERVED, "position").values_list(
        "order", "position", "product", "parts", "backordered", "product__release_on"
    )
    found: dict[int, list[Wait]] = defaultdict(list)
    for order_id, position, product, parts, units, release_on in rows.iterator(chunk_size=COMPARED):
        since = release_on if release_on is not None and release_on > today else None
        stages = outlook.of_line(ahead, product, parts_in(parts)).take(units, at=codes)
        found[order_id] += waits_of(position, units, stages, codes, since=since)
    return found


def _changed(waits: Mapping[int, Sequence[Wait]]) -> list[int]:
    """Return the orders that wait for something else than they were told, in the order in which they stand."""
    found, everybody = [], list(waits)
    for start in range(0, len(everybody), COMPARED):
        batch = everybody[start : start + COMPARED]
        told = dict(Order.objects.filter(pk__in=batch).values_list("pk", "sourcing"))
        found += [order_id for order_id in batch if _differs(told.get(order_id, {}), waits[order_id])]
    return found


def _differs(sourcing: Mapping[str, Any], waits: Sequence[Wait]) -> bool:
    """Say whether an order was told something else about what it waits for."""
    positions = {wait.position for wait in waits}
    fresh = promise.waits_in(promise.backorder_parcels(waits, defaultdict(int)), positions)
    return fresh != promise.waits_in(sourcing.get("parcels", []), positions)


@service
def _redate_some(order_ids: Sequence[int], product_ids: set[int], *, cause: Cause, actor: Actor) -> None:
    # The line is read under the locks of those who are told: whoever tells them last has read last.
    line_up = cache(partial(_line_up, product_ids))

    def rewait(order: Order, lines: Sequence[OrderLine]) -> Cause | None:
        return cause if _rewait(order, lines, line_up().get(order.pk, [])) else None

    _move(order_ids, rewait, actor=actor)


@service
def _wait_anew(order_id: int, *, actor: Actor) -> None:
    def rewait(order: Order, lines: Sequence[OrderLine]) -> Cause | None:
        if order.stock_lapsed:
            return None
        short = {line.position: line.backordered for line in lines if line.backordered}
        since = releases(lines, timezone.now())
        demand = outlook.Demanding(order.rank, order.pk)
        waits = awaited(lines, short, places_of(order), demand=demand, not_before=since) if short else []
        told = promise.waits_in(order.sourcing.get("parcels", []), short)
        if not _rewait(order, lines, waits):
            return None
        return RELEASE if any(wait.since in since.values() for wait in waits if wait not in told) else SUPPLY

    _move([order_id], rewait, actor=actor)


def _move(
    order_ids: Sequence[int], change: Callable[[Order, Sequence[OrderLine]], Cause | None], *, actor: Actor
) -> None:
    """Date some orders anew after a `change` of their parcels, in a number of statements that does not grow.

    The change says why, or nothing where it changed nothing.
    """
    now = timezone.now()
    locked = Order.objects.locked().select_related("channel", "shipping_method").filter(pk__in=order_ids)
    orders = [held(Order, order.pk) or hold(order) for order in locked]
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).select_related("product").order_by("order", "position"):
        lines[line.order_id].append(line)
    facts, rows, moved = [], [], []
    for order in orders:
        mine = lines[order.pk]
        before = {line.pk: line.promised_on for line in mine}
        if order.status not in LIVE or (cause := change(order, mine)) is None:
            continue
        facts += repromise(order, mine, cause=cause, at=now)
        order.updated_at = now
        rows.append((order.pk, *(getattr(order, name) for name in DATED)))
        moved += [line for line in mine if line.promised_on != before[line.pk]]
    if rows:
        update_each(Order, DATED, rows)
    write_days(moved)
    emit(*facts, actor=actor, at=now)


def _still_waits(lines: Sequence[OrderLine], waits: Sequence[Wait]) -> bool:
    wanted: dict[int, int] = defaultdict(int)
    for wait in waits:
        wanted[wait.position] += wait.units
    missing = {line.position: line.backordered for line in lines}
    return all(missing.get(position) == units for position, units in wanted.items())


def _rewait(order: Order, lines: Sequence[OrderLine], waits: Sequence[Wait]) -> bool:
    """Write, on the object, what the missing units of an order wait for now. Says whether that is news."""
    # It may have got its units or gone meanwhile: whatever did that has dated it.
    if not waits or not _still_waits(lines, waits) or not _differs(order.sourcing, waits):
        return False
    places = places_of(order)
    days = {**days_by_code(places), "": days_of(places)}
    known = order.sourcing.get("parcels", [])
    parcels = promise.rewaited(known, {wait.position for wait in waits}, waits, days)
    order.sourcing = {**order.sourcing, "parcels": parcels}
    return True
