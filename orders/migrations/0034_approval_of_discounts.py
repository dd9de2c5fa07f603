"""Name the type of the holds that wait for somebody who approves a discount."""

from django.db import migrations


def name_the_type(apps, schema_editor):
    types = apps.get_model("orders", "HoldType").objects.using(schema_editor.connection.alias)
    types.get_or_create(code="approval", defaults={"may_lift": "orders.lift_money_hold", "active": False})


def forget_the_type(apps, schema_editor):
    apps.get_model("orders", "HoldType").objects.using(schema_editor.connection.alias).filter(code="approval").delete()


class Migration(migrations.Migration):
    dependencies = [("orders", "0033_held_for_arrears")]

    operations = [migrations.RunPython(name_the_type, forget_the_type, elidable=False)]
