"""What the desk adds to the page of a draft: the way to go on with it."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.panels import panel
from orders.models import Draft, Order, OrderStatus

NEEDED = ("orders.operate_order", "customers.view_customer")


@panel("orders.order", order=1)
def draft(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Lead on, and say until when it is offered."""
    user: Any = request.user
    if order.status != OrderStatus.DRAFT or not user.has_perms(NEEDED):
        return None
    context = {
        "title": _("Draft"),
        "resume": reverse("desk:draft", args=[order.number]),
        "draft": Draft.objects.filter(order=order).defer("typed").first(),
    }
    return "desk/panels/draft.html", context
