"""Inventory as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class InventoryConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "inventory"
    verbose_name = _("Inventory")
