"""`manage.py prepare_demo`: the tables and the mark of the demo; its first page answers before its data is there."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from demo import mark


class Command(BaseCommand):
    """Run by `./run demo` before the server starts."""

    help = "Migrate an empty database, or that of the demo, and mark it as the demo's own. Refuses any other."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask whose it is before anything is changed."""
        mark.refuse_a_foreign_one()
        call_command("migrate", interactive=False, verbosity=0)
        mark.claim()
