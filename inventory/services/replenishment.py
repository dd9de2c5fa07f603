"""When to order again: proposals from real demand, and a word when a shelf falls to its reorder point."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import note_change, service
from inventory.events import LowStock
from inventory.models import ExpectedReceipt, ReorderProposal, StockItem, StockMovement
from inventory.reordering import Demand, LeadTime, demand_of, factor_for, lead_time_of, propose, suggested
from inventory.selectors import positions

# So many shelves are reckoned, or looked at, in one transaction.
BATCH = 1_000
# Deliveries of the last year say how long a supplier takes.
REMEMBERED = timedelta(days=365)
MOST = 2_000_000_000
FIGURES = ["daily_demand", "deviation", "lead_days", "safety_stock", "reorder_point", "differs", "computed_at"]


def plan_replenishment(*, actor: Actor = SYSTEM, at: datetime | None = None) -> int:
    """Reckon every shelf anew, in small transactions. Returns how many proposals differ from what holds."""
    last, differing = 0, 0
    while shelf := list(_next_shelves(last)):
        differing += propose_for(shelf, actor=actor, at=at)
        last = shelf[-1]
    return differing


@service
def propose_for(stock_item_ids: Sequence[int], *, actor: Actor, at: datetime | None = None) -> int:
    """Reckon these shelves anew, in the same statements however many; products that say so take what comes out.

    Returns how many proposals differ from what holds.
    """
    when = at or timezone.now()
    # Nothing is locked for reckoning: who sells meanwhile does not wait for it.
    rows = StockItem.objects.select_related("product").filter(pk__in=stock_item_ids).order_by("pk")
    shelf = {item.pk: item for item in rows}
    demands = _demands(shelf, when)
    lead_times = _lead_times({item.product_id for item in shelf.values()}, when)
    factor = factor_for(Decimal(str(settings.STOCK_SERVICE_LEVEL)) / 100)
    found = [_proposal(item, demands.get(pk), lead_times[item.product_id], factor, when) for pk, item in shelf.items()]
    taken = [one for one in found if one.differs and one.stock_item.product.auto_reorder]
    _take(taken, actor=actor)
    ReorderProposal.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["stock_item"], update_fields=FIGURES, batch_size=100
    )
    return sum(one.differs for one in found)


@service
def accept_proposal(proposal_id: int, *, actor: Actor) -> StockItem:
    """Let safety stock and reorder point of a shelf be what was proposed."""
    proposal = ReorderProposal.objects.get(pk=proposal_id)
    _take([proposal], actor=actor)
    proposal.save(update_fields=["differs"])
    return proposal.stock_item


def watch_stock(*, actor: Actor = SYSTEM, at: datetime | None = None) -> int:
    """Say of every shelf that fell to its reorder point that it did, once; forget it when it has risen again.

    Returns how many fell.
    """
    fallen = 0
    retired = StockItem.objects.filter(low_since__isnull=False, product__active=False)
    note_risen(list(retired.values_list("pk", flat=True)[:BATCH]))
    risen = positions().filter(low_since__isnull=False).exclude(position__lte=F("reorder_point"), reorder_point__gt=0)
    while rows := list(risen.values_list("pk", flat=True)[:BATCH]):
        note_risen(rows)
    # What lies there says already of most shelves that they are not low, without asking what is on its way.
    near = positions().filter(on_hand__lte=F("reorder_point") + F("quarantined") + F("reserved"))
    low = near.filter(low_since__isnull=True, reorder_point__gt=0, position__lte=F("reorder_point"))
    while rows := list(low.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        fallen += note_fallen(rows, actor=actor, at=at)
    return fallen


@service
def note_risen(stock_item_ids: Sequence[int]) -> int:
    """Forget that shelves were low: the next fall is told again."""
    return StockItem.objects.filter(pk__in=stock_item_ids).update(low_since=None)


@service
def note_fallen(stock_item_ids: Sequence[int], *, actor: Actor, at: datetime | None = None) -> int:
    """Tell of shelves that they are low, those that nobody told of yet."""
    when = at or timezone.now()
    locked = StockItem.objects.locked().filter(pk__in=stock_item_ids, low_since__isnull=True)
    mine = list(locked.values_list("pk", flat=True))
    StockItem.objects.filter(pk__in=mine).update(low_since=when)
    for item in positions().select_related("product", "warehouse", "proposal").filter(pk__in=mine).order_by("pk"):
        emit(_fall_of(item), actor=actor, at=when)
    return len(mine)


def suggestion_for(item: StockItem, position: int) -> int:
    """Return how many units of a shelf to order now."""
    proposal: ReorderProposal | None = getattr(item, "proposal", None)
    return suggested(
        reorder_point=item.reorder_point or 0,
        position=position,
        daily=proposal.daily_demand if proposal else Decimal(0),
        cover_days=settings.STOCK_COVER_DAYS,
    )


def _fall_of(item: Any) -> LowStock:
    return LowStock(
        stock_item_id=item.pk,
        sku=item.product.sku,
        warehouse=item.warehouse.code,
        position=item.position,
        reorder_point=item.reorder_point,
        suggested=suggestion_for(item, item.position),
    )


def _next_shelves(after: int) -> Iterable[int]:
    rows = StockItem.objects.filter(pk__gt=after, product__active=True).order_by("pk")
    return rows.values_list("pk", flat=True)[:BATCH]


def _demands(shelf: Mapping[int, StockItem], now: datetime) -> dict[int, Demand]:
    """Return what left each shelf per day: the database adds up the days and their squares.

    Days without a shipment count as none; before a product was in the catalogue there are no days.
    """
    since = now - timedelta(days=settings.STOCK_DEMAND_DAYS)
    shipped = StockMovement.objects.filter(stock_item__in=list(shelf), kind=StockMovement.Kind.SHIPMENT, at__gte=since)
    per_day = shipped.order_by().annotate(day=TruncDate("at")).values("stock_item_id", "day")
    sql, parameters = per_day.annotate(units=-Sum("quantity")).query.sql_with_params()
    sums = "SELECT stock_item_id, SUM(units), SUM(units * units)"
    with connection.cursor() as cursor:
        cursor.execute(f"{sums} FROM ({sql}) days GROUP BY stock_item_id", parameters)  # noqa: S608 - our own query
        found = cursor.fetchall()
    return {pk: demand_of(int(units), int(squares), days=_days_of(shelf[pk], now)) for pk, units, squares in found}


def _days_of(item: StockItem, now: datetime) -> int:
    return max(1, min(settings.STOCK_DEMAND_DAYS, (now - item.product.created_at).days))


def _lead_times(product_ids: Iterable[int], now: datetime) -> dict[int, LeadTime]:
    """Return how long deliveries of products took, from the day they were announced to the first that came."""
    wanted = set(product_ids)
    rows = ExpectedReceipt.objects.filter(
        product__in=wanted, arrived_on__gte=(now - REMEMBERED).date(), ordered_on__isnull=False
    )
    took: dict[int, list[int]] = defaultdict(list)
    for row in rows.only("product_id", "ordered_on", "arrived_on"):
        if row.ordered_on and row.arrived_on:
            took[row.product_id].append(max(0, (row.arrived_on - row.ordered_on).days))
    usual = settings.STOCK_LEAD_DAYS
    return {product: lead_time_of(took.get(product, []), usual=usual) for product in wanted}


def _proposal(
    item: StockItem, demand: Demand | None, lead_time: LeadTime, factor: Decimal, when: datetime
) -> ReorderProposal:
    known = demand or Demand(Decimal(0), Decimal(0))
    said = propose(known, lead_time, factor=factor)
    safety, point = min(said.safety_stock, MOST), min(said.reorder_point, MOST)
    return ReorderProposal(
        stock_item=item,
        daily_demand=known.daily.quantize(Decimal("0.001")),
        deviation=known.deviation.quantize(Decimal("0.001")),
        lead_days=lead_time.days.quantize(Decimal("0.1")),
        safety_stock=safety,
        reorder_point=point,
        differs=(safety, point) != (item.safety_stock, item.reorder_point or 0),
        computed_at=when,
    )


@service
def _take(proposals: Sequence[ReorderProposal], *, actor: Actor) -> None:
    """Write proposals into their shelves."""
    if not proposals:
        return
    locked = StockItem.objects.locked().filter(pk__in=[one.stock_item_id for one in proposals])
    shelf = {item.pk: item for item in locked}
    items = []
    for one in proposals:
        one.stock_item = item = shelf[one.stock_item_id]
        before = {"safety_stock": item.safety_stock, "reorder_point": item.reorder_point}
        item.safety_stock, item.reorder_point, one.differs = one.safety_stock, one.reorder_point, False
        after = {"safety_stock": item.safety_stock, "reorder_point": item.reorder_point}
        note_change(item, "inventory.stockitem.changed", actor=actor, before=before, after=after)
        items.append(item)
    StockItem.objects.bulk_update(items, ["safety_stock", "reorder_point"], batch_size=300)
