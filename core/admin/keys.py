"""Keys of integrators: made here, shown once, revoked here."""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLResolver, get_resolver
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import sight
from core.actors import Actor
from core.admin import navigation
from core.admin.actors import actor_for
from core.admin.columns import code_column, when_column
from core.admin.forms import show_refusal
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.api.auth import SCOPE_PERMISSIONS, StaffScopes
from core.api.keys import ALL, create_api_key, revoke_api_key
from core.errors import DomainError
from core.models import ApiKey, User
from core.templatetags.back_office import badge

# The one kind of limits that a key can have, too.
KIND = "channel"


@cache
def known_scopes() -> tuple[str, ...]:
    """Return every scope that an address of the API asks for, or something that is said there."""
    asked = {scope for view in _views(get_resolver()) for scope in getattr(view, "required_scopes", {}).values()}
    return tuple(sorted({*asked, *SCOPE_PERMISSIONS}))


def _views(resolver: URLResolver) -> Iterator[Any]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern)
        else:
            yield getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)


class NewKeyForm(forms.Form):
    """What a key is called, and what it opens."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Who or what will use it, e.g. “Web shop”."))
    everything = forms.BooleanField(label=_("May do everything, also what comes later"), required=False)
    scopes = forms.MultipleChoiceField(
        label=pgettext_lazy("permission", "May"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Give no more than it needs."),
    )
    channels = forms.CharField(
        label=_("Only for channels"), required=False, help_text=_("Codes, separated by commas; empty means all.")
    )

    def __init__(self, *args: Any, maker: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nobody hands out more than he holds: a key would else be a way to every power.
        held = StaffScopes(maker)
        mine = [scope for scope in known_scopes() if maker.is_superuser or scope in held]
        self.fields["scopes"].choices = [(scope, scope) for scope in mine]  # type: ignore[attr-defined]
        if not maker.is_superuser:
            del self.fields["everything"]
        self.limits = sight.limits_of(maker)
        if mine := sorted(self.limits.get(KIND, ())):
            help_text = _("Codes, separated by commas; empty means all of yours: %(codes)s.")
            self.fields["channels"].help_text = help_text % {"codes": ", ".join(mine)}

    def clean_channels(self) -> list[str]:
        """Read the codes; who sees only some channels opens no other."""
        codes = [code for part in self.cleaned_data["channels"].split(",") if (code := part.strip())]
        mine = self.limits.get(KIND)
        if mine is None:
            return codes
        if beyond := sorted(set(codes) - mine):
            raise forms.ValidationError(_("Not one of yours: %(codes)s.") % {"codes": ", ".join(beyond)})
        return codes or sorted(mine)

    def clean(self) -> dict[str, Any]:
        """Ask for at least one door, and let nobody out of limits that no key can have."""
        cleaned = super().clean() or {}
        if others := [
            str(sight.KINDS[kind].label) for kind in sorted(self.limits.keys() & sight.KINDS) if kind != KIND
        ]:
            text = _("You are limited (%(kinds)s), and a key is not: ask somebody who is not limited to make it.")
            self.add_error(None, text % {"kinds": ", ".join(others)})
        if not cleaned.get("everything") and not cleaned.get("scopes"):
            self.add_error("scopes", _("Choose at least one, else the key opens nothing."))
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """Return what the service asks for."""
        cleaned = self.cleaned_data
        scopes = [ALL] if cleaned.get("everything") else cleaned["scopes"]
        return {"name": cleaned["name"], "scopes": scopes, "channels": cleaned["channels"]}


def revoke(pk: int, *, actor: Actor) -> ApiKey:
    """Make a key useless."""
    return revoke_api_key(pk, actor=actor)


@admin.register(ApiKey, site=site)
class KeyAdmin(TransitionAdmin, PanelAdmin):
    """API keys."""

    page = "core.key"
    list_display = (
        "name",
        code_column("prefix"),
        "state",
        "may",
        when_column("created_at"),
        when_column("last_used_at"),
    )
    search_fields = ("name", "=prefix")
    empty_text = _("No key yet. Make one for each shop or system that talks to the API.")
    facts = (code_column("prefix"), "may", "only_for", "owner", when_column("created_at"), when_column("last_used_at"))
    create_fields = ("name",)
    transition_services = {
        "revoke": TransitionSpec(
            _("Revoke"),
            revoke,
            "core.change_apikey",
            when=lambda key: key.revoked_at is None,
            consequences=lambda key: [
                _("Every request with this key is refused from now on."),
                _("It cannot be taken back; make a new key instead."),
            ],
            style="danger",
            done=_("The key opens nothing any more."),
        )
    }

    @admin.display(description=_("state"))
    def state(self, key: ApiKey) -> str:
        """Return whether it opens anything."""
        return badge("revoked", _("Revoked")) if key.revoked_at else badge("active", _("Active"))

    @admin.display(description=pgettext_lazy("permission", "may"))
    def may(self, key: ApiKey) -> str:
        """Return what it opens."""
        return str(_("everything")) if ALL in key.scopes else ", ".join(key.scopes)

    @admin.display(description=_("only for channels"))
    def only_for(self, key: ApiKey) -> str:
        """Return what it is limited to."""
        return ", ".join(key.channels)

    def badges(self, obj: Any) -> list[tuple[str, Any]]:
        """Return whether it opens anything."""
        return [("revoked", _("Revoked"))] if obj.revoked_at else [("active", _("Active"))]

    def page_title(self, obj: Any) -> str:
        """Return its name."""
        return str(obj.name)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Make a key, and show it this once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewKeyForm(request.POST or None, maker=cast(User, request.user))
        made: ApiKey | None = None
        plain = ""
        if request.method == "POST" and form.is_valid():
            try:
                made, plain = create_api_key(**form.wanted(), actor=actor_for(request))
            except DomainError as error:
                show_refusal(form, error)
        context = {
            **self.admin_site.each_context(request),
            "title": _("New API key"),
            "opts": self.opts,
            "form": form,
            "made": made,
            "plain": plain,
        }
        response = TemplateResponse(request, "admin/core/key_new.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response


navigation.register(
    navigation.SETTINGS,
    _("API keys"),
    "admin:core_apikey_changelist",
    permission="core.view_apikey",
    order=964,
    icon="gear",
)
