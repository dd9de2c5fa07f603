"""Who writes the invoices."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum import iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from billing import services
from billing.models import LegalEntity
from billing.panels import distance
from core.actors import Actor
from core.admin.base import BackOfficeAdmin
from core.admin.columns import flag_column
from core.admin.site import site
from pricing.calculation import EU_COUNTRIES
from pricing.models import DistanceSales

from . import logos

ADDRESS = ("line1", "line2", "postal_code", "city", "country")


# What of a seller may change, beside the name.
TAX = ("vat_id", "vat_registrations")
DISTANCE = ("distance_way", "distance_from")
CONTACT = ("email", "phone", "bank_name", "iban", "bic", "reminds_by_itself")
REST = (*ADDRESS, *TAX, *DISTANCE, *CONTACT)


class RegistrationsField(forms.CharField):
    """VAT ids of further countries, one per line, kept by country."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 2, "cols": 40}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write the ids."""
        return "\n".join(value.values()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        """Read the ids; each begins with its country, as VAT ids do. Greece writes EL."""
        found = {}
        for line in filter(None, (part.strip() for part in str(super().clean(value)).splitlines())):
            number = line.replace(" ", "").upper()
            if not vat.is_valid(number):
                raise forms.ValidationError(_("%(line)s is no VAT id of the EU.") % {"line": line})
            found["GR" if number[:2] == "EL" else number[:2]] = number
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        return (self.prepare_value(initial or {}) or "").split() != str(data or "").split()


class LegalEntityForm(logos.LogoForm):
    """The seller as the law wants him named; the address part by part."""

    line1 = forms.CharField(label=_("street"), max_length=200)
    line2 = forms.CharField(label=_("addition"), max_length=200, required=False)
    postal_code = forms.CharField(label=_("postcode"), max_length=20)
    city = forms.CharField(label=_("city"), max_length=100)
    country = forms.CharField(label=_("country, two letters"), min_length=2, max_length=2)
    vat_registrations = RegistrationsField(
        label=_("VAT registrations abroad"),
        required=False,
        help_text=_("One VAT id per line. Routing rules send goods only from warehouses in countries named here."),
    )
    distance_way = forms.ChoiceField(
        label=_("sales to consumers in the EU"),
        required=False,
        choices=[("", _("as before")), *DistanceSales.Way.choices],
        help_text=_("How they are taxed when the goods go to another member state, for orders from that day on."),
    )
    distance_from = forms.DateField(
        label=_("taxed so from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    class Meta:
        model = LegalEntity
        fields = ("code", "name", "prefix", *TAX, *CONTACT, "is_default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ADDRESS:
            self.fields[name].initial = self.instance.address.get(name, "")

    def clean_country(self) -> str:
        """Return the country in capital letters."""
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        """Refuse half of how consumers in the EU are taxed, and all of it to who is not in the EU himself."""
        said = super().clean() or self.cleaned_data
        way, day = said.get("distance_way"), said.get("distance_from")
        if way and not day and "distance_from" not in self.errors:
            self.add_error("distance_from", gettext("From which day on?"))
        if day and not way and "distance_way" not in self.errors:
            self.add_error("distance_way", gettext("How are they taxed from that day on?"))
        if way and said.get("country") and said["country"] not in EU_COUNTRIES:
            self.add_error("distance_way", gettext("This is for sellers in the EU."))
        return said

    def clean_vat_id(self) -> str:
        """Refuse a VAT id that cannot be one: it stands on every document."""
        given = str(self.cleaned_data["vat_id"])
        if given and not vat.is_valid(given):
            raise forms.ValidationError(_("This is no VAT id of the EU."))
        return given.replace(" ", "").upper()

    def clean_iban(self) -> str:
        """Refuse an account that cannot be one: customers will pay there."""
        given = str(self.cleaned_data["iban"])
        if not given:
            return ""
        try:
            return str(iban.validate(given))
        except ValidationError:
            raise forms.ValidationError(_("This is no IBAN.")) from None


def _whole(values: dict[str, Any], ways: dict[str, str]) -> dict[str, Any]:
    """Put the parts of the address together, and how consumers in the EU are taxed to what was said before."""
    plain = {name: value for name, value in values.items() if name not in ADDRESS}
    plain = {name: value for name, value in plain.items() if name not in DISTANCE}
    if values.get("distance_way"):
        plain["distance_sales"] = {**ways, str(values["distance_from"]): values["distance_way"]}
    if set(values) & set(ADDRESS):
        plain["address"] = {name: values[name] for name in ADDRESS if values.get(name)}
    return plain


def create(values: dict[str, Any], *, actor: Actor) -> LegalEntity:
    """Add a seller as the form says."""
    logo = {name: values.pop(name, None) for name in logos.FIELDS}
    entity = services.create_entity(_whole(values, {}), actor=actor)
    logos.put(entity, logo, actor=actor)
    return entity


def change(entity_id: int, changes: dict[str, Any], *, actor: Actor) -> LegalEntity:
    """Change a seller as the form says; the address is one thing."""
    logos.put(LegalEntity(pk=entity_id), changes, actor=actor)
    changes = {name: value for name, value in changes.items() if name not in logos.FIELDS}
    if not changes:
        return LegalEntity.objects.get(pk=entity_id)
    known = LegalEntity.objects.get(pk=entity_id)
    if set(changes) & set(ADDRESS):
        changes = {**known.address, **changes}
        changes.pop("company", None)
    return services.change_entity(entity_id, _whole(changes, known.distance_sales), actor=actor)


@admin.register(LegalEntity, site=site)
class LegalEntityAdmin(logos.SampleAdmin, BackOfficeAdmin):
    """Sellers. Documents copy what they say, so a change shows on new ones only."""

    form = LegalEntityForm
    list_display = ("name", "code", "prefix", "vat_id", flag_column("is_default", _("Default")))
    search_fields = ("=code", "name")
    editable = ("name", *REST, "is_default", *logos.FIELDS)
    create_fields = ("code", "name", "prefix", *REST, "picture")
    fields = ("code", "name", "prefix", *REST, "is_default", "logo_now", *logos.FIELDS)
    readonly_fields = ("logo_now",)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show beside the form how far sales to consumers in other member states have come."""
        if kwargs.get("change"):
            context["distance"] = distance.turnover_of(kwargs["obj"])
        return super().render_change_form(request, context, *args, **kwargs)

    address_fields = ADDRESS
    create_service = staticmethod(create)
    change_service = staticmethod(change)
    empty_text = _("Nobody writes invoices yet. The first invoice makes a seller to fill in.")
