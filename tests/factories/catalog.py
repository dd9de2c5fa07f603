"""Products and warehouses, made as staff would make them."""

from collections.abc import Mapping
from typing import Any

from core.actors import SYSTEM
from inventory import services as inventory
from inventory.models import Product, StockItem, Warehouse


def make_warehouse(code: str = "HAM", country: str = "DE", **given: Any) -> Warehouse:
    """Return the warehouse of this code, opened if need be."""
    if (known := Warehouse.objects.filter(code=code).first()) is not None:
        return known
    given.setdefault("name", f"Warehouse {code}")
    return inventory.create_warehouse(inventory.WarehouseInput(code=code, country=country, **given), actor=SYSTEM)


def make_product(
    sku: str = "MUG-RED",
    price: str = "5.00",
    tax_class: str = "standard",
    stock: Mapping[str, int] | None = None,
    **given: Any,
) -> Product:
    """Return a new product with opening stock per warehouse code.

    The catalogue knows no prices: where pricing is at hand (`make_shop`), the price goes on its list.
    """
    given.setdefault("name", sku.replace("-", " ").title())
    product = inventory.create_product(inventory.ProductInput(sku=sku, tax_class=tax_class, **given), actor=SYSTEM)
    for code, units in (stock or {}).items():
        inventory.receive_stock(
            warehouse_id=make_warehouse(code).pk,
            units={product.pk: units},
            kind="opening",
            reference="opening",
            actor=SYSTEM,
        )
    return product


def stock_of(product: Product, code: str = "HAM") -> StockItem:
    """Return the stock row of a product in a warehouse, as it stands now."""
    return StockItem.objects.get(product=product, warehouse__code=code)
