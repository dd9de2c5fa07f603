"""Returns as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class ReturnsConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "returns"
    verbose_name = _("Returns")
