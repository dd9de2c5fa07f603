"""What the facts about returns are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.facts import name_facts

name_facts(
    {
        "returns.return_authorized": _("Return authorized"),
        "returns.return_cancelled": _("Return cancelled"),
        "returns.return_closed": _("Return closed"),
        "returns.return_declined": _("Return declined"),
        "returns.return_expired": _("Return expired"),
        "returns.return_inspected": _("Return inspected"),
        "returns.return_received": _("Return received"),
        "returns.return_refund_as_changed": _("Something else goes back"),
        "returns.return_requested": _("Return requested"),
        "returns.return_resolved": _("Return settled"),
        "returns.return_sent": _("Return on its way"),
    }
)
