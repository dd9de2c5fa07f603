"""Billing as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class BillingConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "billing"
    verbose_name = _("Billing")
