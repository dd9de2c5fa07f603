"""The shelf in the back office: products, warehouses, stock, what moved it, what is on its way."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation

from . import catalog, finding, receipts, stock

__all__ = ["catalog", "finding", "receipts", "stock"]

CATALOGUE = _("Catalogue")
for order, (label, name, keys) in enumerate(
    [
        (_("Products"), "product", "g p"),
        (_("Stock"), "stockitem", "g k"),
        (_("Expected receipts"), "expectedreceipt", ""),
        (_("Stock movements"), "stockmovement", ""),
        (_("Warehouses"), "warehouse", ""),
    ],
    start=700,
):
    navigation.register(
        CATALOGUE,
        label,
        f"admin:inventory_{name}_changelist",
        permission=f"inventory.view_{name}",
        order=order,
        icon="tag",
        keys=keys,
    )
