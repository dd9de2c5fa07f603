"""How long customers may return."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin.base import BackOfficeAdmin
from core.admin.columns import figure_column
from core.admin.site import site
from returns.eligibility import LEGAL_DAYS
from returns.models import ReturnPolicy


class ReturnPolicyForm(forms.ModelForm):
    """A policy that keeps to the law."""

    def clean_withdrawal_days(self) -> int:
        """The law gives consumers fourteen days at least."""
        days = int(self.cleaned_data["withdrawal_days"])
        if days < LEGAL_DAYS:
            raise forms.ValidationError(_("By law at least %(days)s days.") % {"days": LEGAL_DAYS})
        return days

    def clean(self) -> dict[str, Any]:
        """Nobody has less time to return than to withdraw."""
        cleaned = super().clean() or self.cleaned_data
        days, legal = cleaned.get("days"), cleaned.get("withdrawal_days")
        if days is not None and legal is not None and days < legal:
            self.add_error("days", _("Not less than the days to withdraw by law."))
        return cleaned


@admin.register(ReturnPolicy, site=site)
class ReturnPolicyAdmin(BackOfficeAdmin):
    """Policies: one for all channels, and one for each channel that is different."""

    form = ReturnPolicyForm
    list_display = (
        "__str__",
        figure_column("days"),
        figure_column("withdrawal_days"),
        "refunds_delivery",
        "offers_credit",
    )
    list_select_related = ("channel",)
    editable = ("days", "withdrawal_days", "refunds_delivery", "offers_credit", "instructions")
    create_fields = ("channel", *editable)
    empty_text = _("No policies yet: 30 days, 14 of them by law, and delivery charges go back as the law says.")
