"""Promises that move because supply does: for all who wait for a product, by rank, and for them alone."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import held, hold, service
from core.updating import update_each
from orders import outlook, promise
from orders.models import Order, OrderLine
from orders.promise import Wait
from orders.selectors import LIVE, in_line
from orders.sentences import RELEASE, Cause
from pricing import services as pricing

from .promising import days_by_code, days_of, repromise, waits_of, write_days
from .sourcing import places_of

AT_ONCE = 500
# So many at a time are compared with what they were told: their parcels are read for that.
COMPARED = 2_000
DATED = ("sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later", "updated_at")


def redate_waiting(product_ids: Iterable[int], *, cause: Cause, actor: Actor = SYSTEM) -> int:
    """Work out anew when the missing units of products come, for everybody in line, and move what was promised.

    Only orders for which something changed are touched, some hundred in a transaction. Returns how many they were.
    """
    waits = _line_up(set(product_ids))
    changed = _changed(waits)
    for start in range(0, len(changed), AT_ONCE):
        batch = changed[start : start + AT_ONCE]
        _redate_some({order_id: waits[order_id] for order_id in batch}, cause=cause, actor=actor)
    return len(changed)


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
    def rerelease(order: Order, lines: Sequence[OrderLine]) -> bool:
        mine = [line for line in lines if line.product_id == product_id and line.allocated and not line.shipped]
        if not mine:
            return False
        release_on = mine[0].product.release_on
        since = release_on if release_on is not None and release_on > timezone.localdate() else None
        parcels = promise.released_on(order.sourcing.get("parcels", []), {line.position for line in mine}, since)
        order.sourcing = {**order.sourcing, "parcels": parcels}
        return True

    _move(order_ids, rerelease, cause=RELEASE, actor=actor)


def _line_up(product_ids: set[int]) -> dict[int, list[Wait]]:
    """Give those who wait the units that come, by rank; return what each order waits for."""
    ahead = {product: one.shelf_and_supply() for product, one in outlook.figures(product_ids).items()}
    codes = {warehouse.pk: warehouse.code for warehouse in pricing.warehouses()}
    today = timezone.localdate()
    lines = in_line().filter(product__in=product_ids)
    rows = lines.order_by("order__rank", "order", "position").values_list(
        "order", "position", "product", "backordered", "product__release_on"
    )
    found: dict[int, list[Wait]] = defaultdict(list)
    for order_id, position, product, units, release_on in rows.iterator(chunk_size=COMPARED):
        since = release_on if release_on is not None and release_on > today else None
        stages = ahead[product].take(units, at=codes)
        found[order_id] += waits_of(position, units, stages, codes, since=since)
    return found


def _changed(waits: Mapping[int, Sequence[Wait]]) -> list[int]:
    """Return the orders that wait for something else than they were told, in the order in which they stand."""
    found, everybody = [], list(waits)
    for start in range(0, len(everybody), COMPARED):
        batch = everybody[start : start + COMPARED]
        told = dict(Order.objects.filter(pk__in=batch).values_list("pk", "sourcing"))
        for order_id in batch:
            fresh = promise.backorder_parcels(waits[order_id], defaultdict(int))
            positions = {wait.position for wait in waits[order_id]}
            known = promise.waits_in(told.get(order_id, {}).get("parcels", []), positions)
            if promise.waits_in(fresh, positions) != known:
                found.append(order_id)
    return found


@service
def _redate_some(waits: Mapping[int, Sequence[Wait]], *, cause: Cause, actor: Actor) -> None:
    def rewait(order: Order, lines: Sequence[OrderLine]) -> bool:
        # It may have got its units or gone meanwhile: whatever did that has dated it.
        if not _still_waits(lines, waits[order.pk]):
            return False
        _rewait(order, waits[order.pk])
        return True

    _move(list(waits), rewait, cause=cause, actor=actor)


def _move(
    order_ids: Sequence[int], change: Callable[[Order, Sequence[OrderLine]], bool], *, cause: Cause, actor: Actor
) -> None:
    """Date some orders anew after a `change` of their parcels, in a number of statements that does not grow."""
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
        if order.status not in LIVE or not change(order, mine):
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


def _rewait(order: Order, waits: Sequence[Wait]) -> None:
    """Write, on the object, what the missing units of an order wait for now."""
    places = places_of(order)
    days = {**days_by_code(places), "": days_of(places)}
    known = order.sourcing.get("parcels", [])
    parcels = promise.rewaited(known, {wait.position for wait in waits}, waits, days)
    order.sourcing = {**order.sourcing, "parcels": parcels}
