"""What the desk fills in about a customer."""

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import list_currencies
from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core import seat
from core.admin.forms import SubjectForm
from core.admin.uploads import FilesField
from core.amounts import AmountField
from core.countries import country_choices
from core.money import quantum
from customers import vat_ids
from customers.models import Address, Contact, Customer
from customers.terms import TERMS
from customers.ways import WAYS


class TagsField(forms.CharField):
    """Words with commas between them, kept as a list."""

    def prepare_value(self, value: Any) -> Any:
        """Write the list."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Read the list."""
        words = (word.strip() for word in str(super().clean(value)).split(","))
        return list(dict.fromkeys(word for word in words if word))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        return (self.prepare_value(initial or []) or "") != str(data or "").strip()


class CustomerForm(forms.ModelForm):
    """A customer."""

    tags = TagsField(label=_("tags"), required=False, help_text=_("With commas between them."))
    credit_limit = AmountField(label=_("credit limit"), min_value=0, max_digits=14, decimal_places=3, required=False)
    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)
    payment_terms = forms.ChoiceField(label=_("payment terms"), choices=TERMS)

    class Meta:
        model = Customer
        fields = "__all__"  # noqa: DJ007 - the admin page names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [code for code, _name in settings.LANGUAGES]
        if "language" in self.fields and self.instance.language not in known:
            own = (self.instance.language, self.instance.language)
            self.fields["language"].choices = [own, *settings.LANGUAGES]  # type: ignore[attr-defined]
        agreed = self.instance.payment_terms
        if "payment_terms" in self.fields and agreed not in dict(TERMS):
            self.fields["payment_terms"].choices = [(agreed, agreed), *TERMS]  # type: ignore[attr-defined]

    def clean_vat_id(self) -> str:
        """Refuse what cannot be a VAT id: what is sold without tax may rest on it. What stands there may stay."""
        number = vat_ids.tidy(str(self.cleaned_data["vat_id"] or ""))
        if number and number != self.initial.get("vat_id") and not vat_ids.can_be(number):
            raise forms.ValidationError(
                _("This is no VAT id: it begins with its country, and its check digits must fit.")
            )
        return number

    def clean_currency(self) -> str:
        """Return a currency of ISO 4217, in capitals."""
        code = str(self.cleaned_data["currency"]).strip().upper()
        if code not in list_currencies():
            raise forms.ValidationError(_("%(code)s is no currency.") % {"code": code})
        return code


class SiteForm(forms.ModelForm):
    """A site of a customer."""

    country = forms.ChoiceField(
        label=_("country"), required=False, choices=lambda: country_choices(get_language() or "en")
    )

    class Meta:
        model = Address
        fields = "__all__"  # noqa: DJ007 - the inline names the fields


class ContactForm(forms.ModelForm):
    """A person at a customer."""

    class Meta:
        model = Contact
        fields = "__all__"  # noqa: DJ007 - the inline names the fields


class SaidForm(forms.Form):
    """What was said with a customer."""

    way = forms.ChoiceField(label=_("How"), choices=WAYS)
    text = forms.CharField(label=_("What was said"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class PlaceForm(SiteForm):
    """A site of a customer, on a page of its own."""

    class Meta:
        model = Address
        fields = (
            "label", "company", "name", "line1", "line2", "postal_code", "city", "region", "country", "phone",
            "is_bill_to", "is_ship_to",
        )  # fmt: skip


class PersonForm(forms.ModelForm):
    """A person at a customer, on a page of its own."""

    class Meta:
        model = Contact
        fields = ("name", "role", "email", "phone")


class CertificateForm(forms.Form):
    """What makes a customer exempt from tax."""

    number = forms.CharField(label=_("Number"), max_length=60)
    country = forms.ChoiceField(label=_("Country"), choices=lambda: country_choices(get_language() or "en"))
    region = forms.CharField(
        label=_("Region"), max_length=6, required=False, help_text=_("As in US-CA; empty: the whole country.")
    )
    reason = forms.CharField(
        label=_("Reason, as printed"), max_length=200, help_text=_("It stands on their invoices, with the article.")
    )
    valid_from = forms.DateField(
        label=_("Valid from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    valid_until = forms.DateField(
        label=_("Valid until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    files = FilesField(label=_("The certificate"), required=False)

    def clean_region(self) -> str:
        """Return the region in capitals."""
        return str(self.cleaned_data["region"]).strip().upper()

    def clean_files(self) -> Any:
        """One certificate is one file."""
        if len(self.cleaned_data["files"]) > 1:
            raise forms.ValidationError(_("One file, please."))
        return self.cleaned_data["files"]

    def clean(self) -> dict[str, Any]:
        """Say beside the field what does not fit together."""
        values: dict[str, Any] = super().clean() or {}
        region, country = values.get("region"), values.get("country")
        if region and country and not region.startswith(f"{country}-"):
            self.add_error("region", _("A region begins with its country, as in US-CA."))
        first, last = values.get("valid_from"), values.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("It ends before it begins."))
        return values


class VatCheckForm(SubjectForm):
    """What somebody found out about a VAT id."""

    valid = forms.TypedChoiceField(
        label=_("Is it valid?"),
        choices=(("yes", _("Yes")), ("no", _("No"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reference = forms.CharField(
        label=_("Reference"), max_length=100, help_text=_("The consultation number, or where the proof is kept.")
    )
    name = forms.CharField(label=_("Name as answered"), max_length=300, required=False)
    address = forms.CharField(
        label=_("Address as answered"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class CreditForm(SubjectForm):
    """How much more than the limit, until when, and why."""

    amount = AmountField(label=_("Beyond the limit"), min_value=Decimal("0.001"), max_digits=14)
    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def prepare(self) -> None:
        """Ask for whole minor units of their currency."""
        field: Any = self.fields["amount"]
        field.label = gettext("Beyond the limit, in %(currency)s") % {"currency": self.subject.currency}
        field.decimal_places = -int(quantum(self.subject.currency).as_tuple().exponent)

    def clean_until(self) -> Any:
        """Return the end of the day; a day that is over is refused, and one that nobody remembers."""
        day, today = self.cleaned_data["until"], seat.today()
        if not today <= day <= today + timedelta(days=366):
            raise forms.ValidationError(gettext("From today on, and at most a year."))
        return seat.moment(day, time(23, 59, 59))
