"""Figures and the flow chart as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """Adds its pages to the back office's way around."""

    name = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        """Register the entries of the navigation."""
        from reports import menu

        menu.register()
