"""The journal of the ledger: read, page by page, and never changed."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.ledger_words import account_name
from billing.models import CreditNote, Invoice, LedgerAccount, LedgerEntry, LedgerTransaction, Payment
from core.admin.columns import actor_column, link_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.templatetags.back_office import money
from customers.models import Customer
from orders.models import Order

from . import ageing, chart, month, statements, trial_balance


class AccountFilter(admin.SimpleListFilter):
    """What was written on one account."""

    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the accounts that there are."""
        rows = LedgerAccount.objects.order_by("entity", "currency", "pk").values_list(
            "pk", "kind", "detail", "currency"
        )
        return [(str(pk), f"{account_name(kind, detail)}, {currency}") for pk, kind, detail, currency in rows]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Narrow the journal to an account; by its index, whatever else there is."""
        asked = self.value() or ""
        if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            return queryset
        return queryset.filter(pk__in=LedgerEntry.objects.filter(account=int(asked)).values("transaction"))


@admin.register(LedgerTransaction, site=site)
class LedgerTransactionAdmin(PanelAdmin):
    """What was written into the ledger, the latest first."""

    page = "billing.ledgertransaction"
    list_display = (
        "__str__",
        when_column("booked_on", _("Date")),
        "debited",
        "credited",
        "amount",
        link_column("order", _("Order")),
        link_column("invoice", _("Invoice")),
        link_column("credit_note", _("Credit note")),
        link_column("payment", _("Payment")),
    )
    list_select_related = ("order", "invoice", "credit_note", "payment")
    list_filter = ("booked_on", AccountFilter)
    ordering = ("-pk",)
    search_fields = ("=order__number",)
    search_help_text = _("Number of an order, invoice, credit note or customer, or the code of a payment")
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
        """Add the pages of a month, of ages, of balances, of statements, and of the numbers of the accounts."""
        view = self.admin_site.admin_view
        return [
            path("month/", view(month.month_page), name="billing_month"),
            path("ageing/", view(ageing.ageing_page), name="billing_ageing"),
            path("trial-balance/", view(trial_balance.trial_balance_page), name="billing_trial_balance"),
            path("statement/<int:pk>/", view(statements.statement_page), name="billing_statement"),
            path("accounts/", view(chart.accounts_page), name="billing_accounts"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[LedgerTransaction]":
        """Read what it is about along with it; for the list its entries, too."""
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        match = request.resolver_match
        if match is None or not (match.url_name or "").endswith("_changelist"):
            return rows
        return rows.prefetch_related(Prefetch("entries", LedgerEntry.objects.select_related("account").order_by("pk")))

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """Find what is about an order, a paper, a payment or a customer; each by an index of the ledger."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        if (order := Order.objects.filter(number=term.upper()).values_list("pk", flat=True).first()) is not None:
            return queryset.filter(order=order), False
        for name, model, key in (
            ("invoice", Invoice, "number"), ("credit_note", CreditNote, "number"), ("payment", Payment, "code"),
        ):  # fmt: skip
            said = term if key == "code" else term.upper()
            if found := model._default_manager.filter(**{key: said}).values_list("pk", "order").first():
                return queryset.filter(order=found[1], **{name: found[0]}), False
        customer = Customer.objects.filter(number=term.upper()).values_list("pk", flat=True).first()
        if customer is None:
            return queryset.none(), False
        return queryset.filter(pk__in=LedgerEntry.objects.filter(customer=customer).values("transaction")), False

    @admin.display(description=_("Debit"))
    def debited(self, obj: LedgerTransaction) -> str:
        """Name the accounts on the debit side."""
        return _names(one for one in obj.entries.all() if one.amount > 0)

    @admin.display(description=pgettext_lazy("ledger side", "Credit"))
    def credited(self, obj: LedgerTransaction) -> str:
        """Name the accounts on the credit side."""
        return _names(one for one in obj.entries.all() if one.amount < 0)

    @admin.display(description=_("Amount"))
    def amount(self, obj: LedgerTransaction) -> Any:
        """Return what moved: the sum of one side, which is that of the other."""
        return money(sum((one.amount for one in obj.entries.all() if one.amount > 0), start=Decimal(0)), obj.currency)

    amount.figure = True  # type: ignore[attr-defined]

    def badges(self, obj: LedgerTransaction) -> list[tuple[str, Any]]:
        """Show no state: it has none."""
        return []


def _names(entries: Iterable[LedgerEntry]) -> str:
    return ", ".join(dict.fromkeys(account_name(one.account.kind, one.account.detail) for one in entries))
