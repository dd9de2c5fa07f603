"""What people are asked when units move."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.admin.forms import SubjectForm
from core.countries import country_choices
from core.sight import seen
from inventory.handling import GIFT, TAGS, usual_handling
from inventory.models import Product, Warehouse
from inventory.models.catalog import working_week
from inventory.opening import WEEK, NotAClosure, read_closures, write_closures
from inventory.services import MOST_PER_BOOKING, recipe_of

from .parts_field import PartsField

# The parts of a warehouse's address that its form asks for; the country is a column of its own.
STREET = ("line1", "postal_code", "city")


class UnitsForm(SubjectForm):
    """How many, and by which paper."""

    quantity = forms.IntegerField(label=_("units"), min_value=1, max_value=MOST_PER_BOOKING)
    reference = forms.CharField(
        label=_("reference"), max_length=60, required=False, help_text=_("Delivery note or purchase order.")
    )


class ReceiveForm(UnitsForm):
    """Units of a product that arrived."""

    warehouse = forms.ModelChoiceField(label=_("warehouse"), queryset=Warehouse.objects.filter(active=True))
    field_order = ("warehouse", "quantity", "reference")

    def prepare(self) -> None:
        """Where there is one warehouse, it is that one."""
        self.fields["warehouse"].queryset = seen(Warehouse.objects.filter(active=True))  # type: ignore[attr-defined]
        _only_choice(self.fields["warehouse"])


class ExpectForm(ReceiveForm):
    """Units of a product that are on their way."""

    expected_on = forms.DateField(
        label=_("expected on"), widget=forms.DateInput(attrs={"type": "date"}), initial=timezone.localdate
    )
    field_order = ("warehouse", "quantity", "expected_on", "reference")


class AdjustForm(SubjectForm):
    """A difference between the books and the shelf."""

    change = forms.IntegerField(
        label=_("difference"),
        min_value=-MOST_PER_BOOKING,
        max_value=MOST_PER_BOOKING,
        help_text=_("−3: three are missing. 3: three more than the books say."),
    )
    reason = forms.CharField(label=_("reason"), max_length=200)

    def clean_change(self) -> int:
        """No difference is none."""
        change = int(self.cleaned_data["change"])
        if change == 0:
            raise forms.ValidationError(_("A difference is not zero."))
        return change


class SetApartForm(SubjectForm):
    """Units that cannot be sold as they are."""

    units = forms.IntegerField(label=_("units"), min_value=1, max_value=MOST_PER_BOOKING)
    reason = forms.CharField(label=_("reason"), max_length=200)


class QuarantineForm(SubjectForm):
    """Units that leave quarantine."""

    units = forms.IntegerField(label=_("units"), min_value=1)
    scrap = forms.TypedChoiceField(
        label=_("what happens to them"),
        choices=[("", _("Back on the shelf, to be sold")), ("1", _("Scrapped"))],
        coerce=bool,
        empty_value=False,  # type: ignore[arg-type]  # the stubs know only text
        required=False,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("reason"), max_length=200)


class ArrivalForm(SubjectForm):
    """Units of an expected receipt that arrived."""

    quantity = forms.IntegerField(label=_("units"), min_value=1, max_value=MOST_PER_BOOKING)
    close = forms.BooleanField(label=_("nothing more is coming"), required=False)


class RescheduleForm(SubjectForm):
    """Another day or number of units of what is on its way."""

    expected_on = forms.DateField(label=_("expected on"), widget=forms.DateInput(attrs={"type": "date"}))
    quantity = forms.IntegerField(label=_("ordered"), min_value=1, max_value=MOST_PER_BOOKING)
    reason = forms.CharField(label=_("reason"), max_length=200, required=False)


class NamesField(forms.CharField):
    """Names in other languages, one `de: Roter Becher` per line, kept as a mapping."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 2, "cols": 60}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write the mapping."""
        return "\n".join(f"{code}: {name}" for code, name in value.items()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        """Read the mapping."""
        names = {}
        for line in filter(None, (part.strip() for part in str(super().clean(value)).splitlines())):
            code, colon, name = (part.strip() for part in line.partition(":"))
            if not colon or len(code) != 2 or not name:
                raise forms.ValidationError(_("%(line)s: write it as in “de: Roter Becher”.") % {"line": line})
            names[code.lower()] = name[:200]
        return names

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        return (self.prepare_value(initial or {}) or "").split() != str(data or "").split()


class HandlingField(forms.MultipleChoiceField):
    """Ways of handling goods, to be ticked."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, without: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        offered = [(tag, label) for tag, label in TAGS.items() if tag not in without]
        super().__init__(choices=offered, required=False, **kwargs)


class ProductForm(forms.ModelForm):
    """A product; of a kit with its parts."""

    parts = PartsField(
        label=_("parts"),
        required=False,
        help_text=_(
            "Of a kit: what is picked for one of it. A kit has no stock of its own and contains no other kit; orders "
            "keep the parts they were placed with. Without a weight it weighs what its parts do, and it is handled as "
            "they must be."
        ),
    )

    handling = HandlingField(
        label=_("to be handled as"),
        without=frozenset({GIFT}),
        help_text=_("Only warehouses and ways of delivery that can do this serve it."),
    )

    names = NamesField(
        label=_("names in other languages"), required=False, help_text=_("One per line, as in “de: Roter Becher”.")
    )

    class Meta:
        model = Product
        fields = "__all__"  # noqa: DJ007 - the admin page names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parts" in self.fields and self.instance.pk:
            self.initial["parts"] = recipe_of(self.instance)


class ClosuresField(forms.CharField):
    """Days on which a place is closed, one day or span per line with what it is called, kept as a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 4, "cols": 60}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write the list."""
        return write_closures(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[dict[str, str]]:  # type: ignore[override]
        """Read the list."""
        try:
            return read_closures(str(super().clean(value)))
        except NotAClosure as refused:
            text = _("%(line)s: write it as in “2026-12-24 – 2026-12-26 Christmas”, four months at most.")
            raise forms.ValidationError(text % {"line": refused.line}) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        try:
            return read_closures(str(data or "")) != list(initial or [])
        except NotAClosure:
            return True


class WarehouseForm(forms.ModelForm):
    """A warehouse; the address stands part by part, on labels and on the way back of parcels."""

    line1 = forms.CharField(label=_("street"), max_length=200, required=False)
    postal_code = forms.CharField(label=_("postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("city"), max_length=100, required=False)
    country = forms.ChoiceField(label=_("country"), choices=lambda: country_choices(get_language() or "en"))
    open_days = forms.MultipleChoiceField(
        label=_("open on"),
        choices=lambda: [(name, str(WEEKDAYS[number])) for number, name in enumerate(WEEK)],
        widget=forms.CheckboxSelectMultiple,
        initial=working_week,
    )
    handles = HandlingField(label=_("can handle"), initial=usual_handling)
    closures = ClosuresField(
        label=_("closed on"),
        required=False,
        help_text=_("One per line, as in “2026-12-24 – 2026-12-26 Christmas” or “2027-01-01 New Year”."),
    )

    class Meta:
        model = Warehouse
        fields = "__all__"  # noqa: DJ007 - the admin page names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in STREET:
            # Who may only look gets a form without fields.
            if name in self.fields:
                self.fields[name].initial = (self.instance.address or {}).get(name, "")


def _only_choice(field: Any) -> None:
    rows = list(field.queryset[:2])
    if len(rows) == 1:
        field.initial = rows[0]


class PlainPlaces(admin.ModelAdmin):
    """Offers warehouses in a plain list: there are few, and each form says itself which of them may be chosen."""

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Look nothing up."""
        if db_field.related_model is Warehouse:
            kwargs["widget"] = forms.Select()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
