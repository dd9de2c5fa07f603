"""Channels: where orders come from."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils import translation
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core.admin.columns import code_column, link_column
from core.admin.site import site
from pricing.models import Channel

from .base import SettingsAdmin
from .checks_field import in_words
from .forms import ChannelForm

SET_CHECKS = "pricing.set_checks"


@admin.register(Channel, site=site)
class ChannelAdmin(SettingsAdmin):
    """Ways in, and how each is treated."""

    form = ChannelForm
    list_display = (
        "name",
        code_column("code"),
        "currency",
        link_column("price_list"),
        "prices_include_tax",
        "auto_confirm",
        "auto_release",
        "active",
    )
    list_display_links = ("name",)
    list_select_related = ("price_list",)
    ordering = ("name",)
    search_fields = ("=code", "name")
    fixed = ("code",)
    all_fields = (
        "code",
        "name",
        "currency",
        "language",
        "price_list",
        "prices_include_tax",
        "seller_country",
        "reserved",
        "quiet",
        "auto_verify",
        "auto_confirm",
        "auto_release",
        "invoice_policy",
        "capture_policy",
        "payment_days",
        "hold_minutes",
        "handling_days",
        "grace_days",
        "checks",
        "change_limits",
        "discount_limits",
        "document_series",
        "active",
    )
    empty_text = _("No channels yet. Without one no order can come in.")

    class Media:
        """How the rows of the checks stand."""

        css: ClassVar[dict[str, list[str]]] = {"all": ["pricing/checks.css"]}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever answers for the day sets what is checked, and nothing else."""
        return super().has_change_permission(request, obj) or request.user.has_perm(SET_CHECKS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Leave everything but the checks to who may change the channel."""
        found = super().get_readonly_fields(request, obj)
        if request.user.has_perm("pricing.change_channel"):
            return found
        return ["told_checks", *(name for name in self.all_fields if name != "checks")]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say in words what is checked to who may only read."""
        if obj is None or self.has_change_permission(request, obj):
            return self.all_fields
        return ["told_checks" if name == "checks" else name for name in self.all_fields]

    @admin.display(description=_("checks"))
    def told_checks(self, obj: Channel) -> str:
        """Say what is checked, line by line."""
        lines = ((capfirst(name), said) for name, said in in_words(obj.checks, obj.check_limits).items())
        return format_html_join("", "<p><b>{}</b>: {}</p>", lines)

    def told_changes(self, obj: Any, form: Any) -> tuple[dict[str, str], dict[str, str]]:
        """Say in words which checks were changed, each with what it did before."""
        before, after = super().told_changes(obj, form)
        if "checks" not in after:
            return before, after
        known = Channel.objects.filter(pk=obj.pk).values_list("checks", "check_limits").first() or ({}, {})
        with translation.override(settings.LANGUAGE_CODE):
            was, becomes = in_words(*known), in_words(obj.checks, obj.check_limits)
        changed = [name for name in becomes if was[name] != becomes[name]]
        del before["checks"], after["checks"]
        return before | {name: was[name] for name in changed}, after | {name: becomes[name] for name in changed}
