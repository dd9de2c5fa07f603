"""What every app of the house does at start."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig

ROOMS = ("handlers", "panels", "way", "invariants", "sight", "retention", "letterheads")


class RoomsConfig(AppConfig):
    """Registers handlers, panels, ways, invariants, limits, what an app keeps and the heads of its mails.

    They register by being loaded.
    """

    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the doors of this app, as far as it has them."""
        for room in ROOMS:
            if find_spec(f"{self.name}.{room}"):
                import_module(f"{self.name}.{room}")
