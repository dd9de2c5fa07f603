"""What pages show of the ledger."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from billing.ledger_words import account_name
from billing.models import LedgerEntry, LedgerTransaction
from core.admin.links import may_see, page_of
from core.panels import panel

# A document has a handful of rates; what is beyond stands in the export.
SHOWN = 100


@panel("billing.ledgertransaction", order=10)
def entries_of_transaction(request: HttpRequest, transaction: LedgerTransaction) -> tuple[str, dict[str, Any]]:
    """Show both sides of a transaction, account by account."""
    found = LedgerEntry.objects.filter(transaction=transaction).select_related("account", "customer").order_by("pk")
    rows = [
        {
            "account": account_name(one.account.kind, one.account.detail),
            "customer": one.customer or "",
            "url": page_of(one.customer) if one.customer and may_see(request.user, one.customer) else "",
            "debit": one.amount if one.amount > 0 else None,
            "credit": -one.amount if one.amount < 0 else None,
        }
        for one in found[:SHOWN]
    ]
    context = {"title": _("Entries"), "count": len(rows), "flush": True, "rows": rows}
    return "billing/panels/ledger_entries.html", {**context, "currency": transaction.currency}
