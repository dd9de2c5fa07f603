"""Kits, made as staff would make them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.actors import SYSTEM
from inventory import services as inventory
from inventory.models import Product
from pricing import services as pricing


def make_kit(sku: str = "GIFT-1", parts: Mapping[str, int] | None = None, **given: Any) -> Product:
    """Return a new kit: two red mugs and a tea, unless told otherwise."""
    given.setdefault("name", "Gift set")
    wanted = {"MUG-RED": 2, "TEA-1": 1} if parts is None else parts
    return inventory.create_product(
        inventory.ProductInput(sku=sku, kind=Product.Kind.KIT, parts=wanted, **given), actor=SYSTEM
    )


def make_priced_kit(
    sku: str = "GIFT-1", price: str = "12.00", parts: Mapping[str, int] | None = None, **given: Any
) -> Product:
    """Return a new kit with a price."""
    kit = make_kit(sku, parts, **given)
    pricing.set_price(kit.pk, amount=Decimal(price), price_list="standard", actor=SYSTEM)
    return kit
