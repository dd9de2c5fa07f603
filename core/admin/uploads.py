"""A field for several files: chosen, or dropped on the form; its limits are told before anything is sent."""

from typing import Any

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import uploads

BEGINNING = 16


class FilesInput(forms.FileInput):
    """Several files, with what the script needs to know to refuse early."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return all of them, not the last one."""
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Tell the limits, and how they are said, in the language of the reader."""
        most = filesizeformat(uploads.MOST_BYTES)
        told = {
            "accept": uploads.ACCEPT,
            "data-files": "",
            "data-most-bytes": uploads.MOST_BYTES,
            "data-most-in-all": uploads.MOST_IN_ALL,
            "data-most": uploads.MOST_AT_ONCE,
            "data-not-taken": _("“#” is of a type that is not taken."),
            "data-too-large": _("“#” is larger than %(most)s.") % {"most": most},
            "data-too-many": FilesField.too_many(),
            "data-too-much": FilesField.too_much(),
            "data-take-off": _("Take “#” off"),
            "data-list-label": _("Files to add"),
        }
        found: dict[str, Any] = super().get_context(name, value, {**(attrs or {}), **told})
        return found


class FilesField(forms.FileField):
    """Up to ten files at once, each of a type that is taken; gives them back as `uploads.NewFile`s."""

    widget = FilesInput

    def __init__(self, **given: Any) -> None:
        given.setdefault("label", gettext_lazy("Files"))
        super().__init__(**given)

    @staticmethod
    def too_many() -> str:
        """Say how many may be added at once."""
        return _("At most %(n)s files at once.") % {"n": uploads.MOST_AT_ONCE}

    @staticmethod
    def too_much() -> str:
        """Say how much may be added at once."""
        return _("Together at most %(most)s at once.") % {"most": filesizeformat(uploads.MOST_IN_ALL)}

    def clean(self, data: Any, initial: Any = None) -> list[uploads.NewFile]:
        """Look at every file, and say of all of them at once what is wrong."""
        given = [one for one in data or [] if one] if isinstance(data, list | tuple) else [data] if data else []
        if not given:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return []
        if len(given) > uploads.MOST_AT_ONCE:
            raise forms.ValidationError(self.too_many())
        if sum(one.size for one in given) > uploads.MOST_IN_ALL:
            raise forms.ValidationError(self.too_much())
        faults = [fault for one in given if (fault := self._fault(one))]
        if faults:
            raise forms.ValidationError(faults)
        return [uploads.made_of(one.name, one.read()) for one in given]

    def _fault(self, file: Any) -> str:
        beginning = file.read(BEGINNING)
        file.seek(0)
        return uploads.why_not(file.name, file.size, beginning)
