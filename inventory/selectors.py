"""What screens and callers read about stock."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Count, DateField, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Greatest

from core.often import Remembered, Slot, one_of
from core.sight import seen
from core.words import begins_with, typed_words
from inventory.kits import complete
from inventory.models import (
    Allocation,
    ExpectedReceipt,
    FormerPart,
    KitPart,
    Product,
    ProductWord,
    StockCount,
    StockCountLine,
    StockItem,
    StockMovement,
    Transfer,
    TransferLine,
    Warehouse,
)

# Of a family or category, so many are looked at for a substitute.
MOST_ALIKE = 60


def free_units(shelf: str = "") -> Combinable:
    """Return the expression for what new demand may take of a stock row, or of the `shelf` that a row leads to."""
    columns = ("quarantined", "reserved", "safety_stock")
    free: Combinable = F(f"{shelf}on_hand")
    for column in columns:
        free -= F(f"{shelf}{column}")
    return Greatest(Value(0), free, output_field=IntegerField())


def availability(product_ids: Iterable[int]) -> dict[int, int]:
    """Return the free units of products over all active warehouses; a product without stock has none."""
    found = dict.fromkeys(product_ids, 0)
    for (product, _warehouse), units in stock_by_warehouse(found).items():
        found[product] += units
    return found


def stock_by_warehouse(product_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """Return the free units of (product, warehouse), in active warehouses; of kits, as the scarcest part allows."""
    wanted = set(product_ids)
    shelves = StockItem.objects.filter(product_id__in=wanted, warehouse__active=True).order_by()
    none = Cast(Value(None), IntegerField())
    here = shelves.values_list("product_id", "warehouse_id", free_units(), none, Value(1), Value(True))
    lies = "product__stock_items__"
    parts = KitPart.objects.filter(kit_id__in=wanted).order_by()
    # A part without any shelf is a row, too: of its kit there is none.
    kits = parts.values_list(
        "kit_id",
        f"{lies}warehouse_id",
        Coalesce(free_units(lies), 0),
        "product_id",
        "per",
        f"{lies}warehouse__active",
    )
    found: dict[tuple[int, int], int] = {}
    of_kit: dict[int, dict[int, int]] = {}
    shelf: dict[tuple[int, int], dict[int, int]] = {}
    for product, warehouse, units, part, per, active in here.union(kits, all=True):
        if part is None:
            found[product, warehouse] = units
            continue
        of_kit.setdefault(product, {})[part] = per
        if active:
            shelf.setdefault((product, warehouse), {})[part] = units
    return found | {place: complete(tuple(of_kit[place[0]].items()), there) for place, there in shelf.items()}


def parts_of(kit_ids: Iterable[int]) -> dict[int, list[KitPart]]:
    """Return what kits are made of, with the products; one statement, and none without kits."""
    found: dict[int, list[KitPart]] = {kit: [] for kit in kit_ids}
    for part in KitPart.objects.filter(kit__in=found).select_related("product") if found else ():
        found[part.kit_id].append(part)
    return found


def kits_with(product_ids: "Iterable[int] | Slot") -> Q:
    """Return the condition of the lines of kits that are made of products, or were when they were ordered."""
    kits = Q()
    for parts in (KitPart, FormerPart):
        kits |= Q(
            product__in=parts._default_manager.filter(one_of("product_id", product_ids)).order_by().values("kit")
        )
    return kits


def supply_rows(product_ids: "Iterable[int] | Slot") -> tuple["QuerySet[Any, Any]", ...]:
    """Return rows of (product, warehouse, day, units), to be read as one: what is free, without a day, and what comes.

    The first are the shelves; what comes is bought, or in transit between two warehouses.

    Free units are below zero where safety stock is missing: the next ones to come make that up.
    """
    wanted = one_of("product_id", product_ids)
    free = F("on_hand") - F("quarantined") - F("reserved") - F("safety_stock")
    shelves = StockItem.objects.filter(wanted, warehouse__active=True).values_list(
        "product_id", "warehouse_id", Cast(Value(None), DateField()), free
    )
    due = ExpectedReceipt.objects.filter(wanted, closed=False, quantity__gt=F("received"))
    coming = due.filter(warehouse__active=True).values_list(
        "product_id", "warehouse_id", "expected_on", F("quantity") - F("received")
    )
    sent = TransferLine.objects.filter(wanted, in_transit=True, transfer__destination__active=True)
    moving = sent.values_list(
        "product_id",
        F("transfer__destination_id"),
        F("transfer__expected_on"),
        F("quantity") - F("received") - F("lost"),
    )
    return shelves.order_by(), coming.order_by(), moving.order_by()


def incoming(product_ids: Iterable[int]) -> dict[int, list[tuple[date, int, int]]]:
    """Return what is on its way per product: (day, warehouse, units), the earliest first.

    Receipts that are expected, and what other warehouses of ours have sent; one query.
    """
    wanted = set(product_ids)
    found: dict[int, list[tuple[date, int, int]]] = {product: [] for product in wanted}
    receipts = ExpectedReceipt.objects.filter(product_id__in=wanted, closed=False, quantity__gt=F("received"))
    transfers = TransferLine.objects.filter(product_id__in=wanted, in_transit=True)
    bought = receipts.order_by().values_list(
        "product_id", F("expected_on"), F("warehouse_id"), F("quantity") - F("received")
    )
    moved = transfers.order_by().values_list(
        "product_id",
        F("transfer__expected_on"),
        F("transfer__destination_id"),
        F("quantity") - F("received") - F("lost"),
    )
    for product_id, day, warehouse_id, units in bought.union(moved, all=True):
        found[product_id].append((day, warehouse_id, units))
    return {product: sorted(rows) for product, rows in found.items()}


class TiedLot(NamedTuple):
    """Units of a product, or of a kit, tied to one line of a demand, in one warehouse."""

    reservation_id: int
    key: int
    warehouse_id: int
    product_id: int
    units: int


def tied_behind(
    product_ids: Iterable[int],
    *,
    warehouses: Iterable[int],
    rank: int,
    reservations: Iterable[int] | None = None,
    limit: int | None = None,
) -> list[TiedLot]:
    """Return what is tied to demands with a higher rank, in warehouses; who is served last comes first.

    The parts of a kit are tied to it: nobody is given a part alone.
    """
    wanted = set(product_ids)
    rows = Allocation.objects.filter(
        Q(kit__in=wanted) | Q(kit__isnull=True, stock_item__product__in=wanted),
        quantity__gt=F("consumed") + F("released"),
        stock_item__warehouse__in=set(warehouses),
        reservation__rank__gt=rank,
    )
    if reservations is not None:
        rows = rows.filter(reservation__in=set(reservations))
    columns = ("reservation_id", "key", "stock_item__warehouse_id", "kit_id", "stock_item__product_id")
    open_kits = (F("quantity") - F("consumed") - F("released")) / F("per")
    ordered = rows.order_by("-reservation__rank", "-reservation_id", "-pk")
    first: dict[tuple[int, int, int], int] = {}
    found = []
    for reservation, key, warehouse, kit, product, units in ordered.values_list(*columns, open_kits)[:limit]:
        # Of a kit its first part speaks for the others.
        if first.setdefault((reservation, key, warehouse), product) == product:
            found.append(TiedLot(reservation, key, warehouse, kit or product, units))
    return found


def products_by_sku(skus: Iterable[str]) -> dict[str, Product]:
    """Return products by their SKU in upper case; unknown ones are missing."""
    wanted = {sku.strip().upper() for sku in skus}
    return {product.sku: product for product in _BY_SKU.rows(skus=sorted(wanted))}


# Asked with every order.
_BY_SKU = Remembered(lambda skus: Product.objects.filter(sku__in=skus))


def begun(text: str, *, limit: int = 8) -> list[Product]:
    """Return the products on sale that somebody means who has begun to type: every word begins one of the SKU, the
    name in any language or the GTIN. The very SKU or GTIN comes first. At most two statements."""
    typed = text.strip()
    on_sale = Product.objects.filter(active=True)
    found = list(on_sale.filter(Q(sku=typed.upper()) | Q(barcode=typed) & ~Q(barcode=""))[:limit]) if typed else []
    if words := typed_words(text):
        rows = on_sale
        for word in words:
            rows = rows.filter(pk__in=begins_with(ProductWord.objects.all(), word).values("product"))
        found += [one for one in rows.order_by("sku")[:limit] if one not in found]
    return found[:limit]


def substitutes(product: Product, *, units: int, limit: int = 3) -> list[tuple[Product, int]]:
    """Return what could be sold instead of a product, with the free units of each: of the same family (the SKU up to
    its last dash) or else the same category, on sale, with enough free units; the family first. Two statements."""
    family = product.sku.rpartition("-")[0]
    alike = Q(category=product.category) & ~Q(category="")
    if family:
        alike |= Q(sku__startswith=f"{family}-")
    rows = Product.objects.filter(alike, active=True, kind=product.kind).exclude(pk=product.pk)
    near = sorted(rows.order_by("sku")[:MOST_ALIKE], key=lambda one: (one.sku.rpartition("-")[0] != family, one.sku))
    free = availability(one.pk for one in near) if product.needs_stock else {}
    return [(one, free.get(one.pk, 0)) for one in near if not one.needs_stock or free[one.pk] >= units][:limit]


def warehouse_by_code(code: str) -> Warehouse | None:
    """Return an active warehouse."""
    return Warehouse.objects.filter(code=code.strip().upper(), active=True).first()


def active_warehouses() -> list[Warehouse]:
    """Return the places that are open, by name."""
    return list(Warehouse.objects.filter(active=True).order_by("name", "pk"))


def products_scanned(codes: Iterable[str]) -> dict[str, Product]:
    """Return the products that are sold under scanned or typed codes: a SKU, else a GTIN that only one of them has."""
    wanted = {code.strip().upper() for code in codes if code.strip()}
    rows = list(Product.objects.filter(Q(sku__in=wanted) | Q(barcode__in=wanted), active=True))
    by_sku = {product.sku: product for product in rows}
    by_gtin: dict[str, list[Product]] = {}
    for product in rows:
        by_gtin.setdefault(product.barcode, []).append(product)
    alone = {gtin: products[0] for gtin, products in by_gtin.items() if len(products) == 1}
    known = alone | by_sku
    return {code: known[code] for code in wanted if code in known}


def stock_rows() -> "QuerySet[StockItem]":
    """Return stock with product, warehouse and what of it is `incoming`."""
    expected = (
        ExpectedReceipt.objects.filter(
            product_id=OuterRef("product_id"),
            warehouse_id=OuterRef("warehouse_id"),
            closed=False,
            quantity__gt=F("received"),
        )
        .order_by()
        .values("product_id")
        .annotate(units=Sum(F("quantity") - F("received")))
        .values("units")
    )
    sent = (
        TransferLine.objects.filter(
            product_id=OuterRef("product_id"), transfer__destination_id=OuterRef("warehouse_id"), in_transit=True
        )
        .order_by()
        .values("product_id")
        .annotate(units=Sum(F("quantity") - F("received") - F("lost")))
        .values("units")
    )
    return StockItem.objects.select_related("product", "warehouse").annotate(
        incoming=Coalesce(Subquery(expected, output_field=IntegerField()), 0)
        + Coalesce(Subquery(sent, output_field=IntegerField()), 0)
    )


def positions() -> "QuerySet[Any]":
    """Return stock with its `position`: what is free, safety stock included, and what is on its way to it."""
    free = F("on_hand") - F("quarantined") - F("reserved")
    rows: QuerySet[Any] = stock_rows().filter(product__active=True, warehouse__active=True)
    return rows.annotate(position=free + F("incoming"))


def is_low() -> Q:
    """Return the condition under which a stock row has nothing left to promise."""
    return Q(on_hand__lte=F("quarantined") + F("reserved") + F("safety_stock"))


def movements() -> "QuerySet[StockMovement]":
    """Return every movement with what was moved and where, the youngest first."""
    return StockMovement.objects.select_related("stock_item__product", "stock_item__warehouse").order_by("-pk")


def expected_receipts() -> "QuerySet[ExpectedReceipt]":
    """Return what is expected, with product and warehouse, the earliest day first."""
    return ExpectedReceipt.objects.select_related("product", "warehouse").order_by("expected_on", "pk")


def transfers() -> "QuerySet[Transfer]":
    """Return every transfer with where it goes and how many units it is of; what is on its way counts apart."""
    sums = TransferLine.objects.filter(transfer=OuterRef("pk")).order_by().values("transfer")
    units = sums.annotate(units=Sum("quantity")).values("units")
    left = sums.filter(in_transit=True).annotate(units=Sum(F("quantity") - F("received") - F("lost"))).values("units")
    return Transfer.objects.select_related("source", "destination").annotate(
        units=Coalesce(Subquery(units, output_field=IntegerField()), 0),
        in_transit=Coalesce(Subquery(left, output_field=IntegerField()), 0),
    )


def lines_of_transfer(transfer: Transfer) -> "QuerySet[TransferLine]":
    """Return the lines of a transfer with the bin of each at its source, by that bin."""
    shelf = StockItem.objects.filter(product=OuterRef("product"), warehouse=transfer.source_id)
    rows = transfer.lines.select_related("product").annotate(bin=Coalesce(Subquery(shelf.values("bin")), Value("")))
    return rows.order_by("bin", "product__sku")


def lines_on_their_way(product: Product) -> "QuerySet[TransferLine]":
    """Return what other warehouses have sent of a product, with the transfer, the earliest first."""
    rows = TransferLine.objects.filter(product=product, in_transit=True)
    rows = rows.filter(transfer__in=seen(Transfer.objects.all()).values("pk"))
    return rows.select_related("transfer__source", "transfer__destination").order_by("transfer__expected_on", "pk")


def counts() -> "QuerySet[StockCount]":
    """Return every count with its place, how many shelves it has and how many of them are counted."""
    return StockCount.objects.select_related("warehouse").annotate(
        shelves=Subquery(_lines_of_count().annotate(n=Count("pk")).values("n")),
        done=Subquery(_lines_of_count().annotate(n=Count("counted")).values("n")),
    )


def _lines_of_count() -> "QuerySet[Any, Any]":
    return StockCountLine.objects.filter(count=OuterRef("pk")).order_by().values("count")


def lines_of_count(count: StockCount) -> "QuerySet[StockCountLine]":
    """Return the lines of a count in the order in which they are walked."""
    return count.lines.select_related("stock_item__product").order_by("stock_item__bin", "stock_item__product__sku")


def promises(item: StockItem) -> "QuerySet[Allocation]":
    """Return the open allocations of a stock row; who stands last loses first."""
    rows = Allocation.objects.filter(stock_item=item, quantity__gt=F("consumed") + F("released"))
    return rows.select_related("reservation").order_by("reservation__rank", "reservation_id", "pk")


def countries_of(reservation_id: int | None, keys: Collection[int]) -> set[str]:
    """Return the countries of the warehouses that units of some lines are tied to, or left from."""
    rows = Allocation.objects.filter(reservation=reservation_id, key__in=keys, quantity__gt=F("released"))
    return set(rows.values_list("stock_item__warehouse__country", flat=True)) if reservation_id else set()


def allocated_from(reservation_id: int | None) -> dict[int, list[tuple[str, int]]]:
    """Return, by line of a demand, the codes of the warehouses whose units are tied to it, and how many."""
    found: dict[int, list[tuple[str, int]]] = {}
    if reservation_id is None:
        return found
    rows = Allocation.objects.filter(reservation=reservation_id, quantity__gt=F("consumed") + F("released"))
    rows = rows.order_by("key", "stock_item__warehouse__code", "stock_item")
    columns = ("key", "stock_item__warehouse__code", "stock_item", "per")
    first: dict[tuple[int, str], int] = {}
    still_tied = Sum(F("quantity") - F("consumed") - F("released"))
    for key, code, shelf, per, units in rows.values_list(*columns).annotate(units=still_tied):
        # Of a kit its first part speaks for the others.
        if first.setdefault((key, code), shelf) == shelf:
            found.setdefault(key, []).append((code, units // per))
    return found
