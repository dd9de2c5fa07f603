"""Ties all documents that were issued so far into the chain of their series."""

from django.db import migrations

from billing import chaining, immutability


def chain(apps, schema_editor):
    chaining.chain_everything(apps)


def remove(apps, schema_editor):
    immutability.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_documents_in_a_chain")]

    operations = [migrations.RunPython(chain, remove)]
