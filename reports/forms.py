"""Which days the reader wants to see."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import seat
from reports.measures import Period

MOST_DAYS = 366 * 5


class PeriodForm(forms.Form):
    """A first and a last day, both included, in the shop's time zone."""

    first = forms.DateField(label=pgettext_lazy("day", "From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=pgettext_lazy("day", "To"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        """Keep the span forward, and of a size that can be drawn."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", _("The last day is before the first."))
        elif first and last and (last - first).days > MOST_DAYS:
            self.add_error("last", _("At most five years at a time."))
        return cleaned


def default_period() -> Period:
    """Return the last thirty days."""
    today: date = seat.today()
    return Period(today - timedelta(days=29), today)
