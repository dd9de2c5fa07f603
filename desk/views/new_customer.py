"""A customer who is not known yet, written down while the order is taken."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from core.admin.actors import actor_for
from core.countries import is_country
from core.errors import DomainError
from customers import selectors as people
from customers import services as customers
from customers.addresses import PostalAddress
from desk.views.gate import OPERATE, SEE_CUSTOMERS, staff_with
from desk.views.looking_up import card_of

ADD = "customers.add_customer"
PLACE = ("line1", "postal_code", "city")


class NewCustomerForm(forms.Form):
    """As much as one asks on the phone."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    company = forms.CharField(label=gettext_lazy("Company"), max_length=200, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    line1 = forms.CharField(label=gettext_lazy("Street"), max_length=200, required=False)
    postal_code = forms.CharField(label=gettext_lazy("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=gettext_lazy("Town"), max_length=100, required=False)
    country = forms.CharField(max_length=2, required=False)

    def clean(self) -> dict[str, Any]:
        """Somebody has a name and can be reached; an address is whole or none."""
        said: dict[str, Any] = super().clean() or {}
        if not said.get("name") and not said.get("company"):
            self.add_error("name", _("A name, or a company."))
        if not said.get("email") and not said.get("phone") and "email" not in self.errors:
            self.add_error("email", _("An e-mail address, or a phone number."))
        if any(said.get(part) for part in PLACE):
            for part in ("line1", "city"):
                if not said.get(part):
                    self.add_error(part, _("This is needed."))
            if not is_country(str(said.get("country", "")).upper()):
                self.add_error("country", _("Choose a country."))
        return said

    def address(self) -> PostalAddress | None:
        """Return where they are, if that was said."""
        said = self.cleaned_data
        if not any(said[part] for part in PLACE):
            return None
        parts = {part: said[part] for part in ("name", "company", *PLACE, "phone")}
        return PostalAddress(**parts, country=said["country"].upper())


@staff_with(OPERATE, SEE_CUSTOMERS, ADD)
@require_POST
def new_customer(request: HttpRequest) -> HttpResponse:
    """Write a customer down, and tell the page who it is; who has this mail address already is offered instead."""
    form = NewCustomerForm(request.POST)
    if not form.is_valid():
        return _refused({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    said = form.cleaned_data
    if (known := people.by_email(said["email"])) is not None:
        text = _("%(name)s has this address already.") % {"name": known}
        return JsonResponse({"faults": [{"pointer": "/email", "text": text}], "known": card_of(known)})
    given = customers.CustomerInput(
        name=said["name"] or said["company"],
        company=said["company"],
        email=said["email"],
        phone=said["phone"],
        language=said["language"] or settings.LANGUAGE_CODE,
    )
    try:
        made = customers.take_in(given, form.address(), actor=actor_for(request))
    except DomainError as refused:
        faults = {one["pointer"].strip("/"): [one["detail"]] for one in refused.errors}
        return _refused(faults or {"name": [refused.message]})
    return JsonResponse({"card": card_of(made)})


def _refused(faults: dict[str, list[str]]) -> HttpResponse:
    told = [{"pointer": f"/{name}", "text": " ".join(texts)} for name, texts in faults.items()]
    return JsonResponse({"faults": told})
