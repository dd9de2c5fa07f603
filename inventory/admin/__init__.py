"""The shelf in the back office: products, warehouses, stock, what moved it, what is on its way."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation

from . import catalog, counting, counts, finding, goods_in, proposals, receipts, stock, today, transfers

__all__ = [
    "catalog",
    "counting",
    "counts",
    "finding",
    "goods_in",
    "proposals",
    "receipts",
    "stock",
    "today",
    "transfers",
]

CATALOGUE, WAREHOUSE = _("Catalogue"), _("Warehouse")
for group, label, name, keys, order in (
    (WAREHOUSE, _("Expected receipts"), "expectedreceipt", "", 350),
    (WAREHOUSE, _("Transfers"), "transfer", "", 355),
    (WAREHOUSE, _("Counts"), "stockcount", "", 358),
    (WAREHOUSE, _("Stock"), "stockitem", "g k", 360),
    (WAREHOUSE, _("Reorder points"), "reorderproposal", "", 361),
    (WAREHOUSE, _("Stock movements"), "stockmovement", "", 362),
    (WAREHOUSE, _("Warehouses"), "warehouse", "", 364),
    (CATALOGUE, _("Products"), "product", "g p", 700),
):
    navigation.register(
        group,
        label,
        f"admin:inventory_{name}_changelist",
        permission=f"inventory.view_{name}",
        order=order,
        icon="tag" if group is CATALOGUE else "building",
        keys=keys,
    )
navigation.register(
    WAREHOUSE,
    _("Goods in"),
    "admin:goods_in",
    permission=goods_in.RECEIVE,
    order=340,
    icon="download",
    keys="g n",
)
