"""The mechanics as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """Registers what core itself hears and checks."""

    name = "core"
    verbose_name = _("System")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the doors of core."""
        from core import handlers, roles, tasks, wiring

        wiring.connect(handlers=handlers, nudge=tasks.nudge)
        post_migrate.connect(roles.after_migrating, dispatch_uid="core.roles")
