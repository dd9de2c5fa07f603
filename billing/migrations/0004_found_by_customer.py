from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0003_found_at_scale'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('status__in', ['issued', 'partially_paid'])), fields=['order', 'currency', 'due_on', 'total', 'paid_total', 'credited_total', 'id'], name='invoice_waiting'),
        ),
    ]
