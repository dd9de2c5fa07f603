"""Routing rules as a form: real fields for every condition and every cost, and back to what is stored."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.amounts import AmountField
from inventory.handling import TAGS
from inventory.models import RoutingRuleSet, Warehouse
from inventory.routing import ACTIONS, MOST_ROWS, MOST_RULES, PREFER, split_destination
from orders import rule_words
from pricing.admin.forms import CurrencyField
from pricing.models import Channel, Zone

# Conditions that most rules do without.
FURTHER = (
    "zones",
    "channels",
    "categories",
    "tags",
    "value_from",
    "value_to",
    "weight_from",
    "weight_to",
    "capacity_from",
    "after_cut_off",
)
LISTS = ("zones", "channels", "categories", "tags", "destinations")
FIGURES = ("weight_from", "weight_to", "capacity_from")
AMOUNTS = ("value_from", "value_to")
KEPT_AS_TEXT = (*AMOUNTS, "late", "split", "base", "per_kg", "parcel", "line", "unit")


def amount(label: Any, **more: Any) -> AmountField:
    """Return a field for an amount from 0."""
    return AmountField(label=label, min_value=Decimal(0), max_digits=9, decimal_places=3, required=False, **more)


def whole(label: Any, most: int) -> forms.IntegerField:
    """Return a field for a figure from 0."""
    return forms.IntegerField(label=label, min_value=0, max_value=most, required=False)


class BoxesField(forms.MultipleChoiceField):
    """Codes to be ticked; a code that is not offered any more stays as long as it is ticked."""

    widget = forms.CheckboxSelectMultiple

    def offer(self, choices: list[tuple[str, Any]], kept: list[str]) -> None:
        """Say what can be ticked."""
        known = {code for code, _label in choices}
        self.choices = [*choices, *((code, code) for code in kept if code not in known)]


class WordsField(forms.CharField):
    """Words with commas between them, kept as a list."""

    def prepare_value(self, value: Any) -> Any:
        """Write the list."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Read the list."""
        return list(dict.fromkeys(filter(None, (word.strip() for word in re.split(r"[,;\n]", super().clean(value))))))


class DestinationsField(WordsField):
    """Countries, and postcodes in them."""

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Read the list; each part must be a country, with or without postcodes."""
        found = []
        for word in super().clean(value):
            try:
                split_destination(word)
            except ValueError:
                text = _("%(word)s: write a country, and postcodes as in “DE 7-9” or “GB SW1”.")
                raise ValidationError(text % {"word": word}) from None
            found.append(" ".join(word.upper().replace("–", "-").split()))
        return found


class HeadForm(forms.Form):
    """What the rules are called, and the costs that no warehouse has of its own."""

    name = forms.CharField(label=_("name"), max_length=100)
    note = forms.CharField(
        label=_("what changes, and why"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )
    currency = CurrencyField(label=_("currency"))
    late = amount(_("per day of lateness"), help_text=_("For each working day later than wanted or than the fastest."))
    split = amount(_("per further parcel"), help_text=_("What it is worth to you that all comes in one parcel."))


class RuleForm(forms.Form):
    """One rule: what it asks, and what it does with which warehouses."""

    name = forms.CharField(label=_("name"), max_length=100)
    do = forms.ChoiceField(
        label=_("effect"), choices=lambda: [(do, rule_words.action(do)) for do in ACTIONS], initial=PREFER
    )
    warehouses = BoxesField(label=_("warehouses"))
    destinations = DestinationsField(
        label=_("goods go to"), required=False, max_length=2000, help_text=_("As in: AT, CH, DE 7-9. Empty: anywhere.")
    )
    zones = BoxesField(label=_("zone"), required=False)
    channels = BoxesField(label=_("channel"), required=False)
    categories = WordsField(
        label=_("category of a product"), required=False, max_length=1000, help_text=_("Several with commas.")
    )
    tags = BoxesField(label=_("handling"), required=False)
    value_from = amount(_("goods worth at least"))
    value_to = amount(_("goods worth at most"))
    weight_from = whole(_("weight at least (g)"), 10**9)
    weight_to = whole(_("weight at most (g)"), 10**9)
    capacity_from = whole(_("of the day there planned, at least (%)"), 1000)
    after_cut_off = forms.BooleanField(label=_("only when the last pick-up of the day is over there"), required=False)

    def __init__(self, *args: Any, offers: "Offers", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("warehouses", "zones", "channels", "tags"):
            field = self.fields[name]
            field.offer(getattr(offers, name), list(self.initial.get(name) or []))  # type: ignore[attr-defined]

    @property
    def further(self) -> list[Any]:
        """Return the fields that most rules do without."""
        return [self[name] for name in FURTHER]

    @property
    def main(self) -> list[Any]:
        """Return the other fields of the rule."""
        return [self[name] for name in ("name", "do", "warehouses", "destinations")]

    @property
    def asks_further(self) -> bool:
        """Whether there is something to see among the further conditions."""
        return any(self[name].errors or self[name].value() not in (None, "", [], False) for name in FURTHER)

    def clean(self) -> dict[str, Any]:
        """The second figure of a span is not below its first."""
        cleaned = super().clean() or self.cleaned_data
        for low, high in (("value_from", "value_to"), ("weight_from", "weight_to")):
            least, most = cleaned.get(low), cleaned.get(high)
            if least is not None and most is not None and most < least:
                self.add_error(high, _("This is below the first figure."))
        return cleaned

    def content(self) -> dict[str, Any]:
        """Return the stored form."""
        said = self.cleaned_data
        when: dict[str, Any] = {name: said[name] for name in LISTS if said[name]}
        when |= {name: said[name] for name in FIGURES if said[name] is not None}
        when |= {name: str(said[name]) for name in AMOUNTS if said[name] is not None}
        when |= {"after_cut_off": True} if said["after_cut_off"] else {}
        return {"name": said["name"].strip(), "do": said["do"], "warehouses": said["warehouses"], "when": when}


class ParcelForm(forms.Form):
    """What a parcel from a warehouse costs into a zone."""

    warehouse = forms.ChoiceField(label=_("warehouse"))
    zone = forms.ChoiceField(label=_("zone"), required=False)
    base = AmountField(label=_("per parcel"), min_value=Decimal(0), max_digits=9, decimal_places=3)
    per_kg = amount(_("per kilogram begun"))

    def __init__(self, *args: Any, offers: "Offers", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        warehouses = _with_kept(offers.warehouses, self.initial.get("warehouse"))
        self.fields["warehouse"].choices = [("", "–"), *warehouses]  # type: ignore[attr-defined]
        zones = _with_kept(offers.zones, self.initial.get("zone"))
        self.fields["zone"].choices = [("", _("every zone")), *zones]  # type: ignore[attr-defined]

    def content(self) -> dict[str, str]:
        """Return the stored form."""
        said = self.cleaned_data
        return {
            "warehouse": said["warehouse"],
            "zone": said["zone"],
            "base": str(said["base"]),
            "per_kg": str(said["per_kg"] or 0),
        }


class HandForm(forms.Form):
    """What hands cost in a warehouse."""

    warehouse = forms.CharField(widget=forms.HiddenInput)
    parcel = amount(_("per parcel"))
    line = amount(_("per product fetched"))
    unit = amount(_("per unit"))

    def content(self) -> dict[str, str]:
        """Return the stored form."""
        return {
            "warehouse": self.cleaned_data["warehouse"],
            **{name: str(self.cleaned_data[name] or 0) for name in ("parcel", "line", "unit")},
        }


def kept(rows: Any) -> list[Any]:
    """Return the filled rows that nobody took out, in their order."""
    used = [form for form in rows.forms if form.has_changed() or form.initial]
    left = [form for form in used if form.cleaned_data and not form.cleaned_data.get("DELETE")]
    return sorted(left, key=lambda form: form.cleaned_data.get("ORDER") or LAST)


class Parcels(forms.BaseFormSet):
    """What parcels cost: each way once."""

    def clean(self) -> None:
        """A way stands here once."""
        seen = set()
        for form in self.forms:
            said = form.cleaned_data if hasattr(form, "cleaned_data") else {}
            way = (said.get("warehouse"), said.get("zone"))
            if not way[0] or said.get("DELETE"):
                continue
            if way in seen:
                form.add_error("zone", _("This way stands here twice."))
            seen.add(way)


LAST = 10**6
RuleRows = forms.formset_factory(
    RuleForm, extra=0, can_delete=True, can_order=True, max_num=MOST_RULES, absolute_max=MOST_RULES + 10
)
ParcelRows = forms.formset_factory(
    ParcelForm, formset=Parcels, extra=0, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 10
)
HandRows = forms.formset_factory(HandForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 10)


class Offers:
    """What there is to choose from, read once."""

    def __init__(self) -> None:
        places = Warehouse.objects.filter(active=True).order_by("priority", "code")
        self.warehouses = [(one.code, str(one)) for one in places]
        self.zones = list(Zone.objects.order_by("name").values_list("code", "name"))
        self.channels = list(Channel.objects.filter(active=True).order_by("name").values_list("code", "name"))
        self.tags = list(TAGS.items())


class Editor:
    """All forms of one set of rules."""

    def __init__(self, rules: RoutingRuleSet | None, data: Mapping[str, Any] | None, *, currency: str) -> None:
        self.offers = Offers()
        content = rules.content if rules else {}
        costs = content.get("costs") or {}
        head = {
            "currency": rules.currency if rules else currency,
            "late": costs.get("late"),
            "split": costs.get("split"),
        }
        if rules:
            head |= {"name": rules.name, "note": rules.note}
        head, parcels = _read(head), [_read(row) for row in costs.get("parcels") or []]
        given = {"offers": self.offers}
        self.head = HeadForm(data, initial=head)
        self.rules = RuleRows(
            data, prefix="rules", initial=[_initial(rule) for rule in content.get("rules") or []], form_kwargs=given
        )
        self.parcels = ParcelRows(data, prefix="parcels", initial=parcels, form_kwargs=given)
        self.hands = HandRows(data, prefix="hands", initial=self._hands(costs))

    def _hands(self, costs: Mapping[str, Any]) -> list[dict[str, Any]]:
        known = {row["warehouse"]: row for row in costs.get("handling") or []}
        codes = [code for code, _label in self.offers.warehouses]
        return [
            _read(known.get(code, {"warehouse": code}))
            for code in [*codes, *(one for one in known if one not in codes)]
        ]

    def is_valid(self) -> bool:
        """Check all of it, so that everything that is wrong is said at once."""
        parts: list[Any] = [self.head, self.rules, self.parcels, self.hands]
        sound = not [part for part in parts if not part.is_valid()]
        if sound and not kept(self.parcels):
            for name in ("late", "split"):
                if self.head.cleaned_data[name]:
                    self.head.add_error(name, _("This needs what parcels cost, below."))
                    sound = False
        return sound

    @property
    def problems(self) -> int:
        """Return how many fields are wrong."""
        forms_of = [self.head, *self.rules.forms, *self.parcels.forms, *self.hands.forms]
        return sum(len(form.errors) for form in forms_of)

    def content(self) -> dict[str, Any]:
        """Return the stored form of all of it."""
        content: dict[str, Any] = {"rules": [form.content() for form in kept(self.rules)]}
        if parcels := [form.content() for form in kept(self.parcels)]:
            content["costs"] = {
                "late": str(self.head.cleaned_data["late"] or 0),
                "split": str(self.head.cleaned_data["split"] or 0),
                "parcels": parcels,
                "handling": [form.content() for form in kept(self.hands)],
            }
        return content


def _initial(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {**_read(rule.get("when") or {}), **{name: rule[name] for name in ("name", "do", "warehouses")}}


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored row with its amounts as figures, to be shown in the way of the reader."""
    return {name: Decimal(value) if name in KEPT_AS_TEXT and value else value for name, value in row.items()}


def _with_kept(choices: list[tuple[str, Any]], kept: str | None) -> list[tuple[str, Any]]:
    return choices if not kept or kept in dict(choices) else [*choices, (kept, kept)]
