from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

BATCH = 1000


def take_sessions_over(apps, schema_editor):
    """Keep everybody signed in: the new table reads what the old one wrote."""
    people = set(apps.get_model("core", "User").objects.values_list("pk", flat=True))
    table = apps.get_model("core", "BrowserSession")
    rows = []
    for old in apps.get_model("sessions", "Session").objects.filter(expire_date__gt=timezone.now()).iterator(BATCH):
        user_id = int(SessionStore().decode(old.session_data).get("_auth_user_id") or 0)
        rows.append(
            table(
                session_key=old.session_key,
                session_data=old.session_data,
                expire_date=old.expire_date,
                user_id=user_id if user_id in people else None,
            )
        )
    table.objects.bulk_create(rows, batch_size=BATCH)


class Migration(migrations.Migration):

    dependencies = [
        ('sessions', '0001_initial'),
        ('core', '0005_second_step'),
    ]

    operations = [
        migrations.RunPython(take_sessions_over, migrations.RunPython.noop),
    ]
