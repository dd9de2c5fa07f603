"""What is sold, and where it lies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.utils import timezone

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import note_change, service
from core.validation import check_fields
from core.words import words_of
from inventory.errors import DuplicateCode, DuplicateSku
from inventory.events import ReleaseMoved
from inventory.handling import GIFT, unknown_tags, usual_handling
from inventory.models import Product, ProductWord, StockItem, Warehouse
from inventory.models.catalog import working_week
from inventory.opening import MOST_CLOSURES, WEEK, NotAClosure, tidied

from . import kits

PRODUCT_FIELDS = frozenset(
    {
        "name",
        "names",
        "description",
        "kind",
        "category",
        "tax_class",
        "barcode",
        "weight_grams",
        "auto_reorder",
        "unit_cost",
        "image",
        "handling",
        "backorder",
        "backorder_limit",
        "release_on",
        "active",
    }
)
NAMED_BY = frozenset({"name", "names", "barcode"})
LONGEST_HANDLING = 60
SHELF_FIELDS = frozenset({"bin", "safety_stock", "reorder_point"})
WAREHOUSE_FIELDS = frozenset(
    {
        "name",
        "address",
        "country",
        "time_zone",
        "priority",
        "last_resort",
        "last_pickup_at",
        "open_days",
        "closures",
        "cut_off",
        "handling_days",
        "daily_capacity",
        "handles",
        "active",
    }
)


@dataclass(frozen=True, kw_only=True)
class ProductInput:
    """What somebody says about a product. The SKU is kept in upper case."""

    sku: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    kind: str = "stocked"
    category: str = ""
    tax_class: str = "standard"
    barcode: str = ""
    weight_grams: int = 0
    auto_reorder: bool = False
    unit_cost: Decimal | None = None
    image: str = ""
    handling: Sequence[str] = field(default_factory=list)
    backorder: bool = False
    backorder_limit: int | None = None
    release_on: date | None = None
    active: bool = True
    # Of a kit: units per kit, by the SKU of the part.
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WarehouseInput:
    """What somebody says about a warehouse. The code is kept in upper case."""

    code: str
    name: str
    country: str
    address: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = ""
    priority: int = 50
    last_resort: bool = False
    last_pickup_at: time | None = None
    open_days: Sequence[str] = tuple(working_week())
    closures: Sequence[Mapping[str, str]] = ()
    cut_off: time | None = None
    handling_days: int | None = None
    daily_capacity: int | None = None
    handles: Sequence[str] = field(default_factory=usual_handling)
    active: bool = True


@service
def create_product(product: ProductInput, *, actor: Actor, at: datetime | None = None) -> Product:
    """Take a product into the catalogue. Raises DuplicateSku."""
    return create_products([product], actor=actor, at=at)[0]


@service
def create_products(products: Sequence[ProductInput], *, actor: Actor, at: datetime | None = None) -> list[Product]:
    """Take many products into the catalogue, in four statements, two more with kits. Raises DuplicateSku."""
    inputs = [replace(one, sku=_tidy(one.sku)) for one in products]
    skus = [one.sku for one in inputs]
    taken = {sku for sku in skus if skus.count(sku) > 1} if len(set(skus)) < len(skus) else set()
    taken |= set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
    if taken:
        raise DuplicateSku(f"{', '.join(sorted(taken))} exists already", skus=sorted(taken))
    when = at or timezone.now()
    recipes = [kits.tidied(one.parts) for one in inputs]
    rows = [Product(created_at=when, **_columns(one)) for one in inputs]
    for row in rows:
        check_fields(row)
        _check_handling(row)
    known = kits.parts_by_sku({sku for parts in recipes for sku in parts}, fresh=rows)
    for row, parts in zip(rows, recipes, strict=True):
        kits.check_parts(row, parts, known)
        kits.equip_kit(row, parts, known)
    made = Product.objects.bulk_create(rows)
    _write_words(made)
    if any(recipes):
        kits.write_parts(dict(zip(made, recipes, strict=True)), known)
    for product, parts in zip(made, recipes, strict=True):
        told = {"parts": kits.spoken(parts)} if parts else {}
        note_change(product, "inventory.product.created", actor=actor, after={"sku": product.sku, **told})
    return made


@service
def update_product(product_id: int, changes: Mapping[str, Any], *, actor: Actor) -> Product:
    """Change what the catalogue says about a product; the SKU stays."""
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
    _require_known(changes, PRODUCT_FIELDS | {"parts"})
    held = kits.recipe_of(product) if "parts" in changes or "kind" in changes else {}
    before = _apply(product, {name: value for name, value in changes.items() if name != "parts"})
    if "kind" in before:
        _refuse_kind(product, before["kind"])
    parts = kits.tidied(changes["parts"]) if changes.get("parts") is not None else held
    if parts != held or "kind" in before:
        _change_parts(product, parts, held, before)
    if not before:
        return product
    check_fields(product, set(before) - {"parts"})
    _check_handling(product)
    product.save(update_fields=sorted(set(before) - {"parts"}))
    if NAMED_BY & before.keys():
        ProductWord.objects.filter(product=product).delete()
        _write_words([product])
    after = _told(product, set(before) - {"parts"}) | ({"parts": kits.spoken(parts)} if "parts" in before else {})
    note_change(product, "inventory.product.changed", actor=actor, before=before, after=after)
    if "release_on" in before:
        emit(ReleaseMoved(product_id=product.pk), actor=actor)
    return product


def _refuse_kind(product: Product, before: str) -> None:
    """Refuse another kind for what lies somewhere, is on its way, is a kit or in one."""
    coming = product.expected_receipts.filter(closed=False)
    if StockItem.objects.filter(product=product).exists() or (product.is_kit and coming.exists()):
        raise Invalid("A product with stock keeps its kind", errors=[_fault("kind", "A product with stock keeps it")])
    kits.check_kind(product, before)


@service
def _change_parts(product: Product, parts: Mapping[str, int], held: Mapping[str, int], before: dict[str, Any]) -> None:
    """Give a kit other parts, and note in `before` what of it was otherwise."""
    known = kits.parts_by_sku(parts)
    kits.check_parts(product, parts, known)
    grams, handling = product.weight_grams, product.handling
    kits.equip_kit(product, parts, known)
    if product.weight_grams != grams:
        before.setdefault("weight_grams", grams)
    if product.handling != handling:
        before.setdefault("handling", handling)
    if parts != held:
        before["parts"] = kits.spoken(held)
        kits.write_parts({product: parts}, known)


@service
def create_warehouse(warehouse: WarehouseInput, *, actor: Actor) -> Warehouse:
    """Open a warehouse. Raises DuplicateCode."""
    code = _tidy(warehouse.code)
    if Warehouse.objects.filter(code=code).exists():
        raise DuplicateCode(f"{code} exists already")
    made = Warehouse(**asdict(replace(warehouse, code=code)))
    _check_warehouse(made)
    made.save(force_insert=True)
    note_change(made, "inventory.warehouse.created", actor=actor, after={"code": made.code})
    return made


@service
def update_warehouse(warehouse_id: int, changes: Mapping[str, Any], *, actor: Actor) -> Warehouse:
    """Change what is known about a warehouse; the code stays."""
    warehouse = Warehouse.objects.select_for_update(no_key=True).get(pk=warehouse_id)
    _require_known(changes, WAREHOUSE_FIELDS)
    before = _apply(warehouse, changes)
    if not before:
        return warehouse
    _check_warehouse(warehouse)
    warehouse.save(update_fields=sorted(before))
    note_change(warehouse, "inventory.warehouse.changed", actor=actor, before=before, after=_told(warehouse, before))
    return warehouse


@service
def update_shelf(stock_item_id: int, changes: Mapping[str, Any], *, actor: Actor) -> StockItem:
    """Say in which bin a product lies, how many units are kept back as safety stock, and when to order again."""
    item = StockItem.objects.locked().get(pk=stock_item_id)
    _require_known(changes, SHELF_FIELDS)
    if "bin" in changes:
        changes = {**changes, "bin": _tidy(str(changes["bin"]))}
    before = _apply(item, changes)
    if not before:
        return item
    check_fields(item, before)
    item.save(update_fields=sorted(before))
    note_change(item, "inventory.stockitem.changed", actor=actor, before=before, after=_told(item, before))
    return item


def _columns(product: ProductInput) -> dict[str, Any]:
    """Return what is written on the product itself."""
    return {name: value for name, value in asdict(product).items() if name != "parts"}


def _write_words(products: Sequence[Product]) -> None:
    """Keep what products are found by, when somebody begins to type it: SKU, name in every language, GTIN."""
    ProductWord.objects.bulk_create(
        ProductWord(product=product, word=word)
        for product in products
        for word in words_of(product.sku, product.name, *map(str, product.names.values()), product.barcode)
    )


def _tidy(code: str) -> str:
    return code.strip().upper()


def _require_known(changes: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(changes) - known):
        raise Invalid(
            f"{', '.join(unknown)} cannot be changed", errors=[_fault(one, "Cannot be changed") for one in unknown]
        )


def _apply(row: Product | Warehouse | StockItem, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set the fields that differ; return what they held, in a form the history can keep."""
    before = {}
    for name, value in changes.items():
        if (held := getattr(row, name)) != value:
            before[name] = _plain(held)
            setattr(row, name, value)
    return before


def _told(row: Product | Warehouse | StockItem, before: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in before}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _check_handling(product: Product) -> None:
    """What a product asks for is known, and being a gift is nothing it asks for by itself."""
    if wrong := unknown_tags(product.handling) or [tag for tag in product.handling if tag == GIFT]:
        text = f"{', '.join(wrong)} is no way to handle a product"
        raise Invalid(text, errors=[_fault("handling", text)])


def _check_warehouse(warehouse: Warehouse) -> None:
    _tidy_days(warehouse)
    check_fields(warehouse)
    if wrong := unknown_tags(warehouse.handles):
        text = f"{', '.join(wrong)} is no way to handle goods"
        raise Invalid(text, errors=[_fault("handles", text)])
    if not (len(warehouse.country) == 2 and warehouse.country.isascii() and warehouse.country.isupper()):
        raise Invalid("A country is two capital letters, as in DE", errors=[_fault("country", "Two capital letters")])
    if warehouse.time_zone and warehouse.time_zone not in available_timezones():
        fault = _fault("time_zone", "A time zone is written as in Europe/Berlin")
        raise Invalid(fault["detail"], errors=[fault])


def _tidy_days(warehouse: Warehouse) -> None:
    """Bring the days on which a place works into their stored form, and refuse those that nothing could leave on."""
    days = list(warehouse.open_days) if isinstance(warehouse.open_days, list | tuple) else []
    if not days or any(day not in WEEK for day in days):
        fault = _fault("open_days", f"At least one of {', '.join(WEEK)}")
        raise Invalid(f"A warehouse is open on {fault['detail'].lower()}", errors=[fault])
    warehouse.open_days = [day for day in WEEK if day in days]
    try:
        warehouse.closures = tidied(warehouse.closures)
    except (NotAClosure, TypeError) as refused:
        fault = _fault("closures", f"Not one or two days within four months: {refused}")
        raise Invalid(fault["detail"], errors=[fault]) from None
    if len(warehouse.closures) > MOST_CLOSURES:
        fault = _fault("closures", f"At most {MOST_CLOSURES} closures")
        raise Invalid(fault["detail"], errors=[fault])
    if warehouse.handling_days is not None and warehouse.handling_days > LONGEST_HANDLING:
        fault = _fault("handling_days", f"At most {LONGEST_HANDLING} days")
        raise Invalid(fault["detail"], errors=[fault])


def _fault(name: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": "invalid", "detail": detail}
