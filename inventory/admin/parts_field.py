"""The parts of a kit, row by row: SKU or GTIN, and how many units of it are in one kit."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.translation import gettext as _

from inventory import selectors
from inventory.services import MOST_PARTS, MOST_PER_KIT

# So many rows are free to be filled; saving gives as many again.
EMPTY_ROWS = 4


class PartsWidget(forms.Widget):
    """A row of two inputs per part, and some empty ones."""

    template_name = "inventory/parts.html"

    def get_context(self, name: str, value: Any, attrs: Mapping[str, Any] | None) -> dict[str, Any]:
        """Number the rows, and fill them."""
        context = super().get_context(name, value, attrs)  # type: ignore[arg-type]  # the stubs want a dict
        rows = value if isinstance(value, list) else [(sku, per) for sku, per in (value or {}).items()]
        rows = [*rows, *[("", "")] * min(EMPTY_ROWS, max(0, MOST_PARTS - len(rows)))]
        context["rows"] = list(enumerate(rows))
        # What is said about the field is said about each of its rows.
        about = context["widget"]["attrs"]
        context["about"] = flatatt({key: value for key, value in about.items() if key.startswith("aria-")})
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]] | None:
        """Return what was typed; rows in which nothing is are left out. None where the form did not ask."""
        if f"{name}-0-sku" not in data:
            return None
        typed = [
            (data.get(f"{name}-{row}-sku", "").strip(), data.get(f"{name}-{row}-per", "").strip())
            for row in range(MOST_PARTS + EMPTY_ROWS)
        ]
        return [(sku, per) for sku, per in typed if sku or per]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether the form did not ask."""
        return f"{name}-0-sku" not in data

    def id_for_label(self, id_: str) -> str:
        """Lead from the label to the first row."""
        return f"{id_}-0-sku"


class PartsField(forms.Field):
    """Reads rows into {SKU: units per kit}, and says what is wrong with which."""

    widget = PartsWidget

    def clean(self, value: Any) -> dict[str, int]:
        """Return the parts; what the catalogue refuses is said by its service."""
        rows: list[tuple[str, str]] = value or []
        if len(rows) > MOST_PARTS:
            raise forms.ValidationError(_("At most %(n)s parts") % {"n": MOST_PARTS})
        # What no keyboard types is no SKU, and not every database can be asked about it.
        known = selectors.products_scanned(sku for sku, _per in rows if sku.isprintable()) if rows else {}
        parts: dict[str, int] = {}
        faults = []
        for typed, per in rows:
            count = per or "1"
            product = known.get(typed.upper())
            sku = product.sku if product else typed.upper()
            if not typed:
                faults.append(_("Say of which product there are %(n)s.") % {"n": per})
            elif not (count.isascii() and count.isdecimal() and 1 <= int(count[:12]) <= MOST_PER_KIT):
                faults.append(_("%(sku)s: whole units from 1 to %(n)s") % {"sku": typed, "n": f"{MOST_PER_KIT:,}"})
            elif not typed.isprintable():
                faults.append(_("There is no product %(sku)s.") % {"sku": typed.replace("\x00", "")})
            elif sku in parts:
                faults.append(_("%(sku)s stands there twice; say how many in one row.") % {"sku": sku})
            else:
                parts[sku] = int(count)
        if faults:
            raise forms.ValidationError(faults)
        return parts

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        if self.disabled or data is None:
            return False
        return sorted((sku.upper(), per or "1") for sku, per in data) != sorted(
            (sku, str(per)) for sku, per in (initial or {}).items()
        )
