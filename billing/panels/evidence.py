"""What was said to the bank about a dispute, and with which documents."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.models import Dispute
from core.panels import panel


@panel("billing.dispute", order=10)
def evidence_of_dispute(_request: HttpRequest, dispute: Dispute) -> tuple[str, dict[str, Any]] | None:
    """Show the last answer; the ones before were not taken."""
    if dispute.evidence_given_at is None:
        return None
    files = dispute.files.filter(number=dispute.evidence_number).select_related("attachment").order_by("pk")
    context = {"title": _("What you said to the bank"), "dispute": dispute, "files": list(files)}
    return "billing/panels/evidence.html", context
