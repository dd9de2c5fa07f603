"""Who has store credit: read here, given on the page of the customer."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing import services
from billing.models import StoreCredit, StoreCreditLimit
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import link_column, money_column
from core.admin.site import site
from core.reader import spoken_amount
from pricing.admin.forms import CurrencyField, RoleLimitsField


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


class StoreCreditLimitForm(forms.ModelForm):
    """How much each role may give, in one currency."""

    currency = CurrencyField(label=_("currency"), min_length=3)
    limits = RoleLimitsField(
        label=_("without approval"),
        required=False,
        help_text=_(
            "How much a role may give one customer in thirty days, one per line, e.g. “Finance: 50”. "
            "More waits until somebody who may approves it. A role that is not named may give any amount."
        ),
    )


@admin.register(StoreCreditLimit, site=site)
class StoreCreditLimitAdmin(BackOfficeAdmin):
    """How much store credit each role may give by hand, by currency."""

    form = StoreCreditLimitForm
    list_display = ("currency", "told")
    list_display_links = ("currency",)
    editable = ("limits",)
    create_fields = ("currency", "limits")
    fields = create_fields
    ordering = ("currency",)
    empty_text = _("None yet: who may give store credit gives any amount. Say how much each role may give.")
    create_service = staticmethod(services.create_store_credit_limit)
    change_service = staticmethod(services.change_store_credit_limit)

    @admin.display(description=_("without approval"))
    def told(self, obj: StoreCreditLimit) -> str:
        """Say it role by role."""
        return ", ".join(f"{role}: {spoken_amount(Decimal(most), obj.currency)}" for role, most in obj.limits.items())


@admin.register(StoreCredit, site=site)
class StoreCreditAdmin(BackOfficeAdmin):
    """Balances by customer and currency."""

    list_display = (
        link_column("customer", _("Customer")),
        money_column("balance", _("Balance")),
        money_column("held", _("Held")),
        money_column("free", _("To spend"), ordering=F("balance") - F("held")),
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
