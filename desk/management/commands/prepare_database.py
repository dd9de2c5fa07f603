"""`manage.py prepare_database`: what `./run serve` asks before it serves."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.actors import Actor
from pricing import services as pricing
from pricing.models import Channel


class Command(BaseCommand):
    """Makes the tables of an empty database; one with data is migrated by nobody but `./run upgrade`."""

    help = "Fill an empty database: tables, channels, tax rates, ways of delivery. Refuse one that is behind."

    def handle(self, *args: Any, **options: Any) -> None:
        """Look what is there, then fill in what every installation starts with."""
        if not connection.introspection.table_names():
            self.stderr.write("The database is empty: making its tables (half a minute) ...")
            call_command("migrate", interactive=False, verbosity=0)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                "The database is not up to date: ./run upgrade (or ./run manage migrate, without a backup)"
            )
        if not Channel.objects.exists():
            pricing.ensure_defaults(actor=Actor("operator"))
