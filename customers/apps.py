"""Customers as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class CustomersConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "customers"
    verbose_name = _("Customers")
