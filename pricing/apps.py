"""Pricing as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class PricingConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "pricing"
    verbose_name = _("Pricing")
