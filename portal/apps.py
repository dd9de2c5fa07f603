"""The customers' own pages as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """Faces only; nothing to register."""

    name = "portal"
    verbose_name = _("Portal")
