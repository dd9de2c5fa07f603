from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_confidential_mail'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='shortcut_keys',
            field=models.BooleanField(default=True, verbose_name='single-key shortcuts'),
        ),
    ]
