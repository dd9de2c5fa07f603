"""Pricing as a Django app."""

from importlib import import_module

from django.utils.translation import gettext_lazy as _

from core import rooms


class PricingConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "pricing"
    verbose_name = _("Pricing")

    def ready(self) -> None:
        """Connect the doors, and check who says how sales are taxed at start."""
        super().ready()
        import_module("pricing.providers")
