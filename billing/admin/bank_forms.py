"""What the pages of bank statements ask for: the file, the invoices a transfer is for, and reasons."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum import iban
from stdnum.exceptions import ValidationError

from billing.bank_cells import DAY_FIRST, MONTH_FIRST
from core.admin.forms import SubjectForm

MOST_BYTES = 5 * 1024 * 1024


class StatementForm(forms.Form):
    """Asks for the file, and whose account it is."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        help_text=_("Up to 5,000 rows. Columns are found by their names: Buchungstag or date, Betrag or amount, …"),
    )
    account = forms.CharField(label=_("Account (IBAN)"), max_length=40)
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3)
    days = forms.ChoiceField(
        label=_("Days of the file"),
        required=False,
        choices=(
            ("", _("as its rows tell")),
            (DAY_FIRST, _("the day first: 31/12/2026")),
            (MONTH_FIRST, _("the month first: 12/31/2026")),
        ),
        help_text=_("Only where no row tells: 11/01/2026 may be in November or in January."),
    )
    book_certain = forms.BooleanField(
        label=_("Book what is certain at once"),
        required=False,
        help_text=_("Number and amount of an open invoice are right. Everything else waits for your word."),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(gettext("The file is larger than 5 MB; cut it into several."))
        return file

    def clean_account(self) -> str:
        """Return the account as it is known: the same one always written alike."""
        try:
            return str(iban.validate(self.cleaned_data["account"]))
        except ValidationError:
            raise forms.ValidationError(gettext("This is no IBAN.")) from None

    def clean_currency(self) -> str:
        """Return it in capitals."""
        return str(self.cleaned_data["currency"]).upper()


class AssignForm(SubjectForm):
    """For which invoices a transfer is."""

    invoices = forms.CharField(
        label=_("Invoices"),
        max_length=300,
        help_text=_(
            "Numbers, with commas between them; the first one is paid first. What is left over stays as overpaid."
        ),
    )

    take_as_paid = forms.BooleanField(
        label=_("Take an invoice as paid of which only a small difference is left open"),
        required=False,
        help_text=_("Up to how much that is stands under Settings, Small differences."),
    )


class LeaveForm(forms.Form):
    """Why a transfer is left out."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
