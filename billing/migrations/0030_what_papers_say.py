"""What the paper of an invoice says of a payment is kept with their match.

Of invoices that are there, it is what settles them from the moment of their issue on, or from before. What was freed
or taken back since is not known any more, and what was there but matched later is not told; papers that were drawn
stay as they are.
"""

from decimal import Decimal

from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Least

from core.models import exact


def tell(apps, schema_editor):
    matches = apps.get_model("billing", "InvoicePayment").objects.filter(at__lte=F("invoice__issued_at"))
    total = apps.get_model("billing", "Invoice").objects.filter(pk=OuterRef("invoice")).values("total")
    # What was taken back and came again is counted in both columns.
    matches.update(on_paper=Least(exact(F("amount") + F("taken_back")), Subquery(total)))


class Migration(migrations.Migration):
    dependencies = [("billing", "0029_negative_payouts")]

    operations = [
        migrations.AddField(
            model_name="invoicepayment",
            name="on_paper",
            field=models.DecimalField(
                decimal_places=3, default=Decimal("0"), max_digits=14, verbose_name="on the paper"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicepayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_paper__gte", 0)), name="a_paper_takes_no_payment_away"
            ),
        ),
        migrations.RunPython(tell, migrations.RunPython.noop),
    ]
