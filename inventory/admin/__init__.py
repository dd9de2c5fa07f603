"""The shelf in the back office: products, warehouses, stock, what moved it, what is on its way."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation

from . import catalog, finding, receipts, stock

__all__ = ["catalog", "finding", "receipts", "stock"]

CATALOGUE = _("Catalogue")
for order, (label, name) in enumerate(
    [
        (_("Products"), "product"),
        (_("Stock"), "stockitem"),
        (_("Expected receipts"), "expectedreceipt"),
        (_("Stock movements"), "stockmovement"),
        (_("Warehouses"), "warehouse"),
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
    )
