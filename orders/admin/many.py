"""The steps that the list of orders offers for many at once."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.actors import Actor
from core.admin.bulk import BulkSpec, PersonForm
from core.admin.bulk_export import export_spec
from core.models import User
from orders import services
from orders.admin.forms import BumpForm, CancelForm, HoldForm
from orders.admin.steps import OPERATE, hold_arguments
from orders.models import Hold, Order, OrderStatus, PriorityBump
from orders.priority import BUMP

S = OrderStatus
VIEW = "orders.view_order"
BEHIND_CONFIRMED = (S.CONFIRMED, S.FULFILLING, S.FULFILLED, S.COMPLETED)


class AssignForm(PersonForm):
    """Who looks after orders from now on."""

    assignee = forms.ModelChoiceField(
        label=gettext_lazy("Colleague"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("nobody in particular"),
    )

    def prepare(self) -> None:
        """Offer the staff, whoever asks first."""
        field: Any = self.fields["assignee"]
        staff = User.objects.filter(is_active=True, is_staff=True).order_by("first_name", "last_name", "username")
        field.queryset = staff
        field.label_from_instance = self._name
        field.initial = self.person.pk

    def _name(self, person: User) -> str:
        name = person.get_full_name() or person.get_username()
        return _("%(name)s (me)") % {"name": name} if person.pk == self.person.pk else name


class TagForm(forms.Form):
    """Tags to put on and to take off."""

    add = forms.CharField(label=gettext_lazy("Put on"), max_length=300, required=False)
    remove = forms.CharField(label=gettext_lazy("Take off"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        """Read the words, and ask for at least one of them."""
        said: dict[str, Any] = super().clean() or {}
        words = {name: _words(said.get(name, "")) for name in ("add", "remove")}
        for name, tags in words.items():
            if any(len(tag) > services.LONGEST_TAG for tag in tags):
                self.add_error(name, _("A tag has at most %(n)s characters.") % {"n": services.LONGEST_TAG})
        if both := sorted(set(words["add"]) & set(words["remove"])):
            self.add_error("remove", _("“%(tag)s” is to be put on, too.") % {"tag": both[0]})
        if not words["add"] and not words["remove"] and not self.errors:
            self.add_error("add", _("Name at least one tag, or one to take off."))
        return words


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _assign(order_id: int, *, assignee: User | None, actor: Actor) -> Order:
    return services.assign_order(order_id, assignee_id=assignee.pk if assignee else None, actor=actor)


def _is_tagged(order: Order, said: dict[str, Any]) -> bool:
    return set(said["add"]) <= set(order.tags) and not set(said["remove"]) & set(order.tags)


def _is_held(order: Order, said: dict[str, Any]) -> bool:
    """Whether the same hold stops it already."""
    active = Hold.objects.filter(order=order, status=Hold.Status.ACTIVE, kind=said["kind"], reason=said["reason"])
    return order.active_holds > 0 and active.exists()


def _is_bumped(order: Order, said: dict[str, Any]) -> bool:
    """Whether it has the same points for the same reason already."""
    active = PriorityBump.objects.filter(order=order, ended_at=None, points=said["points"], reason=said["reason"])
    return BUMP in order.priority_parts and active.filter(expires_at=said["until"]).exists()


def _bump(n: int) -> list[str]:
    return [
        _("They go ahead of everything with fewer points: for scarce units, in the queue and on pick lists."),
        _("Points that somebody gave them before are replaced."),
    ]


def _confirm(n: int) -> list[str]:
    said = ngettext("%(n)s order is confirmed, if it may be.", "%(n)s orders are confirmed, if they may be.", n)
    return [said % {"n": n}, _("What may not be confirmed stays as it is, and says why.")]


def _cancel(n: int) -> list[str]:
    return [
        _("What was paid goes back, and stock is free again."),
        _("What has left the house stays as it is, and says why."),
        _("This cannot be undone."),
    ]


STEPS_FOR_MANY: Mapping[str, BulkSpec] = {
    "confirm_many": BulkSpec(
        gettext_lazy("Confirm"),
        services.confirm_order,
        OPERATE,
        consequences=_confirm,
        already=lambda order, said: order.status in BEHIND_CONFIRMED,
        order=10,
    ),
    "hold_many": BulkSpec(
        gettext_lazy("Hold"),
        services.place_hold,
        OPERATE,
        form=HoldForm,
        arguments=hold_arguments,
        already=_is_held,
        order=30,
    ),
    "bump_many": BulkSpec(
        gettext_lazy("Priority"),
        services.bump_order,
        OPERATE,
        form=BumpForm,
        consequences=_bump,
        already=_is_bumped,
        order=35,
        tucked=True,
    ),
    "assign_many": BulkSpec(
        gettext_lazy("Assign"),
        _assign,
        OPERATE,
        form=AssignForm,
        already=lambda order, said: order.assignee_id == (said["assignee"].pk if said["assignee"] else None),
        order=40,
    ),
    "tag_many": BulkSpec(gettext_lazy("Tag"), services.tag_order, OPERATE, form=TagForm, already=_is_tagged, order=50),
    "export_many": export_spec(VIEW, order=70),
    "complete_many": BulkSpec(
        gettext_lazy("Complete"),
        services.complete_order,
        OPERATE,
        already=lambda order, said: order.status == S.COMPLETED,
        order=80,
        tucked=True,
    ),
    "cancel_many": BulkSpec(
        gettext_lazy("Cancel"),
        services.cancel_order,
        OPERATE,
        form=CancelForm,
        consequences=_cancel,
        already=lambda order, said: order.status == S.CANCELLED,
        style="danger",
        order=90,
        tucked=True,
    ),
}
