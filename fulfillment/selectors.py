"""What screens, papers and mails read about work and parcels."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast, Coalesce

from core.sight import seen
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine, TrackingEvent, Wave
from inventory.handling import labels
from inventory.models import Product, StockItem
from inventory.out_of_bins import Taken, takes_out
from orders.models import OrderLine, OrderStatus, parts_in
from orders.searching import found_by

Status = FulfillmentOrder.Status
Parcel = Shipment.Status
OPEN_WORK = (Status.PLANNED, Status.RELEASED, Status.PICKING, Status.PICKED, Status.PACKED)
# What somebody still has to fetch.
NOT_PICKED = (Status.PLANNED, Status.RELEASED, Status.PICKING)
ON_THE_WAY = (Parcel.IN_TRANSIT, Parcel.OUT_FOR_DELIVERY, Parcel.DELIVERY_FAILED)
# So many lines of a parcel or of work are named on the page of their order.
GLIMPSE = 8
TROUBLE = (Parcel.DELIVERY_FAILED, Parcel.RETURNED_TO_SENDER, Parcel.LOST)
# Where a parcel stands that nobody will bring any more.
NEVER_ARRIVED = (Parcel.RETURNED_TO_SENDER, Parcel.LOST)

# What may be done with work, by kind and state, in the order in which buttons stand.
GOODS_ACTIONS: Mapping[str, tuple[str, ...]] = {
    Status.PLANNED: ("release", "reroute"),
    Status.RELEASED: ("start", "pick", "short", "pull_back"),
    Status.PICKING: ("pick", "short", "pull_back"),
    Status.PICKED: ("pack",),
    Status.PACKED: ("ship",),
}
SERVICE_ACTIONS: Mapping[str, tuple[str, ...]] = {
    Status.PLANNED: ("release",),
    Status.RELEASED: ("render", "pull_back"),
}
# What is no step on the way of the goods.
BESIDE_THE_WAY: Mapping[str, tuple[str, ...]] = {
    Status.PLANNED: ("split", "merge"),
    Status.PICKED: ("put_back",),
    Status.PACKED: ("put_back",),
}
WAVE_ACTIONS: Mapping[str, tuple[str, ...]] = {
    Wave.Status.PLANNED: ("release", "cancel"),
    Wave.Status.RELEASED: ("pick", "cancel"),
}
PARCEL_ACTIONS: Mapping[str, tuple[str, ...]] = {
    Parcel.IN_TRANSIT: ("deliver", "fail", "lose", "come_back"),
    Parcel.OUT_FOR_DELIVERY: ("deliver", "fail", "lose", "come_back"),
    Parcel.DELIVERY_FAILED: ("deliver", "lose", "come_back"),
    Parcel.LOST: ("deliver",),
}


class Following(NamedTuple):
    """Units of an order that come later, and the day they are promised for."""

    line: OrderLine
    units: int
    promised_on: date | None


def allowed_actions(work: FulfillmentOrder) -> list[str]:
    """Return what may be done next with a piece of work."""
    if work.status == Status.CANCELLED:
        return ["put_back"] if work.needs_put_back else []
    actions = SERVICE_ACTIONS if work.kind == FulfillmentOrder.Kind.SERVICE else GOODS_ACTIONS
    return list(actions.get(work.status, ()))


def parcel_actions(shipment: Shipment) -> list[str]:
    """Return what may be said about a parcel next."""
    return list(PARCEL_ACTIONS.get(shipment.status, ()))


@takes_out
def units_on_trolleys(warehouse_id: int, product_ids: Collection[int]) -> dict[Taken, int]:
    """Return what was picked or packed of products at a warehouse, and has not left it, or gone back."""
    begun = Q(fulfillment_order__status__in=(Status.PICKING, Status.PICKED, Status.PACKED))
    away = begun | Q(fulfillment_order__status=Status.CANCELLED, fulfillment_order__needs_put_back=True)
    wanted = Q(order_line__product__in=product_ids) | Q(order_line__kind=Product.Kind.KIT)
    rows = FulfillmentLine.objects.filter(away, wanted, fulfillment_order__warehouse=warehouse_id, picked__gt=0)
    whose = ("order_line__product_id", "fulfillment_order__order__reservation_id", "order_line__position")
    parts = Cast("order_line__parts", TextField())
    found: dict[Taken, int] = {}
    for product, reservation, key, made_of, picked in (
        rows.order_by().values_list(*whose).annotate(made_of=parts, units=Sum("picked"))
    ):
        for one, per in parts_in(json.loads(made_of)) or ((product, 1),):
            if one in product_ids:
                taken = Taken(one, reservation, key)
                found[taken] = found.get(taken, 0) + per * picked
    return found


def work_queue() -> "QuerySet[FulfillmentOrder]":
    """Return every piece of work with its order and its place."""
    return FulfillmentOrder.objects.select_related("order__channel", "warehouse", "wave")


def waves() -> "QuerySet[Any]":
    """Return every wave with how much work is in it, and how much of that is picked."""
    mine = FulfillmentOrder.objects.filter(wave=OuterRef("pk")).order_by().values("wave")
    count = mine.annotate(n=Count("pk")).values("n")
    picked = mine.exclude(status__in=NOT_PICKED).annotate(n=Count("pk")).values("n")
    figures = {"work_count": Coalesce(Subquery(count), 0), "picked_count": Coalesce(Subquery(picked), 0)}
    return Wave.objects.select_related("warehouse", "shipping_method").annotate(**figures)


def with_lines(works: "QuerySet[FulfillmentOrder]") -> "QuerySet[FulfillmentOrder]":
    """Read the lines of work along with it, by bin."""
    lines = FulfillmentLine.objects.select_related("order_line__product").order_by("bin", "order_line__position")
    return works.prefetch_related(Prefetch("lines", queryset=lines))


def parcels() -> "QuerySet[Shipment]":
    """Return every parcel with its order and where it comes from."""
    return Shipment.objects.select_related("order__channel", "fulfillment_order__warehouse", "label")


def with_contents(shipments: "QuerySet[Shipment]") -> "QuerySet[Shipment]":
    """Read what is in parcels along with them."""
    lines = ShipmentLine.objects.select_related("order_line__product").order_by("order_line__position")
    return shipments.prefetch_related(Prefetch("lines", queryset=lines))


def with_tracking(shipments: "QuerySet[Shipment]") -> "QuerySet[Shipment]":
    """Read what carriers said about parcels along with them, the latest first."""
    told = TrackingEvent.objects.order_by("-at", "-pk")
    return shipments.prefetch_related(Prefetch("tracking_events", queryset=told))


def work_of_order(order_id: int) -> list[FulfillmentOrder]:
    """Return the work on an order with a glimpse of its lines, the oldest first."""
    lines = FulfillmentLine.objects.order_by("bin", "order_line__position")
    return list(_with_glimpse(seen(work_queue()).filter(order_id=order_id), lines).order_by("pk"))


def parcels_of_order(order_id: int) -> list[Shipment]:
    """Return the parcels of an order with tracking and a glimpse of their contents, the oldest first."""
    found = seen(parcels()).filter(order_id=order_id).exclude(status=Parcel.CANCELLED)
    lines = ShipmentLine.objects.order_by("order_line__position")
    return list(_with_glimpse(with_tracking(found), lines).order_by("pk"))


def _with_glimpse(rows: "QuerySet[Any]", lines: "QuerySet[Any]") -> "QuerySet[Any]":
    """Read the first few lines along as `glimpse`, and how many there are as `line_count`: an order may have 500."""
    owner = "shipment" if lines.model is ShipmentLine else "fulfillment_order"
    count = lines.filter(**{owner: OuterRef("pk")}).order_by().values(owner).annotate(n=Count("pk")).values("n")
    named = lines.select_related("order_line").only("quantity", owner, "order_line__sku", "order_line__name")
    first = Prefetch("lines", queryset=named[:GLIMPSE], to_attr="glimpse")
    return rows.annotate(line_count=Subquery(count)).prefetch_related(first)


def handling_of_parcels(shipment_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return how what is in parcels must be handled; parcels with nothing special are left out."""
    found: dict[int, set[str]] = {}
    rows = ShipmentLine.objects.filter(shipment__in=list(shipment_ids)).exclude(order_line__product__handling=[])
    for shipment_id, tags in rows.values_list("shipment", "order_line__product__handling"):
        found.setdefault(shipment_id, set()).update(tags)
    return found


@dataclass(frozen=True)
class Fetch:
    """Units of a product that are fetched from a bin."""

    product_id: int
    sku: str
    name: str
    bin: str
    units: int
    per: int = 1
    handling: Sequence[str] = ()

    @property
    def handling_labels(self) -> list[str]:
        """Return in words how it must be handled."""
        return labels(self.handling)


@dataclass(frozen=True)
class ToFetch:
    """A line of work, and what is fetched for it: itself, or the parts of a kit, by bin."""

    line: FulfillmentLine
    goods: list[Fetch]

    @property
    def is_kit(self) -> bool:
        """Whether parts are fetched for it."""
        return bool(self.line.order_line.parts)

    @property
    def handling(self) -> list[str]:
        """Return in words how a kit must be handled."""
        return labels(self.line.order_line.product.handling)


def to_fetch(works: Iterable[FulfillmentOrder]) -> dict[int, list[ToFetch]]:
    """Return what to fetch for work, by bin; the parts of a kit stay together. One statement, none without kits."""
    lines = [(work, line) for work in works for line in work.lines.all()]
    parts = {part for _work, line in lines for part, _per in line.order_line.made_of}
    shelves = StockItem.objects.filter(product__in=parts).select_related("product") if parts else ()
    there: dict[tuple[int, int | None], StockItem] = {(row.product_id, row.warehouse_id): row for row in shelves}
    found: dict[int, list[ToFetch]] = {work.pk: [] for work, _line in lines}
    for work, line in lines:
        found[work.pk].append(ToFetch(line, _goods_of(line, work.warehouse_id, there)))
    for groups in found.values():
        groups.sort(key=lambda group: (group.goods[0].bin, group.line.order_line.position))
    return found


def _goods_of(
    line: FulfillmentLine, warehouse_id: int | None, there: Mapping[tuple[int, int | None], StockItem]
) -> list[Fetch]:
    ordered = line.order_line
    if not ordered.parts:
        return [
            Fetch(
                product_id=ordered.product_id,
                sku=ordered.sku,
                name=ordered.name,
                bin=line.bin,
                units=line.quantity,
                handling=ordered.product.handling,
            )
        ]
    goods = []
    for part in ordered.parts:
        shelf = there.get((part["product"], warehouse_id))
        goods.append(
            Fetch(
                product_id=part["product"],
                sku=part["sku"],
                name=part["name"],
                bin=shelf.bin if shelf else "",
                units=line.quantity * part["per"],
                per=part["per"],
                handling=shelf.product.handling if shelf else (),
            )
        )
    return sorted(goods, key=lambda one: (one.bin, one.sku))


def parcel_counts(work_ids: Iterable[int]) -> dict[int, int]:
    """Return how many parcels each piece of work went into."""
    counts: dict[int, int] = {}
    rows = Shipment.objects.filter(fulfillment_order__in=list(work_ids)).exclude(status=Parcel.CANCELLED)
    for work_id in rows.values_list("fulfillment_order_id", flat=True):
        counts[work_id] = counts.get(work_id, 0) + 1
    return counts


def following(shipment: Shipment, lines: Sequence[OrderLine]) -> list[Following]:
    """Return the units of the order that are neither shipped nor in this parcel; services do not travel."""
    here = {} if shipment.shipped_at else {line.order_line_id: line.quantity for line in shipment.lines.all()}
    rest = ((line, line.open - here.get(line.pk, 0)) for line in lines if line.product.needs_stock)
    return [Following(line, units, line.promised_on) for line, units in rest if units > 0]


def following_work(work: FulfillmentOrder, lines: Sequence[OrderLine]) -> list[Following]:
    """Return the units of the order that are neither shipped nor part of this work; services do not travel."""
    here = {line.order_line_id: line.quantity for line in work.lines.all()}
    rest = ((line, line.open - here.get(line.pk, 0)) for line in lines if line.product.needs_stock)
    return [Following(line, units, line.promised_on) for line, units in rest if units > 0]


def must_leave(on: date) -> "QuerySet[FulfillmentOrder]":
    """Return the work that must leave the house on that day, or should have left before."""
    goods = work_queue().filter(kind=FulfillmentOrder.Kind.GOODS, status__in=OPEN_WORK, ship_by_on__lte=on)
    return goods.filter(order__status__in=(OrderStatus.CONFIRMED, OrderStatus.FULFILLING))


def waiting_since(moment: datetime) -> "QuerySet[FulfillmentOrder]":
    """Return the work that was picked before that moment and is not packed, or packed and not shipped."""
    picked = Q(status=Status.PICKED, picked_at__lt=moment)
    packed = Q(status=Status.PACKED, packed_at__lt=moment)
    return work_queue().filter(picked | packed)


def to_put_back() -> "QuerySet[FulfillmentOrder]":
    """Return cancelled work whose goods still lie on a trolley."""
    return work_queue().filter(status=Status.CANCELLED, needs_put_back=True)


@found_by
def orders_by_tracking(term: str) -> "QuerySet[Any]":
    """Return the ids of the orders of which a parcel has this tracking number."""
    return Shipment.objects.filter(tracking_number__in={term, term.replace(" ", "").upper()}).values("order")
