"""What each part of the priority is worth, on the page of the weights."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.panels import panel
from customers.models import CustomerGroup
from orders.models import PriorityWeights
from pricing.models import ShippingMethod

from .order import Part

PAGE = "orders.priorityweights"


@panel(PAGE, order=10)
def by_name(request: HttpRequest, row: PriorityWeights) -> Part:
    """Show the points of each way of delivery and of each group, and which groups may take planned stock."""
    methods = ShippingMethod.objects.order_by("pk")
    groups = CustomerGroup.objects.order_by("name")
    context: dict[str, Any] = {
        "title": _("Points by way of delivery and by group"),
        "flush": True,
        "rows": [
            *({"label": one.name_in(), "kind": _("way of delivery"), "points": row.methods.get(one.code, 0)}
              for one in methods),
            *({"label": one.name, "kind": _("customer group"), "points": row.groups.get(one.code, 0),
               "takes": one.code in row.may_take} for one in groups),
        ],
    }  # fmt: skip
    return "orders/panels/weights.html", context
