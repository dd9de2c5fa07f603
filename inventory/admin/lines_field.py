"""Goods as people type or paste them: one product per line, `MUG-RED 12`."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from inventory import selectors
from inventory.services import MOST_PER_BOOKING

MOST_LINES = 500


class GoodsField(forms.CharField):
    """Reads SKU or GTIN and units of each line, and says which line it does not understand."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 6, "cols": 40, "spellcheck": "false"}))
        super().__init__(max_length=40_000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write {SKU: units} as lines."""
        return "\n".join(f"{sku} {units}" for sku, units in value.items()) if isinstance(value, Mapping) else value

    def clean(self, value: Any) -> dict[int, int]:  # type: ignore[override]
        """Return the units by product; the same product twice is the sum."""
        typed = [line.split() for line in str(super().clean(self.prepare_value(value))).splitlines() if line.strip()]
        if len(typed) > MOST_LINES:
            raise forms.ValidationError(_("At most %(n)s lines at once.") % {"n": MOST_LINES})
        known = selectors.products_scanned(parts[0] for parts in typed)
        units: dict[int, int] = {}
        faults = []
        for parts in typed:
            count = parts[1] if len(parts) == 2 else "1" if len(parts) == 1 else ""
            product = known.get(parts[0].upper())
            if product is None:
                faults.append(_("There is no product %(sku)s.") % {"sku": parts[0]})
            elif not product.has_shelf:
                faults.append(_("%(sku)s has no shelf.") % {"sku": parts[0]})
            elif not (count.isascii() and count.isdecimal() and 0 < int(count[:12]) <= MOST_PER_BOOKING):
                faults.append(_("%(line)s: write it as in “MUG-RED 12”.") % {"line": " ".join(parts)})
            else:
                units[product.pk] = units.get(product.pk, 0) + int(count)
        if faults:
            raise forms.ValidationError(faults)
        return units

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        if self.disabled:
            return False
        return (self.prepare_value(initial or {}) or "").split() != str(data or "").upper().split()
