"""What tax asks about goods and who buys them, and what an agreement says of both."""

from collections.abc import Mapping, Sequence
from typing import Any

from inventory.models import Product
from pricing.calculation import GOODS, SERVICE


def supply_of(product: Product) -> str:
    """Return what selling a product is for tax: goods that move, or a service (downloads count as such)."""
    return SERVICE if product.kind in (Product.Kind.SERVICE, Product.Kind.DIGITAL) else GOODS


def vat_id_told(explanation: Sequence[Mapping[str, Any]]) -> str:
    """Return the VAT id that the tax of an agreement rests on; nothing where it rests on none."""
    return next((str(one["vat_id"]) for one in explanation if one["about"] == "tax" and one.get("vat_id")), "")
