"""The pages of the order desk as a Django app."""

from django.utils.translation import gettext_lazy as _

from core import rooms


class DeskConfig(rooms.RoomsConfig):
    """Adds its pages to the back office's way around."""

    name = "desk"
    verbose_name = _("Order desk")

    def ready(self) -> None:
        """Connect the doors, register the entries of the navigation, and the roles of the people who see them."""
        super().ready()
        from desk import menu, roles

        menu.register()
        roles.declare()
