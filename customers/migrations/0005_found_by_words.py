"""Find customers by the beginning of any word of theirs."""

import django.db.models.deletion
from django.db import migrations, models

from core.words import phone_words, words_of

BATCH = 1_000


def named(row):
    """Return what a customer is found by."""
    words = words_of(row.name, row.company, row.email, row.external_reference)
    return dict.fromkeys([*words, *phone_words(row.phone)])


def write_words(apps, schema_editor):
    """Let what is there already be found, too."""
    Customer = apps.get_model("customers", "Customer")
    Word = apps.get_model("customers", "CustomerWord")
    last = 0
    while rows := list(Customer.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        Word.objects.bulk_create(
            (Word(customer=row, word=word) for row in rows for word in named(row)),
            batch_size=BATCH,
        )
        last = rows[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0004_doubles'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=60)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='words', to='customers.customer')),
            ],
            options={
                'indexes': [models.Index(fields=['word'], name='customer_word', opclasses=['varchar_pattern_ops'])],
                'constraints': [models.UniqueConstraint(fields=('customer', 'word'), name='one_row_per_customer_and_word')],
            },
        ),
        migrations.RunPython(write_words, migrations.RunPython.noop),
    ]
