"""An index for every kind of sign by which an order is found."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0009_keys_written'),
    ]

    operations = [
        # Of the migration that made an index by hand for beginnings of names; where it is, nobody asks it any more.
        migrations.RunSQL("DROP INDEX IF EXISTS order_customer_name", migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name='order',
            name='order_email',
        ),
        migrations.RemoveIndex(
            model_name='orderline',
            name='line_sku',
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['email', 'id'], name='order_email', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['name_key', 'id'], name='order_name_key', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['surname_key', 'id'], name='order_surname_key', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['phone_key', 'id'], name='order_phone_key', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(django.db.models.functions.text.Upper('purchase_order_number'), name='order_po_number'),
        ),
        migrations.AddIndex(
            model_name='orderline',
            index=models.Index(fields=['sku', 'order'], name='line_sku'),
        ),
    ]
