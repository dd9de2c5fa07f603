"""`manage.py refuse_demo`: exit 1 when the database belongs to the demo, so that nobody runs a business on it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from demo.models import DemoDatabase


class Command(BaseCommand):
    """Asked by `./run serve` before it starts."""

    help = "Fail when this is a demo database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what it is."""
        if DemoDatabase.objects.exists():
            self.stderr.write("This database was made by the demo; use another DATABASE_URL for real data.")
            sys.exit(1)
