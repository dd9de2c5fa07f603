"""Who has store credit: read here, given on the page of the customer."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.models import StoreCredit
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import link_column, money_column
from core.admin.site import site


class LeftFilter(admin.SimpleListFilter):
    """By whether there is any left."""

    title = _("left")
    parameter_name = "left"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name what can be looked for."""
        return [("some", _("some")), ("none", _("none"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[StoreCredit]") -> "QuerySet[StoreCredit]":
        """Return those that have some left, or none."""
        if self.value() == "some":
            return queryset.filter(balance__gt=0)
        return queryset.filter(balance=0) if self.value() == "none" else queryset


@admin.register(StoreCredit, site=site)
class StoreCreditAdmin(BackOfficeAdmin):
    """Balances by customer and currency."""

    list_display = (
        link_column("customer", _("Customer")),
        money_column("balance", _("Balance")),
        money_column("held", _("Held")),
        money_column("free", _("To spend")),
        "currency",
    )
    list_display_links = None
    list_select_related = ("customer",)
    list_filter = (LeftFilter, "currency")
    tabs = (Tab(_("Left"), {"left": "some"}), Tab(_("Used up"), {"left": "none"}))
    ordering = ("-pk",)
    search_fields = ("=customer__number",)
    search_help_text = _("Number of the customer")
    empty_text = _("Nobody has store credit. It is given on the page of a customer, or with a refund.")
