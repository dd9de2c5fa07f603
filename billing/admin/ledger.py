"""The journal of the ledger: read, page by page, and never changed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _

from billing.models import LedgerTransaction
from core.admin.columns import actor_column, choice_column, link_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site

from . import chart, month


@admin.register(LedgerTransaction, site=site)
class LedgerTransactionAdmin(PanelAdmin):
    """What was written into the ledger, the latest first."""

    page = "billing.ledgertransaction"
    list_display = (
        "__str__",
        choice_column("kind", _("Kind")),
        when_column("booked_on", _("Date")),
        link_column("order", _("Order")),
        link_column("invoice", _("Invoice")),
        link_column("credit_note", _("Credit note")),
        link_column("payment", _("Payment")),
        "currency",
    )
    list_select_related = ("order", "invoice", "credit_note", "payment")
    list_filter = ("booked_on",)
    ordering = ("-pk",)
    search_fields = ("=order__number",)
    search_help_text = _("Number of the order")
    empty_text = _("Nothing here. The ledger is written with every document and every movement of money.")
    facts = (
        when_column("booked_on", _("Date")),
        link_column("order", _("Order")),
        link_column("invoice", _("Invoice")),
        link_column("credit_note", _("Credit note")),
        link_column("payment", _("Payment")),
        when_column("recorded_at", _("Recorded")),
        actor_column("actor", _("By")),
        "source",
    )

    def get_urls(self) -> list[Any]:
        """Add the page of a month, and the numbers of the accounts."""
        view = self.admin_site.admin_view
        return [
            path("month/", view(month.month_page), name="billing_month"),
            path("accounts/", view(chart.accounts_page), name="billing_accounts"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes here but the services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is written stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is written stays."""
        return False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[LedgerTransaction]":
        """Read what it is about along with it."""
        return super().get_queryset(request).select_related(*self.list_select_related)

    def badges(self, obj: LedgerTransaction) -> list[tuple[str, Any]]:
        """Show no state: it has none."""
        return []
