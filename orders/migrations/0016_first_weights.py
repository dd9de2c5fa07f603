"""What makes orders urgent stands there from the first day: the row whose page a manager opens."""

from django.db import migrations


def make_the_row(apps, schema_editor):
    weights = apps.get_model("orders", "PriorityWeights")
    weights.objects.using(schema_editor.connection.alias).get_or_create(pk=1, defaults={"changed_by": "system"})


class Migration(migrations.Migration):
    dependencies = [("orders", "0015_replays_of_routing")]

    operations = [migrations.RunPython(make_the_row, migrations.RunPython.noop, elidable=True)]
