"""What the page of an export of the books shows."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing import services
from billing.models import BookExport
from core.panels import panel
from core.reader import spoken_amount

Part = tuple[str, dict[str, Any]]


def progress_of(export: BookExport) -> dict[str, Any]:
    """Return how far an export is, as its part of the page needs it."""
    return {"export": export, "done": min(export.done, export.steps), "steps": max(1, export.steps)}


@panel("billing.bookexport", order=10)
def progress_of_export(request: HttpRequest, export: BookExport) -> Part:
    """Show how far it is, and the file."""
    month = f"?month={export.first_day:%Y-%m}&seller={export.entity_id}"
    context = {
        "title": _("Files"),
        **progress_of(export),
        "progress": "" if export.is_over else reverse("admin:billing_bookexport_progress", args=[export.pk]),
        "file": reverse("admin:billing_bookexport_file", args=[export.pk]) if export.file_id else "",
        "month": f"{reverse('admin:billing_month')}{month}",
    }
    return "billing/panels/export.html", context


@panel("billing.bookexport", order=20)
def totals_of_export(request: HttpRequest, export: BookExport) -> Part | None:
    """Show what the files add up to: what the ledger says, to the cent."""
    if export.status != BookExport.Status.SUCCEEDED:
        return None
    figures = export.figures
    rows = [
        {
            "currency": one["currency"],
            **{
                name: spoken_amount(Decimal(one[name]), one["currency"])
                for name in ("debit", "credit", "documents", "money")
            },
            "batch": figures["batches"].get(one["currency"], 0),
        }
        for one in figures["totals"]
    ]
    numbers = f"{reverse('admin:billing_accounts')}?seller={export.entity_id}"
    context = {
        "title": _("Totals"),
        "flush": True,
        "rows": rows,
        "counts": figures["counts"],
        "size": export.file.size if export.file else 0,
        "trouble": list(services.said_of_datev(figures)),
        "numbers": numbers if request.user.has_perm("billing.view_datevprofile") else "",
    }
    return "billing/panels/export_totals.html", context
