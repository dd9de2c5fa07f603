"""Out of what a payout was paid, page by page; what nobody knows first."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.models import Payout, PayoutRow
from core.panels import panel

Part = tuple[str, dict[str, Any]]
PER_PAGE = 50


@panel("billing.payout", order=10)
def rows_of_payout(request: HttpRequest, payout: Payout) -> Part:
    """Show its rows with what each belongs to."""
    rank = Case(When(status=PayoutRow.Status.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = payout.rows.select_related("payment__order", "refund__order", "dispute__order").order_by(rank, "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("rows", "1"))
    context = {"title": _("Out of"), "flush": True, "payout": payout, "rows": list(page), "page": page}
    return "billing/panels/payout_rows.html", context
