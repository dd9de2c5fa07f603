"""Fulfillment as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class FulfillmentConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "fulfillment"
    verbose_name = _("Fulfillment")
