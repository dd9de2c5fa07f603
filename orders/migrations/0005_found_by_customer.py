from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0004_found_at_scale'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['customer', 'currency', 'status', 'payment_terms', 'return_status', 'placed_at', 'shipped_at', 'total', 'cancelled_total', 'credited_total', 'invoiced_total', 'paid_total', 'refunded_total'], name='order_customer_sums'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status__in', ['placed', 'verified', 'confirmed', 'fulfilling', 'fulfilled'])), fields=['customer', '-id'], name='order_customer_live'),
        ),
    ]
