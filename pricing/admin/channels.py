"""Channels: where orders come from."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin.columns import code_column, link_column
from core.admin.site import site
from pricing.models import Channel

from .base import SettingsAdmin
from .forms import ChannelForm


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
        "payment_days",
        "hold_minutes",
        "handling_days",
        "grace_days",
        "checks",
        "change_limits",
        "document_series",
        "active",
    )
    empty_text = _("No channels yet. Without one no order can come in.")
