"""What a person is limited to, on their page: ticked kind by kind, none ticked means all there is."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import sight
from core.models import User

PREFIX = "limit_"


def names() -> list[str]:
    """Return the names of the fields, one for each kind of limit."""
    return [f"{PREFIX}{kind}" for kind in sight.KINDS]


class LimitsForm(UserChangeForm):
    """A person, and what they are limited to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].help_text = _("Nobody can read a password; give a new one instead.")
        for kind in sight.KINDS.values():
            field: Any = self.fields.get(f"{PREFIX}{kind.name}")
            if field is None:
                continue
            kept = self.instance.limits.get(kind.name, [])
            offers = dict(kind.offers())
            # A code that is gone stays ticked: dropped in silence, the last one would open everything.
            field.choices = [*offers.items(), *((code, code) for code in kept if code not in offers)]
            field.initial = kept

    def chosen(self) -> dict[str, list[str]]:
        """Return what was ticked; kinds that were not asked for stay as they are."""
        limits = dict(self.instance.limits)
        for kind in sight.KINDS:
            if f"{PREFIX}{kind}" in self.cleaned_data:
                limits[kind] = sorted(self.cleaned_data[f"{PREFIX}{kind}"])
        return {kind: codes for kind, codes in limits.items() if codes}


def form_class() -> type[LimitsForm]:
    """Return the form with a field for each kind that there is."""
    fields = {
        f"{PREFIX}{kind.name}": forms.MultipleChoiceField(
            label=kind.label, required=False, widget=forms.CheckboxSelectMultiple(), help_text=_("None ticked: all.")
        )
        for kind in sight.KINDS.values()
    }
    return type("LimitsForm", (LimitsForm,), fields)


def may_set(request: HttpRequest, person: User | None) -> bool:
    """Whether somebody may say what a person is limited to: nobody widens their own sight, or beyond it."""
    reader: Any = request.user
    if reader.is_superuser:
        return True
    return person is not None and person.pk != reader.pk and not sight.limits_of(reader)


def spoken(person: User) -> str:
    """Say what a person is limited to."""
    return ", ".join(code for codes in person.limits.values() for code in codes) or "–"
