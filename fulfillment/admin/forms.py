"""Forms on the floor: what was found, how it is packed, which number the receipt of the carrier bears."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.forms import SubjectForm
from core.sight import seen
from fulfillment import selectors, services
from fulfillment.carriers import carrier_for
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from fulfillment.services import ParcelInput
from inventory.kits import complete
from inventory.models import Warehouse
from orders import decision_words

MOST_PARCELS = 20


class WorkForm(SubjectForm):
    """A form about a piece of work; knows its lines."""

    subject: FulfillmentOrder

    def lines(self) -> list[FulfillmentLine]:
        """Return the lines of the work, by bin."""
        if not hasattr(self, "_lines"):
            found = self.subject.lines.select_related("order_line").order_by("bin", "order_line__position")
            self._lines = list(found)
        return self._lines

    def add_units(self, name: str, *, label: str, most: int, initial: int | None, required: bool = True) -> None:
        """Ask for a number of units of a line."""
        field = forms.IntegerField(label=label, min_value=0, max_value=most, initial=initial, required=required)
        field.widget.attrs["inputmode"] = "numeric"
        self.fields[name] = field


class FoundForm(WorkForm):
    """How many units of each line were found."""

    def prepare(self) -> None:
        """Ask for each line, with everything as the answer that is likely."""
        for group in self.groups():
            for one in group.goods:
                where = f" · {one.bin}" if one.bin else ""
                label = f"{one.units} × {one.sku} {one.name}{where}"
                if group.is_kit:
                    label = _("%(part)s, for %(kit)s") % {"part": label, "kit": group.line.order_line.sku}
                name = _part_name(group.line, one) if group.is_kit else _name(group.line)
                self.add_units(name, label=label, most=one.units, initial=one.units)

    def groups(self) -> list[selectors.ToFetch]:
        """Return what is fetched, by bin; the parts of a kit stay together."""
        if not hasattr(self, "_groups"):
            self._groups = selectors.to_fetch([self.subject]).get(self.subject.pk, [])
        return self._groups

    def lines(self) -> list[FulfillmentLine]:
        """Return the lines of the work, by bin."""
        return [group.line for group in self.groups()]

    def found(self) -> dict[int, int]:
        """Return the units per order line; of kits, those that are complete."""
        answers = {line.order_line_id: self.cleaned_data.get(_name(line)) for line in self.lines()}
        units = {line_id: units for line_id, units in answers.items() if units is not None}
        kits = {group.line.order_line_id: group.line.order_line.made_of for group in self.groups() if group.is_kit}
        return units | {line_id: complete(kits[line_id], there) for line_id, there in self.found_parts().items()}

    def found_parts(self) -> dict[int, dict[int, int]]:
        """Return the units found of the parts of kits, per order line."""
        answers = {
            group.line.order_line_id: {
                one.product_id: self.cleaned_data.get(_part_name(group.line, one)) for one in group.goods
            }
            for group in self.groups()
            if group.is_kit
        }
        return {
            line_id: {product: units for product, units in there.items() if units is not None}
            for line_id, there in answers.items()
            if None not in there.values()
        }

    def clean(self) -> dict[str, Any]:
        """Hand over what the service asks for."""
        super().clean()
        return {**self.cleaned_data, "found": self.found(), "parts": self.found_parts()}


class PickForm(FoundForm):
    """What was found. What is missing becomes new work and an exception."""


class ShortForm(FoundForm):
    """What is there of the lines that are not there whole."""

    def prepare(self) -> None:
        """Ask why, too."""
        super().prepare()
        self.fields["reason"] = forms.CharField(label=_("Why"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        """Only lines that are short are reported."""
        cleaned = super().clean()
        whole = {line.order_line_id: line.quantity for line in self.lines()}
        short = {line_id: units for line_id, units in cleaned["found"].items() if units < whole[line_id]}
        if not short:
            raise forms.ValidationError(_("Say how many are there of the line that is short."))
        return {
            **cleaned,
            "found": short,
            "parts": {key: cleaned["parts"][key] for key in short if key in cleaned["parts"]},
        }


class PackForm(WorkForm):
    """How many parcels, what is in each, and what they weigh; one parcel needs no more than a click."""

    def prepare(self) -> None:
        """Ask what is in each parcel as soon as there are several."""
        self.count = self._count()
        self.fields["parcels"] = forms.IntegerField(
            label=_("Parcels"), min_value=1, max_value=MOST_PARCELS, initial=1, help_text=_("Most orders need one.")
        )
        for place in self.places:
            self._ask_parcel(place)
        if self.is_bound and self.several and not self._told():
            self._suggest()

    @property
    def several(self) -> bool:
        """Whether there is something to distribute."""
        return self.count > 1

    @property
    def places(self) -> range:
        """The parcels, counted from one."""
        return range(1, self.count + 1)

    def matrix(self) -> list[tuple[FulfillmentLine, list[forms.BoundField]]]:
        """Return the fields of each line, parcel by parcel."""
        return [(line, [self[_name(line, place)] for place in self.places]) for line in self.lines()]

    def weights(self) -> list[forms.BoundField]:
        """Return the fields for the weights."""
        return [self[f"weight_{place}"] for place in self.places]

    def _ask_parcel(self, place: int) -> None:
        several = self.several
        for line in self.lines() if several else ():
            label = _("Parcel %(n)s: %(sku)s") % {"n": place, "sku": line.order_line.sku}
            initial = line.picked if place == 1 else None
            self.add_units(_name(line, place), label=label, most=line.picked, initial=initial, required=False)
        self.fields[f"weight_{place}"] = forms.IntegerField(
            label=_("Weight of parcel %(n)s (g)") % {"n": place} if several else _("Weight (g)"),
            min_value=0,
            max_value=2_000_000,
            required=False,
            help_text="" if several else _("Empty: the weight of the products."),
        )

    def _count(self) -> int:
        given = str(self.data.get("parcels", "1"))
        return min(MOST_PARCELS, max(1, int(given))) if given.isdecimal() and len(given) < 4 else 1

    def _told(self) -> bool:
        return any(_name(line, self.count) in self.data for line in self.lines())

    def _suggest(self) -> None:
        """Start with everything in the first parcel."""
        data = cast(Any, self.data).copy()
        for line in self.lines():
            data[_name(line, 1)] = str(line.picked)
        self.data = data
        self.needs_contents = True

    def clean(self) -> dict[str, Any]:
        """Read the parcels; every unit is in one of them."""
        cleaned = super().clean() or self.cleaned_data
        if getattr(self, "needs_contents", False):
            raise forms.ValidationError(_("Say what goes into each parcel."))
        if self.errors:
            return cleaned
        return {**cleaned, "boxes": [self._box(place) for place in self.places]}

    def _box(self, place: int) -> ParcelInput:
        if self.count == 1:
            units = {line.order_line_id: line.picked for line in self.lines()}
        else:
            units = {line.order_line_id: self.cleaned_data.get(_name(line, place)) or 0 for line in self.lines()}
        return ParcelInput(quantities=units, weight_grams=self.cleaned_data.get(f"weight_{place}") or 0)


class ShipForm(SubjectForm):
    """The numbers that staff type from the receipt; our own parcels have theirs already."""

    subject: FulfillmentOrder

    def prepare(self) -> None:
        """Ask for one number per parcel whose carrier has none here."""
        waiting = self.subject.shipments.exclude(status=Shipment.Status.CANCELLED).order_by("position")
        self.typed = [shipment for shipment in waiting if carrier_for(shipment.carrier).types_number]
        for shipment in self.typed:
            self.fields[f"tracking_{shipment.position}"] = forms.CharField(
                label=_("Tracking number of %(parcel)s") % {"parcel": shipment},
                initial=shipment.tracking_number,
                max_length=60,
                required=False,
                help_text=_("From the receipt of the carrier; a letter has none."),
            )

    def clean(self) -> dict[str, Any]:
        """Hand the numbers over in the order of the parcels."""
        super().clean()
        numbers = [self.cleaned_data.get(f"tracking_{shipment.position}", "") for shipment in self.typed]
        return {"tracking_numbers": numbers}


class SplitForm(WorkForm):
    """How many units of each line go into work of their own."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)

    def prepare(self) -> None:
        """Ask for each line; none is the answer that is likely for most."""
        for line in self.lines():
            label = f"{line.order_line.sku} {line.order_line.name} ({line.quantity})"
            self.add_units(_name(line), label=label, most=line.quantity, initial=0)
        self.order_fields([*(_name(line) for line in self.lines()), "reason"])

    def clean(self) -> dict[str, Any]:
        """Hand over what the service asks for."""
        super().clean()
        units = {line.order_line_id: self.cleaned_data.get(_name(line)) or 0 for line in self.lines()}
        return {**self.cleaned_data, "units": units}


class NoteForm(forms.Form):
    """A remark for the history."""

    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)


class HoldForm(forms.Form):
    """Why one piece of work stays in the house."""

    reason = forms.CharField(label=gettext_lazy("Reason, as you would read it to a caller"), max_length=300)


class OptionalReasonForm(forms.Form):
    """Why, if there is something to say."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)


def _name(line: FulfillmentLine, place: int | None = None) -> str:
    return f"line_{line.order_line_id}" if place is None else f"line_{line.order_line_id}_{place}"


def _part_name(line: FulfillmentLine, part: selectors.Fetch) -> str:
    return f"line_{line.order_line_id}_part_{part.product_id}"


class RerouteForm(SubjectForm):
    """To which warehouse, with what that costs and promises beside each, and why."""

    warehouse = forms.TypedChoiceField(label=gettext_lazy("send it from"), coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def prepare(self) -> None:
        """Offer the warehouses that can do it; why the others cannot is said below."""
        mine = set(seen(Warehouse.objects.all()).values_list("pk", flat=True))
        found = [one for one in services.ways_elsewhere(self.subject) if one.warehouse.pk in mine]
        ways = [one for one in found if one.is_possible]
        field = self.fields["warehouse"]
        field.choices = [(one.warehouse.pk, decision_words.way(one)) for one in ways]  # type: ignore[attr-defined]
        field.help_text = " ".join(decision_words.way(one) for one in found if not one.is_possible)
        if ways:
            field.initial = ways[0].warehouse.pk
