"""Why an order is as urgent as it is, on its page."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.panels import panel
from orders import selectors, urgency
from orders.models import Order, PriorityBump
from orders.priority import BUMP

from .order import ORDER, Part


@panel(ORDER, order=63)
def priority(request: HttpRequest, order: Order) -> Part | None:
    """Show the parts of the score while it decides something, and what somebody added to it, and why."""
    if order.status not in selectors.WAITING or not order.priority_parts:
        return None
    bump = None
    if BUMP in order.priority_parts:
        bump = PriorityBump.objects.filter(order=order, ended_at__isnull=True).first()
    points = ngettext("%(n)s point", "%(n)s points", order.priority) % {"n": order.priority}
    context: dict[str, Any] = {
        "title": _("Priority"),
        "points": points,
        "parts": urgency.parts_of(order),
        "bump": bump,
        "side": True,
        "anchor": "priority",
    }
    return "orders/panels/priority.html", context
