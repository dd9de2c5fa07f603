"""Whose database this is: the demo builds in an empty one or in its own, and touches no other."""

from django.core.management.base import CommandError
from django.db import connection

from core.models import User
from demo import story
from demo.models import DemoDatabase
from orders.models import Order

# Asked of a database that may not have been migrated yet, and is nobody's until one of these holds a row.
OWNED = (User, Order)


def refuse_a_foreign_one() -> None:
    """Raise CommandError where somebody else works; nothing was changed then."""
    tables = set(connection.introspection.table_names())
    if DemoDatabase._meta.db_table in tables and DemoDatabase.objects.exists():
        return
    if any(model._meta.db_table in tables and model._default_manager.exists() for model in OWNED):
        raise CommandError("This database is not empty and not a demo: nothing was changed.")


def claim() -> DemoDatabase:
    """Mark the database as the demo's own, unless it is marked."""
    refuse_a_foreign_one()
    return DemoDatabase.objects.first() or DemoDatabase.objects.create(stage="Moving in", total=story.TOTAL)
