"""Let the orders that are there already be found, too: in batches, each committed by itself; safe to repeat."""

from django.db import migrations, transaction

from core.words import folded, from_the_end, last_word_first

BATCH = 2_000
WRITE = "UPDATE orders_order SET name_key = %s, surname_key = %s, phone_key = %s WHERE id = %s"


def keys_of(pk, name, phone):
    """Return what an order is found by, as it is written with the order."""
    return folded(name)[:200], last_word_first(name)[:200], from_the_end(phone)[:40], pk


def write_keys(apps, schema_editor):
    """Write the keys of every order, the oldest first."""
    rows = apps.get_model("orders", "Order").objects.order_by("pk").values_list("pk", "customer_name", "phone")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        with transaction.atomic(), schema_editor.connection.cursor() as cursor:
            cursor.executemany(WRITE, [keys_of(*row) for row in batch])
        last = batch[-1][0]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("orders", "0008_keys_of_orders")]

    operations = [migrations.RunPython(write_keys, migrations.RunPython.noop)]
