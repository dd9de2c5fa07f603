"""The page on which people decide where goods come from: rules and costs in versions."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import badges
from core.admin import history, navigation
from core.admin.actors import actor_for
from core.admin.base import Tab
from core.admin.forms import KEY, ReasonForm, show_refusal
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.errors import DomainError
from inventory.models import RoutingRuleSet
from inventory.services import RuleSetInput
from orders import services
from pricing import services as pricing

from .routing_forms import Editor

badges.register("good", "active")
badges.register("neutral", "retired")
navigation.register(
    _("Warehouse"),
    _("Routing rules"),
    "admin:inventory_routingruleset_changelist",
    permission="inventory.view_routingruleset",
    order=366,
    icon="building",
)
for name, words, icon in (
    ("created", _("Written"), "note"),
    ("changed", _("Changed"), "pen"),
    ("activated", _("Holds from now on"), "tone-good"),
    ("retired", _("Holds no more"), "clock"),
):
    history.phrase(f"inventory.routingruleset.{name}", words, icon=icon)
history.phrase("orders.rerouted", _("Sent from another warehouse"), icon="pen")
# The buttons that only add an empty row.
MORE = {"more_rules": "rules", "more_parcels": "parcels"}


class ReplayForm(forms.Form):
    """How far to look back."""

    orders = forms.IntegerField(
        label=_("orders to look back"), min_value=1, max_value=services.MOST_IN_BACKGROUND, initial=1000
    )


class NoteForm(ReasonForm):
    """Asks why; an answer is welcome, not needed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].label = _("reason")


def with_note(rules: RoutingRuleSet, said: dict[str, Any]) -> dict[str, Any]:
    """Hand the reason over as the note of the history."""
    return {"note": said["reason"]}


def what_activating_does(rules: RoutingRuleSet) -> list[str]:
    """Say what will be otherwise."""
    active = RoutingRuleSet.objects.filter(status=RoutingRuleSet.Status.ACTIVE).exclude(pk=rules.pk).first()
    said = [gettext("Orders that are placed, edited or filled from now on follow these rules.")]
    if active is not None:
        said.append(gettext("%(rules)s hold no more; one click brings them back.") % {"rules": active})
    return [*said, gettext("What is tied to stock already stays where it is.")]


def what_replaying_does(rules: RoutingRuleSet) -> list[str]:
    """Say that nothing happens but reckoning."""
    return [
        gettext("The last orders are asked about: where they would come from, what that costs, which would be late."),
        gettext("Nothing is written: no order, no stock, no promise changes."),
    ]


def what_retiring_does(rules: RoutingRuleSet) -> list[str]:
    """Say what decides without rules."""
    return [
        gettext("No rules hold any more: the fewest parcels decide, then the nearest warehouse, as without rules.")
    ]


@admin.register(RoutingRuleSet, site=site)
class RoutingRuleSetAdmin(TransitionAdmin, PanelAdmin):
    """Versions of the routing rules, the youngest first."""

    page = "inventory.routingruleset"
    is_small = True
    list_display = ("name", "version", "status", "author", "changed_at", "activated_at", "retired_at")
    list_display_links = ("name",)
    list_filter = ("status",)
    tabs = (Tab(_("Drafts"), {"status__exact": "draft"}),)
    ordering = ("-version",)
    search_fields = ("name",)
    empty_text = _("No routing rules yet. Until there are some, the fewest parcels and the nearest warehouse decide.")
    facts = ("version", "author", "currency", "based_on", "created_at", "changed_at", "activated_at", "retired_at")
    create_fields = ("name",)
    editable = ("name",)
    transition_services = {
        "activate": TransitionSpec(
            label=_("Let them hold"),
            service=services.activate_rules,
            permission="inventory.activate_routingruleset",
            form=NoteForm,
            arguments=with_note,
            consequences=what_activating_does,
            when=lambda rules: rules.status != RoutingRuleSet.Status.ACTIVE,
            style="primary",
            done=_("These rules hold now."),
        ),
        "replay": TransitionSpec(
            label=_("Replay"),
            service=services.start_replay,
            permission="inventory.view_routingruleset",
            form=ReplayForm,
            consequences=what_replaying_does,
            icon="clock",
            done=_("The past is being replayed; the figures appear here."),
        ),
        "retire": TransitionSpec(
            label=_("Let no rules hold"),
            service=services.retire_rules,
            permission="inventory.activate_routingruleset",
            form=NoteForm,
            arguments=with_note,
            consequences=what_retiring_does,
            when=lambda rules: rules.status == RoutingRuleSet.Status.ACTIVE,
            style="danger",
            done=_("No rules hold."),
        ),
    }

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a draft is changed."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def headline(self, obj: RoutingRuleSet) -> str:
        """Say why there is this version."""
        return obj.note

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Write new rules, from nothing or from a version (`?from=`)."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked = request.GET.get("from", "")
        known = RoutingRuleSet.objects.filter(pk=int(asked)).first() if KEY.fullmatch(asked) else None
        return self._editor(request, None, known)

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change a draft."""
        rules = self.get_object(request, unquote(object_id))
        if rules is None:
            return self.unknown(request, object_id)
        if not self.has_change_permission(request, rules):
            raise PermissionDenied
        return self._editor(request, rules, rules)

    def _editor(
        self, request: HttpRequest, rules: RoutingRuleSet | None, known: RoutingRuleSet | None
    ) -> HttpResponse:
        data = _with_row(request.POST) if request.method == "POST" else None
        currency = next((channel.currency for channel in pricing.channels()), "EUR")
        editor = Editor(known, data, currency=currency)
        if data is not None and not MORE.keys() & request.POST.keys() and editor.is_valid():
            said = editor.head.cleaned_data
            given = RuleSetInput(
                name=said["name"].strip(),
                note=said["note"].strip(),
                currency=said["currency"],
                content=editor.content(),
            )
            try:
                saved = (
                    services.change_rules(rules.pk, given, actor=actor_for(request))
                    if rules
                    else services.write_rules(given, actor=actor_for(request), based_on=known.pk if known else None)
                )
            except DomainError as error:
                show_refusal(editor.head, error)
            else:
                self.message_user(
                    request, gettext("The draft is kept. Nothing changes until it holds."), messages.SUCCESS
                )
                return HttpResponseRedirect(reverse("admin:inventory_routingruleset_change", args=[saved.pk]))
        return self._editor_page(
            request, rules, editor, is_checked=data is not None and not MORE.keys() & request.POST.keys()
        )

    def _editor_page(
        self, request: HttpRequest, rules: RoutingRuleSet | None, editor: Editor, *, is_checked: bool
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": str(rules) if rules else gettext("New routing rules"),
            "opts": self.opts,
            "original": rules,
            "editor": editor,
            "is_checked": is_checked,
            "back": reverse("admin:inventory_routingruleset_change", args=[rules.pk])
            if rules
            else reverse("admin:inventory_routingruleset_changelist"),
        }
        return TemplateResponse(request, "admin/inventory/routingruleset/editor.html", context)


def _with_row(given: QueryDict) -> QueryDict:
    """Return what was sent, with an empty row more where somebody asked for one."""
    data = given.copy()
    for button, prefix in MORE.items():
        count = data.get(f"{prefix}-TOTAL_FORMS", "")
        if button in data and count.isascii() and count.isdigit() and len(count) < 4:
            data[f"{prefix}-TOTAL_FORMS"] = str(int(count) + 1)
    return data
