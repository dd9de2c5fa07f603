"""Billing as a Django app."""

from importlib import import_module

from django.utils.translation import gettext_lazy as _

from core import rooms


class BillingConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Connect the doors, and check the keys of providers at start."""
        super().ready()
        import_module("billing.readiness")
