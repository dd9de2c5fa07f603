"""What the pages share on which a scanner is used: who may come in, and the form with one field per product."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.aside import is_aside
from core.admin.site import site
from inventory.papers import PaperLine
from inventory.services import MOST_PER_BOOKING

WHOLE = "whole-window"
View = Callable[..., HttpResponse]
SENT, FIGURE = re.compile(r"units-([0-9]{1,18})"), re.compile(r"[0-9]{1,7}")


def staff_with(permission: str) -> Callable[[View], View]:
    """Let in who holds a permission, on every request again; who is not signed in is asked to."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            if not user.has_perm(permission):
                raise PermissionDenied
            if is_aside(request):
                return _in_the_whole_window(request)
            return view(request, *args, **kwargs)

        return site.admin_view(guarded)

    return guard


def _in_the_whole_window(request: HttpRequest) -> HttpResponse:
    """Answer a drawer: a scanner needs the window, and what was redirected is opened there (aside.js)."""
    if WHOLE in request.GET:
        return HttpResponse(status=204)
    return HttpResponseRedirect(f"{request.path}?{WHOLE}")


class CountedForm(forms.Form):
    """What was counted of each product of a paper, and into which bin it goes where it has none yet."""

    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    close = forms.BooleanField(label=gettext_lazy("Nothing more comes of this"), required=False)

    def __init__(self, *args: Any, lines: Iterable[PaperLine], may_be_lost: bool = False, **kwargs: Any) -> None:
        self.lines = list(lines)
        super().__init__(*args, **kwargs)
        if may_be_lost:
            # What we sent ourselves and does not come is a loss of ours.
            self.fields["reason"] = forms.CharField(
                label=_("What became of what is missing"), required=False, max_length=200
            )
        for line in self.lines:
            name = line.product.name_in()
            self.fields[f"units-{line.product.pk}"] = forms.IntegerField(
                label=_("Units: %(name)s") % {"name": name},
                required=False,
                min_value=0,
                max_value=MOST_PER_BOOKING,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 7, "class": "units"}),
            )
            if not line.bin:
                self.fields[f"bin-{line.product.pk}"] = forms.CharField(
                    label=_("Bin: %(name)s") % {"name": name},
                    required=False,
                    max_length=20,
                    widget=forms.TextInput(
                        attrs={"autocapitalize": "characters", "class": "bin", "placeholder": _("bin")}
                    ),
                )
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def rows(self) -> Iterator[tuple[PaperLine, Any, Any]]:
        """Return each line with its fields."""
        for line in self.lines:
            yield line, self[f"units-{line.product.pk}"], None if line.bin else self[f"bin-{line.product.pk}"]

    def units(self) -> dict[int, int]:
        """Return what was counted, by product; also of what went off the paper meanwhile: it is not lost unsaid."""
        counted = {line.product.pk: self.cleaned_data[f"units-{line.product.pk}"] for line in self.lines}
        for name, value in self.data.items():
            if (found := SENT.fullmatch(name)) and FIGURE.fullmatch(str(value).strip()):
                counted.setdefault(int(found[1]), int(value))
        return {product: units for product, units in counted.items() if units}

    def bins(self) -> dict[int, str]:
        """Return the bins that were named, by product."""
        named = ((line.product.pk, self.cleaned_data.get(f"bin-{line.product.pk}", "")) for line in self.lines)
        return {product: code for product, code in named if code}

    def clean(self) -> Any:
        """Nothing counted is nothing to book, unless it says that nothing comes."""
        said = super().clean()
        if not self.errors and not self.units() and not self.cleaned_data.get("close"):
            raise forms.ValidationError(
                _("Nothing is counted yet: scan what is here, or say that nothing more comes.")
            )
        return said
