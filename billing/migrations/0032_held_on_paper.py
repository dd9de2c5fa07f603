"""What a provider held for an invoice when it was issued is kept with their match.

Of invoices that are there nobody knows it any more: their papers ask for what was not there, as they did.
"""

from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0031_what_becomes_of_what_is_paid_too_much")]

    operations = [
        migrations.AddField(
            model_name="invoicepayment",
            name="held_on_paper",
            field=models.DecimalField(
                decimal_places=3, default=Decimal("0"), max_digits=14, verbose_name="held, on the paper"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicepayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_on_paper__gte", 0)), name="a_paper_holds_no_debt"
            ),
        ),
    ]
