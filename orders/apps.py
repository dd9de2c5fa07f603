"""Orders as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class OrdersConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "orders"
    verbose_name = _("Orders")
