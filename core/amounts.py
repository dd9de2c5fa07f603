"""Figures with decimals as people type and read them: 12.50 or 12,50, and 1.234,50 where that is how one writes.

price = AmountField(label=_("price"), max_digits=14, decimal_places=3)
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_decimal, get_group_symbol
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.reader import locale

NUMBER = re.compile(
    r"[0-9]{1,12}([.,][0-9]{1,6})?|[0-9]{1,3}(\.[0-9]{3})+,[0-9]{1,6}|[0-9]{1,3}(,[0-9]{3})+\.[0-9]{1,6}"
)
SPACES = re.compile(r"[\s\u00a0\u202f'’]")
# What one may take for thousands, or for a fraction.
TWO_WAYS = re.compile(r"([1-9][0-9]{0,2})([.,])([0-9]{3})")


def number_of(text: str) -> Decimal | None:
    """Read a number as people type it: 12.50, 12,50, 1.234,50; nothing where it is none."""
    said = SPACES.sub("", text)
    if not NUMBER.fullmatch(said):
        return None
    if "," in said and "." in said:
        said = said.replace("," if said.rindex(".") > said.rindex(",") else ".", "")
    try:
        return Decimal(said.replace(",", "."))
    except InvalidOperation:
        return None


def written(value: Decimal, places: int | None) -> str:
    """Write a number as its reader does, with two decimals at least where there is room for them."""
    most = 6 if places is None else places
    pattern = f"#,##0.{'0' * min(2, most)}{'#' * max(0, most - 2)}" if most else "0"
    return str(format_decimal(value, pattern, locale=locale(), decimal_quantization=False))


class AmountField(forms.DecimalField):
    """Asks for a figure with decimals; shows it, and reads it, in the way of its reader."""

    default_error_messages = {
        "two_ways": _("This can be read in two ways: write %(whole)s, or %(fraction)s."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput)
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("autocomplete", "off")

    def prepare_value(self, value: Any) -> Any:
        """Write what is kept; what was typed stays as it was typed."""
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            return written(Decimal(value), self.decimal_places)
        return value

    def to_python(self, value: Any) -> Any:
        """Read what was typed. Raises ValidationError for what is no number, or could be two."""
        if not isinstance(value, str) or value.strip() in self.empty_values:
            return super().to_python(value.strip() if isinstance(value, str) else value)
        text = SPACES.sub("", value).replace("−", "-")
        number = number_of(text.removeprefix("-"))
        if number is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        two = TWO_WAYS.fullmatch(text.removeprefix("-"))
        if two and two[2] == get_group_symbol(locale()):
            ways = {"whole": two[1] + two[3], "fraction": written(number, len(two[3]))}
            raise ValidationError(self.error_messages["two_ways"], code="two_ways", params=ways)
        return -number if text.startswith("-") else number
