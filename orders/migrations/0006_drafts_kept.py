"""Keep what a draft is beyond an order; those that are there can be gone on with, too."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def keep_drafts(apps, schema_editor):
    """Write down what the drafts of before would have."""
    Order, Draft = apps.get_model("orders", "Order"), apps.get_model("orders", "Draft")
    rows = Order.objects.filter(status="draft").only("pk", "updated_at")
    Draft.objects.bulk_create(
        (Draft(order=row, token=uuid.uuid4(), changed_by="system", changed_at=row.updated_at) for row in rows.iterator()),
        batch_size=1_000,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0005_found_by_customer'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='order',
            options={'permissions': [('operate_order', 'Can take orders through their steps'), ('waive_check', 'Can waive failed checks'), ('release_hold', 'Can release holds'), ('change_price', 'Can set prices and discounts by hand')], 'verbose_name': 'order', 'verbose_name_plural': 'orders'},
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(editable=False, unique=True)),
                ('typed', models.JSONField(blank=True, default=dict)),
                ('changed_by', models.CharField(max_length=120, verbose_name='by')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='changed')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('offered_at', models.DateTimeField(blank=True, null=True, verbose_name='offered')),
                ('open', models.BooleanField(default=True)),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='draft', to='orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'draft',
                'verbose_name_plural': 'drafts',
                'indexes': [models.Index(condition=models.Q(('open', True)), fields=['-changed_at'], name='draft_open'), models.Index(condition=models.Q(('open', True), ('valid_until__isnull', False)), fields=['valid_until'], name='draft_offered')],
            },
        ),
        migrations.RunPython(keep_drafts, migrations.RunPython.noop),
    ]
