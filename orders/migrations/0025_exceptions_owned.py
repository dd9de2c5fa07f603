"""Who is asked about exceptions, when they are due, and how often they came."""

from datetime import timedelta

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F

QUEUES = {"short_pick": "warehouse", "payment": "finance", "refund_failed": "finance", "dead_debt": "system"}


def give_queue_and_day(apps, schema_editor):
    """Give what is open already its queue and the day on which it is due."""
    known = apps.get_model("orders", "OrderException").objects
    known.update(last_seen_at=F("created_at"))
    for category, queue in QUEUES.items():
        known.filter(category=category).update(queue=queue)
    for one in known.filter(closed_at__isnull=True, due_at__isnull=True).only("created_at").iterator():
        known.filter(pk=one.pk).update(due_at=one.created_at + timedelta(hours=24))


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0024_hold_types'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='orderexception',
            name='count',
            field=models.PositiveIntegerField(default=1, verbose_name='times'),
        ),
        migrations.AddField(
            model_name='orderexception',
            name='earlier',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.orderexception', verbose_name='the time before'),
        ),
        migrations.AddField(
            model_name='orderexception',
            name='last_seen_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='last seen'),
        ),
        migrations.AddField(
            model_name='orderexception',
            name='queue',
            field=models.CharField(default='desk', max_length=20, verbose_name='queue'),
        ),
        migrations.AddIndex(
            model_name='orderexception',
            index=models.Index(fields=['dedupe_key', '-id'], name='exception_cause'),
        ),
        migrations.AddIndex(
            model_name='orderexception',
            index=models.Index(condition=models.Q(('status__in', ['open', 'acknowledged', 'in_progress'])), fields=['due_at', 'id'], name='exception_due'),
        ),
        migrations.RunPython(give_queue_and_day, migrations.RunPython.noop, elidable=True),
    ]
