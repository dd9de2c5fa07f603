"""`manage.py demo_logins`: who can sign in, and the integrator's key."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from demo.models import DemoDatabase
from demo.people import PASSWORD, PERSONAS


class Command(BaseCommand):
    """Printed by `./run demo` when the data is there."""

    help = "Print the addresses, logins and the API key of the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print them."""
        write = self.stdout.write
        write(f"\n  Open first:   {settings.SITE_URL}/demo/\n  Back office:  {settings.SITE_URL}/admin/")
        write(f"  Portal:       {settings.SITE_URL}/\n  API:          {settings.SITE_URL}/api/v1/docs/\n")
        for persona in PERSONAS:
            write(f"  {persona.username:<8} {PASSWORD:<8} {persona.job}")
        write(f"  {'admin':<8} {PASSWORD:<8} administrator\n")
        state = DemoDatabase.objects.first()
        if state and state.api_key:
            write(f"  API key:      {state.api_key}\n")
