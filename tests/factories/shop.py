"""The smallest world in which an order can be placed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.actors import SYSTEM
from core.service import unit_of_work
from inventory import services as inventory
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
    wares = [
        inventory.ProductInput(sku="MUG-RED", name="Red mug"),
        inventory.ProductInput(sku="TEA-1", name="Morning tea", tax_class="reduced"),
    ]
    # One unit: a thousand tests open the shop, and its history is written in one go.
    with unit_of_work():
        hamburg = make_warehouse("HAM", priority=10)
        munich = make_warehouse("MUC", priority=20)
        pricing.ensure_defaults(actor=SYSTEM)
        mug, tea = inventory.create_products(wares, actor=SYSTEM)
        for product, price in ((mug, "5.00"), (tea, "4.20")):
            pricing.set_price(product.pk, amount=Decimal(price), price_list="standard", actor=SYSTEM)
        for place in (hamburg, munich):
            units = {mug.pk: 100, tea.pk: 100}
            inventory.receive_stock(
                warehouse_id=place.pk, units=units, kind="opening", reference="opening", actor=SYSTEM
            )
    return Shop(hamburg, munich, mug, tea)


def make_priced_product(
    sku: str, price: str, *, stock: Mapping[str, int] | None = None, price_list: str = "standard", **given: Any
) -> Product:
    """Return a new product with a price and stock."""
    product = make_product(sku, price, stock=stock, **given)
    pricing.set_price(product.pk, amount=Decimal(price), price_list=price_list, actor=SYSTEM)
    return product
