"""Shelves are counted: a sheet, what was found against the books at that moment, and what is booked of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from core.actors import Actor
from core.errors import Invalid
from core.numbering import draw_number
from core.outbox import emit
from core.service import note_change, service
from inventory.errors import AlreadyCounting, CountOver, NothingToCount
from inventory.events import CountBooked, StockReceived
from inventory.models import StockCount, StockCountLine, StockItem, StockMovement
from inventory.out_of_bins import out_of_bins
from inventory.sentences import BIN_EMPTY

from .adjustments import adjust_shelves, locked_with_kits
from .once import claim
from .shelf import MOST_UNITS, Change, change_shelf, ensure_shelf, lock_shelf, write_movements

Status = StockCount.Status
APPROVE = "inventory.approve_stockcount"
SERIES = "count"
# A sheet that somebody walks in one go.
MOST_SHELVES = 500
# More than any column holds.
MOST_VALUE = Decimal(99_999_999_999)


@dataclass(frozen=True, kw_only=True)
class Shelves:
    """Which shelves of a warehouse to count: a range of bins, products, or what nobody counted for so many days."""

    first_bin: str = ""
    last_bin: str = ""
    product_ids: frozenset[int] = frozenset()
    days: int | None = None


@service
def start_count(*, warehouse_id: int, shelves: Shelves, note: str = "", token: str = "", actor: Actor) -> StockCount:
    """Make a sheet of the shelves that were asked for, as far as they stand on no other that is open.

    Of what was not counted for so many days, what waits longest comes first. Raises NothingToCount.
    """
    claim("inventory.count", token, [warehouse_id, str(shelves), note])
    if shelves.product_ids:
        ensure_shelf(warehouse_id=warehouse_id, product_ids=shelves.product_ids)
    chosen = list(_chosen(warehouse_id, shelves).values_list("pk", flat=True)[:MOST_SHELVES])
    if not chosen:
        raise NothingToCount("There is no shelf like this, or all of them are being counted already")
    return _make_sheet(warehouse_id, chosen, note=note, actor=actor)


@service
def count_empty_bin(stock_item_id: int, *, actor: Actor) -> StockCount:
    """Have a shelf counted that somebody found empty; one that is being counted already stays on its sheet."""
    item = StockItem.objects.locked().get(pk=stock_item_id)
    known = StockCount.objects.filter(lines__stock_item=item, lines__is_open=True).first()
    return known or _make_sheet(item.warehouse_id, [item.pk], note=BIN_EMPTY(), actor=actor)


@service
def count_missing(*, warehouse_id: int, missing: Mapping[int, int], actor: Actor) -> None:
    """Have shelves counted on which so many units of products were not found: {product_id: units}.

    Until then they are set apart, as far as nobody has a promise of them: what is not found is not sold again.
    """
    apart: dict[int, int] = {}
    for item in lock_shelf(products=missing, warehouses=[warehouse_id]):
        count_empty_bin(item.pk, actor=actor)
        apart[item.pk] = min(missing[item.product_id], item.on_hand - item.quarantined - item.reserved)
    lines = StockCountLine.objects.filter(stock_item__in=apart, is_open=True).select_related("count")
    for line in lines:
        if (units := apart[line.stock_item_id]) > 0:
            line.withheld += units
            _set_apart({line.stock_item_id: units}, line.count, actor=actor)
    StockCountLine.objects.bulk_update(lines, ["withheld"])


@service
def enter_counts(count_id: int, counted: Mapping[int, int], *, actor: Actor, at: datetime | None = None) -> int:
    """Write down what was counted, {line_id: units}, beside what the books say at this moment.

    What was entered before with the same figure keeps its moment: sent twice, it is one count. Returns how many
    figures are new.
    """
    count = _open(count_id)
    rows = count.lines.filter(pk__in=counted).select_related("stock_item")
    lines = [line for line in rows if line.counted != counted[line.pk]]
    if any(not 0 <= units <= MOST_UNITS for units in counted.values()):
        raise Invalid(f"A count is a whole number from 0 to {MOST_UNITS:,}")
    if not lines:
        return 0
    when = at or timezone.now()
    shelf = {item.pk: item for item in StockItem.objects.locked().filter(pk__in=[one.stock_item_id for one in lines])}
    away = out_of_bins(count.warehouse_id, {item.product_id for item in shelf.values()})
    for line in lines:
        item = shelf[line.stock_item_id]
        line.counted, line.counted_at, line.counted_by = counted[line.pk], when, str(actor)
        others = max(0, item.quarantined - line.withheld)
        line.book = item.on_hand - others - away.get(item.product_id, 0)
    StockCountLine.objects.bulk_update(lines, ["counted", "book", "counted_at", "counted_by"], batch_size=200)
    return len(lines)


@service
def finish_count(count_id: int, *, actor: Actor, at: datetime | None = None) -> StockCount:
    """Book what was counted; shelves that nobody counted stay as they are.

    Differences worth more than the house allows wait until somebody approves them who may.
    """
    count = _open(count_id)
    lines = list(count.lines.filter(counted__isnull=False).select_related("stock_item__product"))
    if not lines:
        raise NothingToCount("Nothing is counted yet")
    count.value = _value_of(lines)
    count.save(update_fields=["value"])
    if count.value > settings.COUNT_APPROVAL_ABOVE and APPROVE not in actor.can:
        _move(count, Status.TO_APPROVE, actor=actor)
        return count
    return _book(count, lines, actor=actor, at=at)


@service
def approve_count(count_id: int, *, actor: Actor, at: datetime | None = None) -> StockCount:
    """Book a count whose differences are large."""
    count = StockCount.objects.locked().get(pk=count_id)
    if count.status != Status.TO_APPROVE:
        raise CountOver("This count does not wait for an approval")
    lines = list(count.lines.filter(counted__isnull=False).select_related("stock_item__product"))
    return _book(count, lines, actor=actor, at=at)


@service
def count_again(count_id: int, *, reason: str, actor: Actor) -> StockCount:
    """Send a count back whose differences nobody believes: all of it is counted anew."""
    count = StockCount.objects.locked().get(pk=count_id)
    if count.status != Status.TO_APPROVE:
        raise CountOver("This count does not wait for an approval")
    count.lines.update(counted=None, book=None, counted_at=None, counted_by="")
    _move(count, Status.OPEN, actor=actor, note=reason)
    return count


@service
def cancel_count(count_id: int, *, reason: str, actor: Actor) -> StockCount:
    """Give a count up; nothing of it is booked."""
    count = StockCount.objects.locked().get(pk=count_id)
    if count.status not in (Status.OPEN, Status.TO_APPROVE):
        raise CountOver("This count is over")
    _give_back(count, actor=actor)
    count.lines.update(is_open=False)
    _move(count, Status.CANCELLED, actor=actor, note=reason)
    return count


@service
def take_count(
    *, warehouse_id: int, counted: Mapping[int, int], note: str = "", actor: Actor, at: datetime | None = None
) -> StockCount:
    """Take over what another system counted, {product_id: units}: sheet, figures and booking in one.

    Raises AlreadyCounting when a shelf stands on a sheet that is still open.
    """
    shelf = ensure_shelf(warehouse_id=warehouse_id, product_ids=counted)
    taken = StockCountLine.objects.filter(stock_item__in=shelf.values(), is_open=True)
    if skus := sorted(taken.values_list("stock_item__product__sku", flat=True)):
        raise AlreadyCounting(f"{', '.join(skus)} is being counted already", skus=skus)
    count = _make_sheet(warehouse_id, [item.pk for item in shelf.values()], note=note, actor=actor)
    products = count.lines.values_list("pk", "stock_item__product_id")
    enter_counts(count.pk, {line: counted[product] for line, product in products}, actor=actor, at=at)
    return finish_count(count.pk, actor=actor, at=at)


def _open(count_id: int) -> StockCount:
    count = StockCount.objects.locked().get(pk=count_id)
    if count.status != Status.OPEN:
        raise CountOver("This count is not open any more")
    return count


def _chosen(warehouse_id: int, shelves: Shelves) -> "QuerySet[StockItem]":
    """Return the shelves that were asked for and stand on no open sheet, in the order in which they are walked."""
    counting = StockCountLine.objects.filter(stock_item=OuterRef("pk"), is_open=True)
    rows = StockItem.objects.filter(~Exists(counting), warehouse=warehouse_id)
    if shelves.product_ids:
        return rows.filter(product__in=shelves.product_ids).order_by("bin", "pk")
    if shelves.days is not None:
        before = timezone.now() - timedelta(days=shelves.days)
        waiting = rows.filter(counted_at__lt=before) | rows.filter(counted_at__isnull=True)
        return waiting.filter(on_hand__gt=0).order_by(F("counted_at").asc(nulls_first=True), "bin", "pk")
    if not shelves.first_bin.strip():
        raise Invalid("Say which shelves: a range of bins, products, or for how many days nobody counted them")
    first = shelves.first_bin.strip().upper()
    last = shelves.last_bin.strip().upper() or first
    return rows.filter(bin__gte=first, bin__lte=last).order_by("bin", "pk")


@service
def _make_sheet(warehouse_id: int, stock_item_ids: list[int], *, note: str, actor: Actor) -> StockCount:
    number = f"CC-{draw_number(SERIES):06}"
    count = StockCount.objects.create(number=number, warehouse_id=warehouse_id, note=note[:200])
    StockCountLine.objects.bulk_create(StockCountLine(count=count, stock_item_id=pk) for pk in stock_item_ids)
    after = {"shelves": len(stock_item_ids), "note": note}
    note_change(count, "inventory.stockcount.created", actor=actor, after=after)
    return count


@service
def _give_back(count: StockCount, *, beside: Iterable[int] = (), actor: Actor, at: datetime | None = None) -> None:
    """Let units out of quarantine that were set apart until this count; what of them is missing is booked by it."""
    apart = dict(count.lines.filter(withheld__gt=0).values_list("stock_item", "withheld"))
    if not apart:
        return
    # All shelves that are booked `beside` these are locked in one go, in the order of their keys.
    locked = locked_with_kits(Q(pk__in={*apart, *beside}))
    items = [locked[pk] for pk in sorted(apart)]
    # Somebody may have scrapped or freed them meanwhile.
    units = {item.pk: -min(apart[item.pk], item.quarantined) for item in items}
    _set_apart({pk: some for pk, some in units.items() if some}, count, actor=actor, at=at)
    count.lines.update(withheld=0)
    products = sorted(item.product_id for item in items)
    emit(StockReceived(warehouse_id=count.warehouse_id, product_ids=products), actor=actor, at=at)


@service
def _set_apart(units: Mapping[int, int], count: StockCount, *, actor: Actor, at: datetime | None = None) -> None:
    """Put units of locked shelves into quarantine because of a sheet, or out of it again below zero."""
    changes = {pk: Change(quarantined=some) for pk, some in units.items()}
    change_shelf(changes)
    kind = StockMovement.Kind.QUARANTINE
    write_movements(changes.items(), kind=kind, reason=count.note, reference=count.number, actor=actor, at=at)


def _value_of(lines: list[StockCountLine]) -> Decimal:
    """Return what the differences are worth, without signs; what has no cost is worth nothing here."""
    costs = ((line.difference or 0, line.stock_item.product.unit_cost or Decimal(0)) for line in lines)
    value = sum((abs(units) * cost for units, cost in costs), Decimal(0))
    return min(value, MOST_VALUE).quantize(Decimal("0.001"))


@service
def _move(count: StockCount, target: str, *, actor: Actor, note: str = "") -> None:
    before, count.status = count.status, target
    StockCount.objects.filter(pk=count.pk, status=before).update(status=target)
    note_change(
        count,
        "inventory.stockcount.changed",
        actor=actor,
        before={"status": before},
        after={"status": target},
        note=note,
    )


@service
def _book(count: StockCount, lines: list[StockCountLine], *, actor: Actor, at: datetime | None) -> StockCount:
    """Book the differences, one adjustment per shelf, and close the sheet.

    A difference is between what was counted and the books at that moment: what moved since stays as it is.
    """
    when = at or timezone.now()
    differences = {line.stock_item_id: line.difference for line in lines if line.difference}
    _give_back(count, beside=differences, actor=actor, at=at)
    reason = count.note or "Count"
    booked = adjust_shelves(differences, reason=reason, reference=count.number, actor=actor, at=at)
    for line in lines:
        line.booked = booked.get(line.stock_item_id, 0)
    StockCountLine.objects.bulk_update(lines, ["booked"], batch_size=500)
    count.lines.update(is_open=False)
    StockItem.objects.filter(pk__in=[line.stock_item_id for line in lines]).update(counted_at=when)
    count.booked_at = when
    count.save(update_fields=["booked_at"])
    _move(count, Status.BOOKED, actor=actor)
    off = [abs(units) for units in booked.values() if units]
    fact = CountBooked(
        count_id=count.pk, number=count.number, warehouse_id=count.warehouse_id, shelves=len(off), units=sum(off)
    )
    emit(fact, actor=actor, at=at)
    return count
