"""Find products by the beginning of any word of theirs."""

import django.db.models.deletion
from django.db import migrations, models

from core.words import words_of

BATCH = 1_000


def named(row):
    """Return what a product is found by."""
    return words_of(row.sku, row.name, *map(str, row.names.values()), row.barcode)


def write_words(apps, schema_editor):
    """Let what is there already be found, too."""
    Product = apps.get_model("inventory", "Product")
    Word = apps.get_model("inventory", "ProductWord")
    last = 0
    while rows := list(Product.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        Word.objects.bulk_create(
            (Word(product=row, word=word) for row in rows for word in named(row)),
            batch_size=BATCH,
        )
        last = rows[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProductWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=60)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='words', to='inventory.product')),
            ],
            options={
                'indexes': [models.Index(fields=['word'], name='product_word', opclasses=['varchar_pattern_ops'])],
                'constraints': [models.UniqueConstraint(fields=('product', 'word'), name='one_row_per_product_and_word')],
            },
        ),
        migrations.RunPython(write_words, migrations.RunPython.noop),
    ]
