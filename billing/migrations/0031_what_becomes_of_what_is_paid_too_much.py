"""A credit note says what was decided about what is paid too much by it."""

from django.db import migrations, models

from billing import immutability


def remove(apps, schema_editor):
    """Take the triggers off: SQLite copies a table that gets another column, row by row."""
    immutability.remove(schema_editor.connection)


def install(apps, schema_editor):
    """Put them back, over the column that is new."""
    immutability.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("billing", "0030_what_papers_say")]

    operations = [
        migrations.RunPython(remove, install),
        migrations.AddField(
            model_name="creditnote",
            name="overpaid",
            field=models.CharField(
                blank=True,
                choices=[
                    ("nothing", "Nothing is paid too much"),
                    ("goes_back", "Goes back to the customer"),
                    ("store_credit", "Becomes store credit"),
                    ("stays", "Stays with the order as credit"),
                ],
                default="",
                max_length=12,
                verbose_name="paid too much",
            ),
        ),
        migrations.RunPython(install, remove),
    ]
