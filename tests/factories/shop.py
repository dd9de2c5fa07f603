"""The smallest world in which an order can be placed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.actors import SYSTEM
from inventory.models import Product, Warehouse
from pricing import services as pricing
from pricing.models import Channel
from tests.factories.catalog import make_product, make_warehouse


@dataclass(frozen=True)
class Shop:
    """What every order needs."""

    hamburg: Warehouse
    munich: Warehouse
    mug: Product
    tea: Product

    def channel(self, code: str = "api") -> Channel:
        """Return a channel."""
        return pricing.channel_by_code(code)


def make_shop() -> Shop:
    """Open the shop: five channels, three ways of delivery, two warehouses, a red mug and a tea."""
    pricing.forget()
    hamburg = make_warehouse("HAM", priority=10)
    munich = make_warehouse("MUC", priority=20)
    pricing.ensure_defaults(actor=SYSTEM)
    shelves = {"HAM": 100, "MUC": 100}
    mug = make_priced_product("MUG-RED", "5.00", name="Red mug", stock=shelves)
    tea = make_priced_product("TEA-1", "4.20", name="Morning tea", tax_class="reduced", stock=shelves)
    return Shop(hamburg, munich, mug, tea)


def make_priced_product(
    sku: str, price: str, *, stock: Mapping[str, int] | None = None, price_list: str = "standard", **given: Any
) -> Product:
    """Return a new product with a price and stock."""
    product = make_product(sku, price, stock=stock, **given)
    pricing.set_price(product.pk, amount=Decimal(price), price_list=price_list, actor=SYSTEM)
    return product
