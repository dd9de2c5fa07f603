from http import HTTPStatus

from django.db import migrations


def answer(apps, schema_editor):
    """Say of each page that was taken what was answered: it was sent on."""
    keys = apps.get_model("core", "IdempotencyKey").objects.filter(key__startswith="page:", status_code=None)
    keys.update(status_code=HTTPStatus.SEE_OTHER)


class Migration(migrations.Migration):
    dependencies = [("core", "0013_series_seal")]

    operations = [migrations.RunPython(answer, migrations.RunPython.noop)]
