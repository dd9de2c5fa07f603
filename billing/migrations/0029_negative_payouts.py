"""What a provider takes from the bank is booked as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0028_written_again")]

    operations = [
        migrations.RemoveConstraint(model_name="bankline", name="only_money_that_came_in_is_booked"),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "booked"), _negated=True),
                    ("amount__gt", 0),
                    ("payout__isnull", False),
                    _connector="OR",
                ),
                name="only_a_provider_takes_money_that_is_booked",
            ),
        ),
    ]
