from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_origin'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(condition=models.Q(('phone', ''), _negated=True), fields=['phone'], name='customer_phone'),
        ),
        migrations.AddIndex(
            model_name='address',
            index=models.Index(condition=models.Q(('postal_code', ''), _negated=True), fields=['postal_code', 'line1'], name='site_place'),
        ),
    ]
