"""Writes all documents and payments so far into the ledger: batch by batch, so it may be stopped and begun again."""

from django.db import migrations

from billing import ledgering


def post(apps, schema_editor):
    ledgering.post_everything(apps)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("billing", "0011_ledger")]

    operations = [migrations.RunPython(post, migrations.RunPython.noop)]
