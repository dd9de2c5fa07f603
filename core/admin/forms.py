"""Forms of the back office, and how a refusal is shown in them."""

import re
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from core.errors import DomainError

# At most eighteen digits: what every database takes for a number of a row.
KEY = re.compile(r"[0-9]{1,18}")


class SubjectForm(forms.Form):
    """A form about one record, which it finds in `self.subject` (for choices and initial values)."""

    def __init__(self, *args: Any, subject: Any = None, **kwargs: Any) -> None:
        self.subject = subject
        super().__init__(*args, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Adapt the fields to `self.subject`."""


class ReasonForm(forms.Form):
    """Asks why; the answer goes into the history."""

    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


def asked_way_back(request: HttpRequest) -> str:
    """Return where somebody came from who opened a form with `?next=`, if that is a page of ours."""
    target = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""


def show_refusal(form: forms.BaseForm, error: DomainError) -> None:
    """Put what a service said beside the fields it speaks of, or on top of the form."""
    spoken = False
    for fault in error.errors:
        name = str(fault.get("pointer", "")).strip("/").split("/")[0]
        if name in form.fields:
            form.add_error(name, str(fault.get("detail", error.message)))
            spoken = True
    if not spoken:
        form.add_error(None, error.message)


class LookUpSelect(AutocompleteSelect):
    """A field that looks its rows up; a key that cannot be one is shown as nothing chosen, beside its error."""

    def optgroups(self, name: str, value: list[str], attr: dict[str, Any] | None = None) -> Any:
        """Ask the database only for what can be a key."""
        return super().optgroups(name, [one for one in value if KEY.fullmatch(str(one))], attr)
