"""A file of products held against the shop: what is new, what changes, and what cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings

from core import seat
from core.sight import seen
from integrations import sentences as say
from integrations.imports.products import ReadFile, ReadRow, Shop, read_products
from integrations.imports.tables import Table, read_table
from inventory.models import Product, StockItem, Warehouse
from inventory.selectors import parts_of
from pricing.models import Price, PriceList
from pricing.selectors import tax_classes, valid_prices

STANDARD = "standard"
CHUNK = 500


@dataclass(frozen=True)
class PlannedRow:
    """A row, and what will become of it: new, changed, unchanged or faulty."""

    read: ReadRow
    becomes: str
    product_id: int | None = None
    changes: Mapping[str, Any] | None = None
    price_list: str = STANDARD
    new_price: Decimal | None = None
    opening: Mapping[int, int] | None = None


@dataclass(frozen=True)
class ProductPlan:
    """The whole file."""

    table: Table
    file: ReadFile
    rows: list[PlannedRow]

    def count(self, becomes: str) -> int:
        """Count the rows of which one thing becomes."""
        return sum(row.becomes == becomes for row in self.rows)

    @cached_property
    def cells(self) -> dict[int, Mapping[str, str]]:
        """The cells as the file has them, by line and heading."""
        return {row.line: row.cells for row in self.table.rows}


def plan_products(content: bytes) -> ProductPlan:
    """Read a file and hold it against the shop, in a handful of queries. Raises UnusableFile. Changes nothing."""
    table, file = read_product_file(content)
    planned: list[PlannedRow] = []
    for start in range(0, len(file.rows), CHUNK):
        planned += plan_rows(file.rows[start : start + CHUNK])
    return ProductPlan(table, file, planned)


def read_product_file(content: bytes) -> tuple[Table, ReadFile]:
    """Read a file, with the languages, warehouses, price lists and tax classes of the shop in mind."""
    shop = Shop(
        languages=frozenset(code for code, _name in settings.LANGUAGES),
        warehouses=frozenset(_warehouses()),
        currencies=frozenset(_price_lists()),
        tax_classes=frozenset(tax_classes()),
    )
    table = read_table(content)
    return table, read_products(table, shop)


def plan_rows(rows: Sequence[ReadRow]) -> list[PlannedRow]:
    """Hold rows against the shop as it is now."""
    return _plan(rows, _price_lists(), _warehouses())


def _warehouses() -> dict[str, int]:
    # A file brings units only to where the person who brings it may look.
    return dict(seen(Warehouse.objects.filter(active=True)).values_list("code", "pk"))


def _price_lists() -> dict[str, PriceList]:
    """Return a price list per currency: the standard one, or the first that there is."""
    found: dict[str, PriceList] = {}
    for one in PriceList.objects.order_by("pk"):
        if one.currency not in found or one.code == STANDARD:
            found[one.currency] = one
    return found


def _plan(rows: Sequence[ReadRow], lists: Mapping[str, PriceList], warehouses: Mapping[str, int]) -> list[PlannedRow]:
    parts = {sku for row in rows for sku in row.values.get("parts", ())}
    rows_of_shop = Product.objects.filter(sku__in={row.sku for row in rows} | parts)
    known = {product.sku: product for product in rows_of_shop}
    _refuse_parts(rows, known)
    kits = parts_of(product.pk for product in known.values() if product.is_kit)
    held = {kit: {part.product.sku: part.per for part in those} for kit, those in kits.items()}
    ids = [product.pk for product in known.values()]
    shelves = {
        (product, warehouse): on_hand
        for product, warehouse, on_hand in StockItem.objects.filter(product_id__in=ids).values_list(
            "product_id", "warehouse_id", "on_hand"
        )
    }
    prices: dict[tuple[int, str], Decimal] = {}
    for price_list in lists.values():
        for price in reversed(_first_prices(price_list, ids)):
            prices[price.product_id, price_list.code] = price.amount
    usual = next((one for one in lists.values() if one.code == STANDARD), next(iter(lists.values()), None))
    return [
        _plan_one(
            _without_held(row, known.get(row.sku), held),
            known.get(row.sku),
            lists.get(row.currency, usual),
            prices,
            shelves,
            warehouses,
        )
        for row in rows
    ]


def _refuse_parts(rows: Sequence[ReadRow], known: Mapping[str, Product]) -> None:
    """Refuse parts that neither the shop nor a row above has, and parts of what is no kit."""
    above: set[str] = set()
    for row in rows:
        product = known.get(row.sku)
        kind = row.values.get("kind", product.kind if product else Product.Kind.STOCKED)
        parts = row.values.get("parts", {})
        strange = [sku for sku in parts if sku not in above and not (sku in known and known[sku].has_shelf)]
        if strange or row.sku in parts:
            row.faults.setdefault("parts", say.NO_SUCH_PART(sku=strange[0] if strange else row.sku))
        elif bool(parts) != (kind == Product.Kind.KIT) and (parts or product is None or not product.is_kit):
            row.faults.setdefault("parts", say.ONLY_KITS())
        if kind == Product.Kind.STOCKED:
            above.add(row.sku)


def _without_held(row: ReadRow, product: Product | None, held: Mapping[int, Mapping[str, int]]) -> ReadRow:
    """Leave out parts that the kit has already."""
    if product is not None and row.values.get("parts") == held.get(product.pk):
        row.values.pop("parts", None)
    return row


def _first_prices(price_list: PriceList, product_ids: list[int]) -> list[Price]:
    found = valid_prices([price_list], product_ids, seat.today())
    return [price for price in found if price.min_quantity <= 1]


def _plan_one(
    row: ReadRow,
    product: Product | None,
    price_list: PriceList | None,
    prices: Mapping[tuple[int, str], Decimal],
    shelves: Mapping[tuple[int, int], int],
    warehouses: Mapping[str, int],
) -> PlannedRow:
    opening = _opening(row, product, shelves, warehouses)
    changes = _changes(row, product)
    _refuse_kind(row, product, shelves)
    if product is None and not row.values.get("name") and "name" not in row.faults:
        row.faults["name"] = say.NAME_MISSING()
    if row.price is not None and price_list is None and "price" not in row.faults:
        row.faults["price"] = say.WHICH_CURRENCY(known="–")
    if row.faults:
        return PlannedRow(row, "faulty")
    code = price_list.code if price_list else STANDARD
    held = prices.get((product.pk, code)) if product else None
    new_price = None if row.price is None or row.price == held else row.price
    if product is None:
        return PlannedRow(row, "new", None, changes, code, new_price, opening)
    becomes = "changed" if changes or new_price is not None or opening else "unchanged"
    return PlannedRow(row, becomes, product.pk, changes, code, new_price, opening)


def _changes(row: ReadRow, product: Product | None) -> dict[str, Any]:
    """Return what the catalogue would say anew; empty cells leave it as it is."""
    values = dict(row.values)
    if row.names:
        names = {**(product.names if product else {}), **{k: v for k, v in row.names.items() if k != "en"}}
        values["names"] = names
        if "en" in row.names:
            values.setdefault("name", row.names["en"])
    if product is None:
        return values
    return {name: value for name, value in values.items() if name == "parts" or getattr(product, name) != value}


def _opening(
    row: ReadRow, product: Product | None, shelves: Mapping[tuple[int, int], int], warehouses: Mapping[str, int]
) -> dict[int, int]:
    """Return the units to put on shelves ({warehouse id: units}); what already lies there is never overwritten."""
    opening = {}
    kind = row.values.get("kind", product.kind if product else Product.Kind.STOCKED)
    for code, units in row.stock.items():
        warehouse = warehouses[code]
        held = shelves.get((product.pk, warehouse)) if product else None
        if kind != Product.Kind.STOCKED and units:
            row.faults[f"stock_{code}"] = say.NO_SHELF()
        elif held not in (None, units):
            row.faults[f"stock_{code}"] = say.STOCK_IS_THERE(n=held)
        elif held is None and units:
            opening[warehouse] = units
    return opening


def _refuse_kind(row: ReadRow, product: Product | None, shelves: Mapping[tuple[int, int], int]) -> None:
    wanted = row.values.get("kind")
    if product is None or wanted in (None, product.kind):
        return
    if any(known == product.pk for known, _warehouse in shelves):
        row.faults["kind"] = say.KIND_STAYS()
    elif product.is_kit:
        row.faults["kind"] = say.KIT_STAYS()
