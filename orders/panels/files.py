"""What people put to an order: files, with a comment or alone."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.admin.strands import Paper
from core.panels import once, panel
from core.uploads import PICTURES
from orders.models import Order, OrderFile

ORDER = "orders.order"
OPERATE = "orders.operate_order"


def files_of(request: HttpRequest, order: Order) -> list[OrderFile]:
    """Return the files of an order, the newest first; every part of the page asks, one statement answers."""
    rows = OrderFile.objects.filter(order=order).select_related("attachment", "comment").order_by("-pk")
    return once(request, f"orders.files:{order.pk}", lambda: list(rows))


def paper_of(file: OrderFile) -> Paper:
    """Return a file as pages show it."""
    where, kept = [file.order_id, file.pk], file.attachment
    picture = reverse("admin:orders_order_picture", args=where) if kept.content_type in PICTURES else ""
    return Paper(kept.name, kept.size, reverse("admin:orders_order_file", args=where), picture)


@panel(ORDER, order=55)
def files(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Show the files, who brought each, and whether the customer sees it."""
    found, may = files_of(request, order), request.user.has_perm(OPERATE)
    if not found and not may:
        return None
    rows = [
        (one, paper_of(one), reverse("admin:orders_order_remove_file", args=[order.pk, one.pk]) if may else "")
        for one in found
    ]
    add = reverse("admin:orders_order_do", args=[order.pk, "attach"]) if may else ""
    return "orders/panels/files.html", {"title": _("Files"), "count": len(found) or "", "rows": rows, "add": add}
