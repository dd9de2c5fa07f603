"""The pages of the order desk as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """Adds its pages to the back office's way around."""

    name = "desk"
    verbose_name = _("Order desk")

    def ready(self) -> None:
        """Register the entries of the navigation."""
        from desk import menu

        menu.register()
