"""A note that explains a step."""

from django import forms
from django.utils.translation import gettext_lazy as _


class NoteForm(forms.Form):
    """Why it is settled."""

    note = forms.CharField(label=_("Why it is settled"), max_length=300)
