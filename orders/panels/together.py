"""Who looks after an order, who follows it, and when it is looked at again."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import pgettext

from core import seat
from core.drawings import personal
from core.panels import once, panel
from orders.models import Follower, Order

ORDER = "orders.order"
OPERATE = "orders.operate_order"
NAMED = 5


def followers_of(request: HttpRequest, order: Order) -> list[Follower]:
    """Return who follows an order, the first one first."""
    rows = Follower.objects.filter(order=order).select_related("user").order_by("pk")
    return once(request, f"orders.followers:{order.pk}", lambda: list(rows))


@personal(ORDER)
def reader_and(request: HttpRequest, order: Order) -> dict[str, bool]:
    """Say what an order is to its reader."""
    me: Any = request.user

    def ask() -> dict[str, bool]:
        follows = any(one.user_id == me.pk for one in followers_of(request, order))
        return {"is_mine": order.assignee_id == me.pk, "follows": follows}

    return once(request, f"orders.reader:{order.pk}", ask)


@panel(ORDER, order=61)
def together(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]]:
    """Show the people, and what everybody may do about it."""
    names = [one.user.get_full_name() or one.user.get_username() for one in followers_of(request, order)]
    follow_up = getattr(order, "follow_up", None)
    owner = order.assignee
    context: dict[str, Any] = {
        "title": pgettext("an order", "People"),
        "side": True,
        "pinned": True,
        "owner": (owner.get_full_name() or owner.get_username()) if owner else "",
        **reader_and(request, order),
        "followers": names[:NAMED],
        "more_followers": max(0, len(names) - NAMED),
        "follow_up": follow_up,
        "is_due": follow_up is not None and follow_up.on <= seat.today(),
        "may": request.user.has_perm(OPERATE),
        "here": request.path,
        "do": {
            name.replace("-", "_"): reverse("admin:orders_order_do", args=[order.pk, name])
            for name in ("hand-over", "take-it", "follow", "unfollow", "follow-up", "followed-up")
        },
    }
    return "orders/panels/together.html", context
