"""Find orders by the beginning of a name: PostgreSQL needs an index made for that, SQLite reads quickly enough."""

from django.db import migrations

CREATE = "CREATE INDEX order_customer_name ON orders_order (upper(customer_name::text) text_pattern_ops)"
DROP = "DROP INDEX IF EXISTS order_customer_name"


def create(apps, schema_editor):
    """Make the index."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps, schema_editor):
    """Remove the index."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    """An index with an operator class."""

    dependencies = [("orders", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
