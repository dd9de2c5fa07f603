"""How goods are found from the one search box."""

from django.utils.translation import gettext_lazy as _

from core.admin.links import page_of
from core.admin.searching import LIMIT, Hit, finder
from inventory.models import Product


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
