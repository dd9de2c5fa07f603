"""What staff are asked when they take an order a step further."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.forms import SubjectForm
from core.admin.links import title_of
from core.admin.uploads import FilesField
from core.models import User
from core.reader import retold
from orders import categories, hold_types
from orders.models import FORWARD, MOST_POINTS, Hold, HoldType, LiftedBy, Order
from orders.verification import failed

AS_THE_KIND = "as_the_kind"
BLOCKABLE = (
    ("verify", _("verification")),
    ("confirm", _("confirmation")),
    ("release", _("release to the warehouse")),
    ("complete", _("completion")),
)


class CancelForm(forms.Form):
    """Why an order is cancelled."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class HoldForm(SubjectForm):
    """What keeps an order, or one line of it, from going on."""

    kind = forms.ChoiceField(label=_("Kind"))
    reason = forms.CharField(label=_("Reason, as you would read it to a caller"), max_length=300)
    line = forms.TypedChoiceField(label=_("What is stopped"), required=False, coerce=int, empty_value=None)
    blocks = forms.MultipleChoiceField(
        label=_("Stops"),
        choices=BLOCKABLE,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: what the kind says. A line is kept from leaving the house."),
    )
    auto_release = forms.ChoiceField(label=_("Lift it by itself with"), required=False)
    expires_at = forms.DateTimeField(
        label=_("Until (it ends by itself)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def prepare(self) -> None:
        """Offer the types of the house, and the lines of which something is still here."""
        fields: Any = self.fields
        fields["kind"].choices = [(one.code, one.title()) for one in hold_types.hold_types()]
        fields["kind"].initial = Hold.Kind.MANUAL
        fields["auto_release"].choices = [
            (AS_THE_KIND, _("what the kind says")),
            ("", _("nothing")),
            *LiftedBy.choices,
        ]
        fields["auto_release"].initial = AS_THE_KIND
        if not isinstance(self.subject, Order):
            del fields["line"]
            return
        lines = [line for line in self.subject.lines.order_by("position") if line.open]
        fields["line"].choices = [
            ("", _("the whole order")),
            *((line.pk, f"{line.sku} {line.name}") for line in lines),
        ]

    def clean_expires_at(self) -> Any:
        """Ask for a moment to come."""
        until = self.cleaned_data["expires_at"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError(_("That is over already."))
        return until


class HoldTypeForm(forms.ModelForm):
    """What holds of one type are like."""

    blocks = forms.MultipleChoiceField(
        label=_("Stops"), choices=BLOCKABLE, widget=forms.CheckboxSelectMultiple, initial=FORWARD
    )

    class Meta:
        model = HoldType
        fields: ClassVar[list[str]] = ["code", "name", "blocks", "auto_release", "hours", "may_lift", "active"]
        help_texts: ClassVar[dict[str, Any]] = {
            "name": _("Empty: the usual name, in the language of the reader."),
            "auto_release": _("What happens of its own and settles it. A day that is reached ends it as well."),
            "may_lift": _("Empty: whoever may lift holds."),
        }

    def clean(self) -> dict[str, Any]:
        """Ask for a name where there is no usual one."""
        said: dict[str, Any] = super().clean() or {}
        code = said.get("code") or self.instance.code
        if code not in Hold.Kind.values and "name" in said and not said["name"]:
            self.add_error("name", _("Give it a name."))
        return said


class HoldField(forms.ModelChoiceField):
    """Holds by their reasons, in the language of the reader."""

    def label_from_instance(self, obj: Any) -> str:
        """Say why it was placed."""
        return title_of(obj)


class ReleaseForm(SubjectForm):
    """Which hold is lifted, and why."""

    hold = HoldField(label=_("Hold"), queryset=Hold.objects.none())
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

    text = forms.CharField(
        label=_("Comment"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    files = FilesField(required=False)
    public = forms.BooleanField(label=_("To the customer: on the page of the order, and by mail"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for words or a file."""
        said: dict[str, Any] = super().clean() or {}
        if not said.get("text") and not said.get("files") and not self.errors:
            self.add_error("text", gettext("Write something, or add a file."))
        return said


class FilesForm(forms.Form):
    """Files for an order."""

    files = FilesField()


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


class ReopenForm(forms.Form):
    """Why an exception is not solved after all."""

    reason = forms.CharField(label=_("What is still wrong"), max_length=300)


def _queues() -> list[tuple[str, Any]]:
    return [("", _("as it is")), *((code, categories.queue_label(code)) for code in categories.QUEUES)]


class HandOverForm(forms.Form):
    """Who sees to an exception from now on: a colleague, or else a queue."""

    owner = forms.ModelChoiceField(
        label=_("Colleague"),
        queryset=User.objects.filter(is_active=True, is_staff=True).order_by("username"),
        required=False,
        empty_label=_("nobody in particular"),
    )
    queue = forms.ChoiceField(label=_("Queue"), choices=_queues, required=False)
    note = forms.CharField(label=_("What they should know"), max_length=300, required=False)
