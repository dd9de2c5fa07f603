"""The PDF of an issued document stays as well: neither the file nor the document's word which one it is may change."""

from django.db import migrations

from billing import immutability


def install(apps, schema_editor):
    immutability.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("billing", "0018_logo_of_seller"), ("core", "0013_series_seal")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
