"""What the pages of goods show about the shelf."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.panels import panel
from core.sight import limited_to, seen
from inventory import selectors
from inventory.kits import scarcest
from inventory.models import Product, StockCount, StockCountLine, StockItem, Transfer

MOVEMENTS_SHOWN = 15
PROMISES_SHOWN = 50
LINES_SHOWN = 500


@panel("inventory.product", order=10)
def shelves(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]] | None:
    """Show how many units lie where."""
    if not product.has_shelf:
        return None
    rows = list(seen(selectors.stock_rows()).filter(product=product).order_by("warehouse__priority", "pk"))
    context = {"title": _("Stock"), "count": len(rows), "flush": True, "rows": rows, "anchor": "stock"}
    return "inventory/panels/shelves.html", context


@panel("inventory.product", order=12)
def parts_of_kit(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]] | None:
    """Show what a kit is made of, how many can be made now, and which part is the scarcest."""
    if not product.is_kit:
        return None
    parts = selectors.parts_of([product.pk])[product.pk]
    free = selectors.availability([part.product_id for part in parts])
    made = selectors.stock_by_warehouse([product.pk])
    fewest = scarcest(tuple((part.product_id, part.per) for part in parts), free)
    codes = limited_to("warehouse")
    places = [
        (one.code, made[product.pk, one.pk])
        for one in selectors.active_warehouses()
        if made.get((product.pk, one.pk)) and (codes is None or one.code in codes)
    ]
    context = {
        "title": _("Parts"),
        "count": len(parts),
        "flush": True,
        "rows": [
            {
                "part": part,
                "free": free[part.product_id],
                "enough": free[part.product_id] // part.per,
                "is_scarcest": part.product_id == fewest,
            }
            for part in parts
        ],
        "scarcest": _("scarcest part"),
        "places": places,
    }
    return "inventory/panels/kit.html", context


@panel("inventory.product", order=14)
def in_kits(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]] | None:
    """Name the kits that it is part of."""
    if not product.has_shelf:
        return None
    rows = list(product.part_of.select_related("kit").order_by("kit__sku")[:PROMISES_SHOWN])
    if not rows:
        return None
    return "inventory/panels/in_kits.html", {"title": _("In kits"), "side": True, "rows": rows}


@panel("inventory.product", order=20)
def on_its_way(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]] | None:
    """Show what is expected."""
    rows = list(seen(selectors.expected_receipts()).filter(product=product, closed=False)[:PROMISES_SHOWN])
    sent = list(selectors.lines_on_their_way(product)[:PROMISES_SHOWN])
    if not rows and not sent:
        return None
    context = {"title": _("On its way"), "count": len(rows) + len(sent), "flush": True, "rows": rows, "sent": sent}
    return "inventory/panels/on_its_way.html", context


@panel("inventory.product", order=90)
def product_movements(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]] | None:
    """Show what moved last."""
    if not product.has_shelf:
        return None
    rows = list(seen(selectors.movements()).filter(stock_item__product=product)[:MOVEMENTS_SHOWN])
    context = {"title": _("Movements"), "flush": True, "rows": rows, "show_place": True}
    return "inventory/panels/movements.html", context


@panel("inventory.product", order=30)
def description(request: HttpRequest, product: Product) -> tuple[str, dict[str, Any]] | None:
    """Show what it is."""
    if not (product.description or product.names or product.image):
        return None
    return "inventory/panels/description.html", {"title": _("Description"), "side": True}


@panel("inventory.stockitem", order=10)
def promises(request: HttpRequest, item: StockItem) -> tuple[str, dict[str, Any]]:
    """Show who the reserved units are promised to, in the order in which they would lose them last."""
    rows = list(selectors.promises(item)[:PROMISES_SHOWN])
    context = {"title": _("Promised"), "count": item.reserved, "flush": True, "rows": rows}
    return "inventory/panels/promises.html", context


@panel("inventory.stockitem", order=20)
def item_movements(request: HttpRequest, item: StockItem) -> tuple[str, dict[str, Any]]:
    """Show what moved last."""
    rows = list(selectors.movements().filter(stock_item=item)[:MOVEMENTS_SHOWN])
    return "inventory/panels/movements.html", {"title": _("Movements"), "flush": True, "rows": rows}


@panel("inventory.stockitem", order=30)
def empty_bin(request: HttpRequest, item: StockItem) -> tuple[str, dict[str, Any]] | None:
    """Offer to have the shelf counted, in one click."""
    if not request.user.has_perm("inventory.change_stockcount"):
        return None
    return "inventory/panels/empty_bin.html", {"title": _("Not what the books say?"), "side": True, "item": item}


@panel("inventory.transfer", order=10)
def lines_of_transfer(request: HttpRequest, transfer: Transfer) -> tuple[str, dict[str, Any]]:
    """Show what is on it, by the bin from which it is fetched."""
    rows = list(selectors.lines_of_transfer(transfer)[:LINES_SHOWN])
    context = {"title": _("Goods"), "count": len(rows), "flush": True, "rows": rows}
    return "inventory/panels/transfer_lines.html", context


@panel("inventory.stockcount", order=10)
def lines_of_count(request: HttpRequest, count: StockCount) -> tuple[str, dict[str, Any]]:
    """Show what was counted; what the books say stands only beside figures that are known."""
    rows = list(selectors.lines_of_count(count)[:LINES_SHOWN])
    known = [line for line in rows if line.counted is not None]
    context = {
        "title": _("Shelves"),
        "count": len(rows),
        "flush": True,
        "rows": [(line, worth_of(line)) for line in rows],
        "currency": settings.CURRENCY,
        "uncosted": any(line.difference and line.stock_item.product.unit_cost is None for line in known),
    }
    return "inventory/panels/count_lines.html", context


def worth_of(line: StockCountLine) -> Decimal | None:
    """Return what the difference of a line is worth, where that is known."""
    cost = line.stock_item.product.unit_cost
    return None if line.difference is None or cost is None else line.difference * cost
