"""Orders as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """Registers handlers, panels and invariants, and nothing else."""

    name = "orders"
    verbose_name = _("Orders")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the doors of this app."""
        from importlib import import_module
        from importlib.util import find_spec

        for room in ("handlers", "panels", "invariants"):
            if find_spec(f"orders.{room}"):
                import_module(f"orders.{room}")
