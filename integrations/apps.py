"""Integrations as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class IntegrationsConfig(rooms.RoomsConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "integrations"
    verbose_name = _("Integrations")
