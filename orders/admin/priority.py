"""What makes orders urgent: the page on which a manager says what each part is worth."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.actors import Actor
from core.admin.columns import actor_column, money_column, when_column
from core.admin.forms import SubjectForm
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from customers.models import CustomerGroup
from orders import services
from orders.models import MOST_POINTS, PriorityWeights
from pricing.models import ShippingMethod

CHANGE = "orders.change_priorityweights"
PLAIN = ("start", "overdue", "due_today", "due_tomorrow", "waiting", "waiting_most", "value", "value_step")
MORE = ("value_most", "currency")


def _points(label: Any, initial: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=-MOST_POINTS, max_value=MOST_POINTS, initial=initial)


class WeightsForm(SubjectForm):
    """Asks for every weight at once: each way of delivery and each group of customers has a field of its own."""

    def prepare(self) -> None:
        """Draw the fields that the columns have, one per method and per group, and ask why."""
        row: Any = self.subject
        for name in PLAIN:
            self._take(row, name)
        for name in MORE:
            self._take(row, name)
        self.methods = {f"methods_{one.code}": one for one in ShippingMethod.objects.order_by("pk")}
        for name, method in self.methods.items():
            self.fields[name] = _points(method.name_in(), row.methods.get(method.code, 0))
        self.groups = {f"groups_{one.code}": one for one in CustomerGroup.objects.order_by("name")}
        for name, group in self.groups.items():
            self.fields[name] = _points(_("Group %(group)s") % {"group": group}, row.groups.get(group.code, 0))
        if self.groups:
            self.fields["may_take"] = forms.MultipleChoiceField(
                label=_("Their orders take the stock of planned work by themselves"),
                choices=[(group.code, group.name) for group in self.groups.values()],
                initial=row.may_take,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        self.fields["note"] = forms.CharField(label=_("Why"), max_length=300)
        self.fields["version"] = forms.IntegerField(initial=row.version, widget=forms.HiddenInput)

    def _take(self, row: PriorityWeights, name: str) -> None:
        column: Any = PriorityWeights._meta.get_field(name)
        known = getattr(row, name)
        field = column.formfield(initial=f"{known:.2f}" if isinstance(known, Decimal) else known)
        if isinstance(field, forms.IntegerField):
            field = _points(field.label, known)
        self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        """Gather the points of the methods and groups."""
        said: dict[str, Any] = super().clean() or {}
        said["methods"] = {one.code: said[name] for name, one in self.methods.items() if said.get(name)}
        said["groups"] = {one.code: said[name] for name, one in self.groups.items() if said.get(name)}
        said.setdefault("may_take", [])
        return said


def _change(pk: int, *, changes: Mapping[str, Any], note: str, version: int, actor: Actor) -> PriorityWeights:
    return services.change_weights(changes, note=note, expected_version=version, actor=actor)


def _arguments(row: PriorityWeights, said: dict[str, Any]) -> dict[str, Any]:
    names = (*PLAIN, *MORE, "methods", "groups", "may_take")
    changes = {name: said[name] for name in names if name in said}
    return {"changes": changes, "note": said["note"], "version": said["version"]}


def _consequences(row: PriorityWeights) -> list[str]:
    return [_("Every order that waits is ranked anew within a minute: queues, pick lists and scarce units follow.")]


@admin.register(PriorityWeights, site=site)
class PriorityWeightsAdmin(TransitionAdmin, PanelAdmin):
    """One row: its page says what each part is worth, and who changed that."""

    page = "orders.priorityweights"
    is_small = True
    list_display = ("__str__", "version", when_column("changed_at"), actor_column("changed_by"), "note")
    facts = (
        *PLAIN[:-1],
        money_column("value_step", PriorityWeights._meta.get_field("value_step").verbose_name),
        "value_most",
        "version",
        when_column("changed_at"),
        actor_column("changed_by"),
        "note",
    )
    transition_services: ClassVar[Mapping[str, TransitionSpec]] = {
        "weigh": TransitionSpec(
            gettext_lazy("Change"),
            _change,
            CHANGE,
            form=WeightsForm,
            consequences=_consequences,
            arguments=_arguments,
            style="primary",
            done=gettext_lazy("Changed. The orders are being ranked anew."),
        ),
    }

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the one row; before anybody has changed it there is none yet."""
        if self.has_view_permission(request):
            services.ensure_weights()
        return super().changelist_view(request, extra_context)
