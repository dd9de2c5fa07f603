"""What was found on a walk, bin by bin; and which work goes into a wave."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.forms import SubjectForm
from core.sight import limited_to, seen
from fulfillment import batch
from fulfillment.carriers import CARRIERS
from fulfillment.models import MOST_TOTES, FulfillmentOrder, Wave
from fulfillment.services import USUAL_SIZE, WaveInput
from inventory.models import Warehouse
from pricing.models import ShippingMethod

Status = FulfillmentOrder.Status
# As many bins as one form asks about; a longer walk is told order by order.
MOST_ROWS = 400


class WaveFoundForm(SubjectForm):
    """How many units were found in each bin, for all orders together."""

    subject: Wave

    def prepare(self) -> None:
        """Ask bin by bin, with everything as the answer that is likely."""
        works = batch.works_of_wave(self.subject)
        self.rows = batch.batch_rows([one for one in works if one.status in (Status.RELEASED, Status.PICKING)])
        for row in self.rows[:MOST_ROWS]:
            where = f"{row.bin} · " if row.bin else ""
            field = forms.IntegerField(
                label=f"{where}{row.units} × {row.sku} {row.name}",
                min_value=0,
                max_value=row.units,
                initial=row.units,
                help_text=" · ".join(
                    _("tote %(n)s: %(units)s") % {"n": tote, "units": units} for tote, units in row.totes
                ),
            )
            field.widget.attrs["inputmode"] = "numeric"
            self.fields[_name(row)] = field

    def clean(self) -> dict[str, Any]:
        """Hand over what is missing where."""
        super().clean()
        if len(self.rows) > MOST_ROWS:
            raise forms.ValidationError(_("This walk is too long for one form: finish it order by order."))
        missing = {}
        for row in self.rows:
            found = self.cleaned_data.get(_name(row))
            if found is not None and found < row.units:
                missing[row.product_id, row.bin] = row.units - found
        return {"missing": missing}


class WishForm(forms.Form):
    """Which work goes into a wave."""

    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("warehouse"), empty_label=None)
    leaves_by_on = forms.DateField(
        label=gettext_lazy("must leave by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    carrier = forms.ChoiceField(label=gettext_lazy("carrier"), required=False)
    shipping_method = forms.ModelChoiceField(
        ShippingMethod.objects.none(),
        label=gettext_lazy("shipping method"),
        required=False,
        empty_label=gettext_lazy("all"),
    )
    size = forms.IntegerField(label=gettext_lazy("orders at most"), min_value=1, max_value=MOST_TOTES)

    def __init__(self, data: Any) -> None:
        super().__init__()
        places = seen(Warehouse.objects.filter(active=True)).order_by("priority", "pk")
        self.fields["warehouse"].queryset = places  # type: ignore[attr-defined]
        self.fields["shipping_method"].queryset = ShippingMethod.objects.filter(active=True).order_by("pk")  # type: ignore[attr-defined]
        names = sorted((code, str(one.name)) for code, one in CARRIERS.items())
        self.fields["carrier"].choices = [("", _("all")), *names]  # type: ignore[attr-defined]
        first = places.first()
        usual = {"warehouse": str(first.pk) if first else "", "size": str(USUAL_SIZE)}
        known = {name: data[name] for name in self.fields if data.get(name)}
        self.data = {**usual, **known}
        self.is_bound = True

    def wanted(self) -> WaveInput:
        """Return what the service asks for."""
        said = self.cleaned_data
        leaves_by_on: date | None = said["leaves_by_on"]
        return WaveInput(
            warehouse_id=said["warehouse"].pk,
            size=said["size"],
            carrier=said["carrier"],
            shipping_method_id=said["shipping_method"].pk if said["shipping_method"] else None,
            leaves_by_on=leaves_by_on,
            channels=limited_to("channel"),
        )

    def carried(self) -> list[tuple[str, str]]:
        """Return what another form has to carry to mean the same."""
        return [(name, str(value)) for name, value in self.data.items()]


def _name(row: batch.Row) -> str:
    return f"found_{row.product_id}_{row.bin.encode().hex()}"
