"""What the database itself works out: public numbers from keys, sums that can be compared."""

from django.db import models
from django.db.models import Case, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, Right, Round
from django.utils.translation import gettext_lazy as _

DIGITS = 6


def public_number(prefix: str) -> models.GeneratedField:
    """Return a column for the number people see: `SO-000123`, the prefix and the key.

    The database writes it with the row, so it costs no second statement and no lock. Series that
    must be without gap are another matter: `core.numbering`.
    """
    text = models.TextField()
    key = Cast("id", text)
    padded = Right(Concat(Value("0" * DIGITS), key, output_field=text), DIGITS, output_field=text)
    shown = Case(When(id__lt=10**DIGITS, then=padded), default=key, output_field=text)
    return models.GeneratedField(
        verbose_name=_("number"),
        expression=Concat(Value(f"{prefix}-"), shown, output_field=text),
        output_field=models.CharField(max_length=20),
        db_persist=True,
        unique=True,
        editable=False,
    )


def exact(expression: Combinable) -> Round:
    """Make a sum of stored amounts comparable on both engines.

    SQLite keeps decimals as floats, where 0.1 + 0.2 is not 0.3; three places are all an amount has.
    """
    return Round(expression, precision=3)
