"""The page of an incident: whom it affects before anybody is told, then how far it is and what became of each."""

from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.admin.paging import capped_count
from core.panels import panel
from core.sight import seen
from orders import services
from orders.models import Incident, IncidentOrder

SHOWN = 20
Status, Row = Incident.Status, IncidentOrder.Status
INCIDENT = "orders.incident"


@panel(INCIDENT, order=10)
def progress(request: HttpRequest, incident: Incident) -> tuple[str, dict[str, Any]] | None:
    """Say how many orders are done, of how many."""
    if incident.status == Status.FOUND:
        return None
    rows = IncidentOrder.objects.filter(incident=incident).order_by()
    counts = dict(rows.values_list("status").annotate(Count("pk")))
    total = sum(counts.values())
    waiting = counts.get(Row.TOLD if incident.status == Status.CLOSING else Row.WAITING, 0)
    names = [(Row(status), count) for status, count in sorted(counts.items())]
    context = {"total": total, "done": total - waiting, "counts": [(one.label, count) for one, count in names]}
    return "orders/panels/incident_progress.html", {"title": _("Progress"), **context}


@panel(INCIDENT, order=20)
def whom(request: HttpRequest, incident: Incident) -> tuple[str, dict[str, Any]] | None:
    """Show the orders: those that would be told, else those that were, each with its result."""
    if not request.user.has_perm("orders.view_order"):
        return None
    title = _("Affected orders")
    if incident.status == Status.FOUND:
        found = seen(services.affected(incident))
        orders = list(found.select_related("channel").order_by("-pk")[:SHOWN])
        count = capped_count(found, services.MOST_AFFECTED)
        rows = [(order, None) for order in orders]
        return "orders/panels/incident_orders.html", {"title": title, "count": count, "rows": rows, "flush": True}
    results = seen(IncidentOrder.objects.filter(incident=incident)).select_related("order").order_by("pk")
    every = f"{reverse('admin:orders_incidentorder_changelist')}?incident__id__exact={incident.pk}"
    context = {"title": title, "rows": [(one.order, one) for one in results[:SHOWN]], "flush": True}
    if request.user.has_perm("orders.view_incidentorder"):
        context["more"] = (every, _("Every order"))
    return "orders/panels/incident_orders.html", context


@panel(INCIDENT, order=30)
def what_they_read(request: HttpRequest, incident: Incident) -> tuple[str, dict[str, Any]] | None:
    """Show what the customers were told, in each language."""
    texts = incident.texts or ({settings.LANGUAGE_CODE: incident.text} if incident.text else {})
    if not texts:
        return None
    names = dict(settings.LANGUAGES)
    said = [(code, names.get(code, code), text) for code, text in sorted(texts.items())]
    return "orders/panels/incident_texts.html", {"title": _("What the customers read"), "texts": said}
