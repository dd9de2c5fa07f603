"""What staff are asked when they take an order a step further."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin.forms import SubjectForm
from core.reader import retold
from orders.models import MOST_POINTS, Hold
from orders.verification import failed

BLOCKABLE = (
    ("verify", _("verification")),
    ("confirm", _("confirmation")),
    ("release", _("release to the warehouse")),
    ("complete", _("completion")),
)


class CancelForm(forms.Form):
    """Why an order is cancelled."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class HoldForm(forms.Form):
    """What keeps an order from going on."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Hold.Kind.choices, initial=Hold.Kind.MANUAL)
    reason = forms.CharField(label=_("Reason, as you would read it to a caller"), max_length=300)
    blocks = forms.MultipleChoiceField(
        label=_("Stops"),
        choices=BLOCKABLE,
        initial=["verify", "confirm", "release"],
        widget=forms.CheckboxSelectMultiple,
    )
    lifted_by_payment = forms.BooleanField(label=_("Lift it by itself when the payment is in"), required=False)


class ReleaseForm(SubjectForm):
    """Which hold is lifted, and why."""

    hold = forms.ModelChoiceField(label=_("Hold"), queryset=Hold.objects.none())
    note = forms.CharField(label=_("Why it is settled"), max_length=300)

    def prepare(self) -> None:
        """Offer the holds of this order that are active."""
        active = Hold.objects.filter(order=self.subject, status=Hold.Status.ACTIVE).order_by("pk")
        field: Any = self.fields["hold"]
        field.queryset = active
        field.initial = active.first()


class WaiveForm(SubjectForm):
    """Which failed check is waived, and why."""

    name = forms.ChoiceField(label=_("Check"))
    reason = forms.CharField(label=_("Why it may pass"), max_length=300)

    def prepare(self) -> None:
        """Offer the checks that failed."""
        field: Any = self.fields["name"]
        field.choices = [(check["name"], retold(check["reason"])) for check in failed(self.subject.checks)]


class CommentForm(forms.Form):
    """A remark."""

    text = forms.CharField(label=_("Comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    public = forms.BooleanField(label=_("To the customer: on the page of the order, and by mail"), required=False)


class BumpForm(forms.Form):
    """How much more urgent an order is than its other parts say, why, and until when."""

    points = forms.IntegerField(
        label=_("Points to add (below zero: to take off)"),
        min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
        initial=20,
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)
    until = forms.DateTimeField(
        label=_("Until (it ends by itself)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean_points(self) -> int:
        """Ask for points that change something."""
        points: int = self.cleaned_data["points"]
        if not points:
            raise forms.ValidationError(_("Zero points change nothing."))
        return points

    def clean_until(self) -> Any:
        """Ask for a moment to come."""
        until = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError(_("That is over already."))
        return until


class CloseForm(forms.Form):
    """How an exception ended."""

    resolution = forms.CharField(label=_("How it was solved"), max_length=300)
    dismissed = forms.BooleanField(label=_("Nothing had to be done"), required=False)


class HistoricForm(forms.Form):
    """Exceptions of imported history, closed in bulk."""

    resolution = forms.CharField(label=_("Reason"), max_length=300, initial="historic")
