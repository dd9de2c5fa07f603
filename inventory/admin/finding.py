"""How goods are found from the one search box."""

from django.utils.translation import gettext_lazy as _

from core.admin.links import page_of
from core.admin.searching import LIMIT, Hit, finder
from core.sight import seen
from inventory.models import Product, StockCount, Transfer


@finder(permission="inventory.view_product", order=70)
def find_products(term: str) -> list[Hit]:
    """Find products by the beginning of the SKU or of the name, and by GTIN."""
    wanted = term.strip()
    rows = list(Product.objects.filter(sku__startswith=wanted.upper()).order_by("sku")[:LIMIT])
    rows = rows or list(Product.objects.filter(barcode=wanted)[:LIMIT])
    rows = rows or list(Product.objects.filter(name__icontains=wanted).order_by("sku")[:LIMIT])
    return [
        Hit(product.name_in(), page_of(product), detail=product.sku, kind=_("Product"), code=product.sku)
        for product in rows
    ]


@finder(permission="inventory.view_transfer", order=72)
def find_transfers(term: str) -> list[Hit]:
    """Find a transfer by its number."""
    rows = seen(Transfer.objects.filter(number=term.strip().upper()))
    return [Hit(one.number, page_of(one), kind=_("Transfer"), code=one.number) for one in rows]


@finder(permission="inventory.view_stockcount", order=74)
def find_counts(term: str) -> list[Hit]:
    """Find a count by its number."""
    rows = seen(StockCount.objects.filter(number=term.strip().upper()))
    return [Hit(one.number, page_of(one), kind=_("Count"), code=one.number) for one in rows]
