"""`manage.py ensure_roles`: the groups of the back office."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from desk.roles import ensure_roles


class Command(BaseCommand):
    """Make the roles."""

    help = "Make the groups Order desk, Warehouse, Finance and Manager where they are missing. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to set back what was changed."""
        parser.add_argument("--again", action="store_true", help="also set the permissions of those that exist back")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them."""
        ensure_roles(again=options["again"])
