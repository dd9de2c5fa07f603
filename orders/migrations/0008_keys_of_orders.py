"""Columns by which orders are found: folded names, and phone numbers from their end."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0007_sell_at_counter'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='name_key',
            field=models.CharField(blank=True, editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name='order',
            name='phone_key',
            field=models.CharField(blank=True, editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='order',
            name='surname_key',
            field=models.CharField(blank=True, editable=False, max_length=200),
        ),
    ]
