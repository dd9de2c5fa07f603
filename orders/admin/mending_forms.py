"""What is asked before a way out of an exception is taken."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.forms import SubjectForm
from core.countries import country_choices
from core.reader import locale, spoken_amount
from customers.addresses import PostalAddress
from orders import services

# What stands on a label, in the order in which it is written.
PARTS = ("name", "company", "line1", "line2", "postal_code", "city", "region", "country", "phone")


class PassForm(forms.Form):
    """Why a check is let pass."""

    reason = forms.CharField(label=gettext_lazy("Why it may pass"), max_length=300)


class CancelMissingForm(forms.Form):
    """Why missing units are taken off an order."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


class SubstituteForm(SubjectForm):
    """What is sent in place of what is missing."""

    sku = forms.ChoiceField(label=gettext_lazy("In its place"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        """Offer what is like it and free, each with what the order comes to then; the likest is chosen."""
        field: Any = self.fields["sku"]
        found = services.substitutes_for(self.subject)
        field.choices = [(one.sku, self._named(one)) for one in found]
        field.initial = found[0].sku if found else None

    def _named(self, one: services.Substitute) -> str:
        order = self.subject.order
        words = {"product": one.name, "sku": one.sku, "free": one.free}
        words["total"] = spoken_amount(Decimal(one.shown.after["total"]), order.currency)
        return _("%(product)s (%(sku)s): %(free)s free, the order comes to %(total)s") % words


class AddressForm(forms.Form):
    """Where an order really goes."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, required=False)
    company = forms.CharField(label=gettext_lazy("Company"), max_length=100, required=False)
    line1 = forms.CharField(label=gettext_lazy("Street and number"), max_length=100)
    line2 = forms.CharField(label=gettext_lazy("Addition"), max_length=100, required=False)
    postal_code = forms.CharField(label=gettext_lazy("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=gettext_lazy("City"), max_length=100)
    region = forms.CharField(label=gettext_lazy("Region"), max_length=100, required=False)
    country = forms.ChoiceField(label=gettext_lazy("Country"))
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices(str(locale()))  # type: ignore[attr-defined]

    @staticmethod
    def written(said: dict[str, Any]) -> PostalAddress:
        """Return what was written."""
        return PostalAddress(**{part: said[part] for part in PARTS})


class WriteForm(forms.Form):
    """What the customer is told; what usually is said stands there already."""

    text = forms.CharField(
        label=gettext_lazy("To the customer"), max_length=4000, widget=forms.Textarea(attrs={"rows": 7})
    )
