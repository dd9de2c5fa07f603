"""The pages of the order desk as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class DeskConfig(rooms.RoomsConfig):
    """Adds its pages to the back office's way around."""

    name = "desk"
    verbose_name = _("Order desk")

    def ready(self) -> None:
        """Connect the doors, and register the entries of the navigation."""
        super().ready()
        from desk import menu

        menu.register()
